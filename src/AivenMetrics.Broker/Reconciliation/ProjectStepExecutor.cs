using System.Security.Cryptography;
using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>Carries out the steps of a project: credentials, CA, endpoint. Each ends with our row saying what is so.</summary>
internal sealed class ProjectStepExecutor(AivenClient aiven, InventoryStore inventory, SecretProtector secrets, AivenOptions options)
{
    private const string PasswordAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    /// <summary>Executes the step and writes what came of it into the facts.</summary>
    public async Task ExecuteAsync(ProjectCycleState state, ProjectStep step, CancellationToken cancellationToken)
    {
        var project = state.Project.Value;
        switch (step)
        {
            case StoreEndpointCredentials:
                await SaveAsync(
                    state,
                    state.Record with
                    {
                        // Aiven takes 5 to 32 of a-z 0-9 - @ _ for the user and 8 to 64 characters for the password.
                        ScrapeUsername = "prom" + RandomNumberGenerator.GetHexString(12, lowercase: true),
                        ScrapePassword = secrets.Protect(
                            RandomNumberGenerator.GetString(PasswordAlphabet, 40),
                            SecretProtector.ScrapePasswordPurpose
                        ),
                    },
                    cancellationToken
                );
                break;
            case FetchCa:
                await SaveAsync(
                    state,
                    state.Record with
                    {
                        CaCertificate = await aiven.GetCaCertificateAsync(project, cancellationToken),
                    },
                    cancellationToken
                );
                break;
            case ListEndpoints:
                state.Endpoints = await aiven.ListEndpointsAsync(project, cancellationToken);
                state.EndpointNeedsCheck = false;
                break;
            case ForgetEndpoint:
                await SaveAsync(state, state.Record with { EndpointId = null }, cancellationToken);
                break;
            case CreateEndpoint:
                await CreateAsync(state, cancellationToken);
                break;
            case AdoptEndpoint adopt:
                var credentials = Credentials(state);
                await aiven.UpdateEndpointAsync(project, adopt.EndpointId, credentials, cancellationToken);
                await SaveEndpointAsync(
                    state,
                    new(adopt.EndpointId, options.EndpointName, AivenClient.PrometheusType, new(credentials.BasicAuthUsername)),
                    cancellationToken
                );
                break;
            default:
                throw new InvalidOperationException($"Nobody knows how to execute {step.Kind}.");
        }
    }

    private async Task CreateAsync(ProjectCycleState facts, CancellationToken cancellationToken)
    {
        try
        {
            await SaveEndpointAsync(
                facts,
                await aiven.CreateEndpointAsync(facts.Project.Value, options.EndpointName, Credentials(facts), cancellationToken),
                cancellationToken
            );
        }
        catch (AivenException refusal) when (refusal.Error.Status == 409 && !facts.EndpointConflict)
        {
            // Somebody was quicker: look again, once.
            facts.EndpointConflict = true;
            facts.Endpoints = null;
        }
    }

    private async Task SaveEndpointAsync(ProjectCycleState facts, AivenEndpoint endpoint, CancellationToken cancellationToken)
    {
        facts.SetEndpoint(endpoint);
        await inventory.SaveProjectAsync(facts.Record, cancellationToken);
    }

    private AivenBasicAuth Credentials(ProjectCycleState facts) =>
        new(facts.Record.ScrapeUsername!, secrets.Unprotect(facts.Record.ScrapePassword!, SecretProtector.ScrapePasswordPurpose));

    private async Task SaveAsync(ProjectCycleState facts, AivenProjectRecord record, CancellationToken cancellationToken)
    {
        await inventory.SaveProjectAsync(record, cancellationToken);
        facts.Record = record;
    }
}
