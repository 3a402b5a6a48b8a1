using System.Security.Cryptography;
using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>Executes the steps of a project: credentials, CA and endpoint. Each step ends with an update of the project's row.</summary>
internal sealed class ProjectStepExecutor(AivenClient aiven, InventoryStore inventory, SecretProtector secrets, AivenOptions options)
{
    private const string PasswordAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    /// <summary>Executes the step and records the outcome in the cycle state.</summary>
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
                        // Aiven accepts 5 to 32 characters of a-z 0-9 - @ _ for the user name and 8 to 64 for the password.
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
                throw new InvalidOperationException($"The step {step.Kind} is unknown.");
        }
    }

    private async Task CreateAsync(ProjectCycleState state, CancellationToken cancellationToken)
    {
        try
        {
            await SaveEndpointAsync(
                state,
                await aiven.CreateEndpointAsync(state.Project.Value, options.EndpointName, Credentials(state), cancellationToken),
                cancellationToken
            );
        }
        catch (AivenException exception) when (exception.Error.Status == 409 && !state.EndpointConflict)
        {
            // Another client created it concurrently: list the endpoints again, once.
            state.EndpointConflict = true;
            state.Endpoints = null;
        }
    }

    private async Task SaveEndpointAsync(ProjectCycleState state, AivenEndpoint endpoint, CancellationToken cancellationToken)
    {
        state.SetEndpoint(endpoint);
        await inventory.SaveProjectAsync(state.Record, cancellationToken);
    }

    private AivenBasicAuth Credentials(ProjectCycleState state) =>
        new(state.Record.ScrapeUsername!, secrets.Unprotect(state.Record.ScrapePassword!, SecretProtector.ScrapePasswordPurpose));

    private async Task SaveAsync(ProjectCycleState state, AivenProjectRecord record, CancellationToken cancellationToken)
    {
        await inventory.SaveProjectAsync(record, cancellationToken);
        state.Record = record;
    }
}
