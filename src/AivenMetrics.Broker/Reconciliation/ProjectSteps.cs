using System.Security.Cryptography;
using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>Carries out the steps of a project: credentials, CA, endpoint. Each ends with our row saying what is so.</summary>
internal sealed class ProjectSteps(AivenClient aiven, InventoryStore inventory, Secrets secrets, AivenOptions options)
{
    private const string PasswordAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    /// <summary>Executes the step and writes what came of it into the facts.</summary>
    public async Task Execute(ProjectFacts facts, ProjectStep step, CancellationToken ct)
    {
        var project = facts.Project.Value;
        switch (step)
        {
            case StoreEndpointCredentials:
                await Save(facts, facts.Record with
                {
                    // Aiven takes 5 to 32 of a-z 0-9 - @ _ for the user and 8 to 64 characters for the password.
                    ScrapeUsername = "prom" + RandomNumberGenerator.GetHexString(12, lowercase: true),
                    ScrapePassword = secrets.Protect(RandomNumberGenerator.GetString(PasswordAlphabet, 40), Secrets.ScrapePassword),
                }, ct);
                break;
            case FetchCa:
                await Save(facts, facts.Record with { CaCertificate = await aiven.CaCertificate(project, ct) }, ct);
                break;
            case ListEndpoints:
                facts.Endpoints = await aiven.Endpoints(project, ct);
                facts.DoubtsEndpoint = false;
                break;
            case ForgetEndpoint:
                await Save(facts, facts.Record with { EndpointId = null }, ct);
                break;
            case CreateEndpoint:
                await Create(facts, ct);
                break;
            case AdoptEndpoint adopt:
                var credentials = Credentials(facts);
                await aiven.UpdateEndpoint(project, adopt.EndpointId, credentials, ct);
                await Has(facts, new(adopt.EndpointId, options.EndpointName, AivenClient.Prometheus, new(credentials.BasicAuthUsername)), ct);
                break;
            default:
                throw new InvalidOperationException($"Nobody knows how to execute {step.Kind}.");
        }
    }

    private async Task Create(ProjectFacts facts, CancellationToken ct)
    {
        try
        {
            await Has(facts, await aiven.CreateEndpoint(facts.Project.Value, options.EndpointName, Credentials(facts), ct), ct);
        }
        catch (AivenException refusal) when (refusal.Error.Status == 409 && !facts.EndpointConflict)
        {
            // Somebody was quicker: look again, once.
            facts.EndpointConflict = true;
            facts.Endpoints = null;
        }
    }

    private async Task Has(ProjectFacts facts, AivenEndpoint endpoint, CancellationToken ct)
    {
        facts.HasEndpoint(endpoint);
        await inventory.SaveProject(facts.Record, ct);
    }

    private AivenBasicAuth Credentials(ProjectFacts facts) =>
        new(facts.Record.ScrapeUsername!, secrets.Unprotect(facts.Record.ScrapePassword!, Secrets.ScrapePassword));

    private async Task Save(ProjectFacts facts, ProjectRecord record, CancellationToken ct)
    {
        await inventory.SaveProject(record, ct);
        facts.Record = record;
    }
}
