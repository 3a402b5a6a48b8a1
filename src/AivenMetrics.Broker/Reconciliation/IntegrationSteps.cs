using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>What became of a step.</summary>
internal enum StepOutcome
{
    /// <summary>Done.</summary>
    Done,

    /// <summary>Aiven refused; the reason is in the facts.</summary>
    Refused,

    /// <summary>Aiven did not answer; tried again later.</summary>
    Unreachable,

    /// <summary>Sent, end unknown; the next list tells.</summary>
    Unknown,
}

/// <summary>
/// Carries out the steps of services. An integration's row is written before Aiven is asked; <c>created_by_us</c> in a row
/// without an id says that an attempt of ours may have reached Aiven, so that its fruit is recognized as ours later.
/// </summary>
internal sealed class IntegrationSteps(AivenClient aiven, IntegrationStore integrations, TimeProvider time)
{
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan BackoffAfterRefusal = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan BackoffForPlan = TimeSpan.FromHours(6);

    /// <summary>Executes the step and writes what came of it into the facts. Throws only when the database fails.</summary>
    public async Task<(StepOutcome Outcome, string? Problem)> Execute(ProjectFacts facts, Step step, CancellationToken ct)
    {
        switch (step)
        {
            case CreateIntegration create:
                return await Create(facts, create.Service, ct);
            case DeleteIntegration delete:
                return await Delete(facts, delete, ct);
            case AdoptIntegration adopt:
                await Save(facts, Row(facts, adopt.Service.ServiceName) with
                {
                    IntegrationId = adopt.IntegrationId,
                    CreatedByUs = adopt.CreatedByUs,
                    Attempts = 0,
                    DueAt = Now,
                }, ct);
                break;
            case MarkNeeded needed:
                await Save(facts, Row(facts, needed.Service.ServiceName) with { UnneededSince = null }, ct);
                break;
            case MarkUnneeded unneeded:
                await Save(facts, Row(facts, unneeded.Service.ServiceName) with { UnneededSince = Now }, ct);
                break;
            case ForgetIntegration forget:
                await Forget(facts, forget.Service.ServiceName, ct);
                break;
            case ForgetService forget:
                await Forget(facts, forget.ServiceName, ct);
                break;
            default:
                throw new InvalidOperationException($"Nobody knows how to execute {step.Kind}.");
        }

        return (StepOutcome.Done, null);
    }

    private DateTimeOffset Now => time.GetUtcNow();

    private async Task<(StepOutcome Outcome, string? Problem)> Create(ProjectFacts facts, AivenService service, CancellationToken ct)
    {
        var (project, name) = (facts.Project.Value, service.ServiceName);
        var before = Row(facts, name);
        var mayExistAlready = before is { IntegrationId: null, CreatedByUs: true };
        var row = before with { IntegrationId = null, CreatedByUs = true, RequestedAt = Now, UnneededSince = null };
        await Save(facts, row, ct);
        // Until we know better, the next attempt is not due at once.
        row = row with { Attempts = row.Attempts + 1, DueAt = Now + Backoff(row.Attempts + 1) };
        try
        {
            var integration = await aiven.CreateIntegration(project, name, facts.Record.EndpointId!, ct);
            facts.ShowsIntegration(service, integration with { DestEndpointId = facts.Record.EndpointId });
            await Save(facts, row with { IntegrationId = integration.ServiceIntegrationId, RequestedAt = Now, Attempts = 0, DueAt = Now }, ct);
            return (StepOutcome.Done, null);
        }
        catch (AivenException refusal)
        {
            await Refused(facts, service, row with { CreatedByUs = mayExistAlready }, refusal, ct);
            return (StepOutcome.Refused, refusal.Message);
        }
        catch (AivenUnreachableException fault)
        {
            await Fail(facts, row with { CreatedByUs = mayExistAlready }, ct);
            return (StepOutcome.Unreachable, fault.Message);
        }
        catch (AivenOutcomeUnknownException fault)
        {
            await Fail(facts, row, ct);
            return (StepOutcome.Unknown, fault.Message);
        }
    }

    private async Task Refused(ProjectFacts facts, AivenService service, IntegrationRecord row, AivenException refusal, CancellationToken ct)
    {
        var condition = Condition.Refused(service, refusal.Error, row.Attempts);
        if (refusal.Error.Status == 409 && condition.Reason == Reasons.AivenUnavailable) await LookAgain(facts, service.ServiceName, ct);
        if (refusal.Error.Status == 404 && SpeaksOfTheEndpoint(refusal.Error)) (facts.DoubtsEndpoint, facts.Endpoints) = (true, null);
        facts.Failed(service.ServiceName, condition);
        var wait = condition.Reason switch
        {
            Reasons.PlanWithoutIntegrations => BackoffForPlan,
            Reasons.AivenRefused => BackoffAfterRefusal,
            _ => refusal.RetryAfter ?? Backoff(row.Attempts),
        };
        await Save(facts, row with { DueAt = Now + wait }, ct);
    }

    /// <summary>Aiven says that the service has such an integration: read the one service, and let the plan decide whose it is.</summary>
    private async Task LookAgain(ProjectFacts facts, string name, CancellationToken ct)
    {
        try
        {
            facts.Shows(await aiven.Service(facts.Project.Value, name, ct));
        }
        catch (Exception fault) when (fault is AivenException or AivenUnreachableException)
        {
            // The next cycle's list will show it.
        }
    }

    private async Task<(StepOutcome Outcome, string? Problem)> Delete(ProjectFacts facts, DeleteIntegration step, CancellationToken ct)
    {
        var name = step.Service.ServiceName;
        try
        {
            await aiven.DeleteIntegration(facts.Project.Value, step.IntegrationId, ct);
            facts.LostIntegration(step.Service, step.IntegrationId);
            await Forget(facts, name, ct);
            return (StepOutcome.Done, null);
        }
        catch (Exception fault) when (fault is AivenException or AivenUnreachableException)
        {
            var row = Row(facts, name);
            await Fail(facts, row with { Attempts = row.Attempts + 1, DueAt = Now + Backoff(row.Attempts + 1) }, ct);
            return (fault is AivenException ? StepOutcome.Refused : StepOutcome.Unreachable, fault.Message);
        }
    }

    private async Task Fail(ProjectFacts facts, IntegrationRecord row, CancellationToken ct)
    {
        facts.Failed(row.ServiceName, Condition.AivenUnavailable(row.ServiceName, row.Attempts));
        await Save(facts, row, ct);
    }

    private IntegrationRecord Row(ProjectFacts facts, string name) =>
        facts.Integrations.GetValueOrDefault(name) ?? new(facts.Project, name, null, false, Now, null, 0, Now);

    private async Task Save(ProjectFacts facts, IntegrationRecord row, CancellationToken ct)
    {
        await integrations.Save(row, ct);
        facts.Integrations[row.ServiceName] = row;
    }

    private async Task Forget(ProjectFacts facts, string name, CancellationToken ct)
    {
        await integrations.Delete(facts.Project, name, ct);
        facts.Integrations.TryRemove(name, out _);
    }

    private static bool SpeaksOfTheEndpoint(AivenError error) =>
        error.Code == "service_integration_endpoint_not_found" || error.Message.Contains("endpoint", StringComparison.OrdinalIgnoreCase);

    private static TimeSpan Backoff(int attempts)
    {
        var wait = FirstBackoff * Math.Pow(2, Math.Min(attempts, 20) - 1);
        return wait < LongestBackoff ? wait : LongestBackoff;
    }
}
