using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>What became of a step.</summary>
internal enum StepOutcome
{
    /// <summary>Done.</summary>
    Succeeded,

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
internal sealed class IntegrationStepExecutor(AivenClient aiven, IntegrationStore integrations, TimeProvider time)
{
    private static readonly TimeSpan InitialBackoff = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan MaximumBackoff = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan RefusalBackoff = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan PlanRestrictionBackoff = TimeSpan.FromHours(6);

    /// <summary>Executes the step and writes what came of it into the facts. Throws only when the database fails.</summary>
    public async Task<(StepOutcome Outcome, string? Problem)> ExecuteAsync(
        ProjectCycleState state,
        Step step,
        CancellationToken cancellationToken
    )
    {
        switch (step)
        {
            case CreateIntegration create:
                return await CreateAsync(state, create.Service, cancellationToken);
            case DeleteIntegration delete:
                return await DeleteAsync(state, delete, cancellationToken);
            case AdoptIntegration adopt:
                await SaveAsync(
                    state,
                    FindOrCreateRow(state, adopt.Service.ServiceName) with
                    {
                        IntegrationId = adopt.IntegrationId,
                        CreatedByUs = adopt.CreatedByUs,
                        Attempts = 0,
                        DueAt = Now,
                    },
                    cancellationToken
                );
                break;
            case MarkNeeded needed:
                await SaveAsync(state, FindOrCreateRow(state, needed.Service.ServiceName) with { UnneededSince = null }, cancellationToken);
                break;
            case MarkUnneeded unneeded:
                await SaveAsync(
                    state,
                    FindOrCreateRow(state, unneeded.Service.ServiceName) with
                    {
                        UnneededSince = Now,
                    },
                    cancellationToken
                );
                break;
            case ForgetIntegration forget:
                await DeleteRowAsync(state, forget.Service.ServiceName, cancellationToken);
                break;
            case ForgetService forget:
                await DeleteRowAsync(state, forget.ServiceName, cancellationToken);
                break;
            default:
                throw new InvalidOperationException($"Nobody knows how to execute {step.Kind}.");
        }

        return (StepOutcome.Succeeded, null);
    }

    private DateTimeOffset Now => time.GetUtcNow();

    private async Task<(StepOutcome Outcome, string? Problem)> CreateAsync(
        ProjectCycleState facts,
        AivenService service,
        CancellationToken cancellationToken
    )
    {
        var (project, name) = (facts.Project.Value, service.ServiceName);
        var before = FindOrCreateRow(facts, name);
        var mayExistAlready = before is { IntegrationId: null, CreatedByUs: true };
        var row = before with { IntegrationId = null, CreatedByUs = true, RequestedAt = Now, UnneededSince = null };
        await SaveAsync(facts, row, cancellationToken);
        // Until we know better, the next attempt is not due at once.
        row = row with { Attempts = row.Attempts + 1, DueAt = Now + Backoff(row.Attempts + 1) };
        try
        {
            var integration = await aiven.CreateIntegrationAsync(project, name, facts.Record.EndpointId!, cancellationToken);
            facts.AddIntegration(service, integration with { DestEndpointId = facts.Record.EndpointId });
            await SaveAsync(
                facts,
                row with
                {
                    IntegrationId = integration.ServiceIntegrationId,
                    RequestedAt = Now,
                    Attempts = 0,
                    DueAt = Now,
                },
                cancellationToken
            );
            return (StepOutcome.Succeeded, null);
        }
        catch (AivenException refusal)
        {
            await HandleRefusalAsync(facts, service, row with { CreatedByUs = mayExistAlready }, refusal, cancellationToken);
            return (StepOutcome.Refused, refusal.Message);
        }
        catch (AivenUnreachableException fault)
        {
            await SaveFailureAsync(facts, row with { CreatedByUs = mayExistAlready }, cancellationToken);
            return (StepOutcome.Unreachable, fault.Message);
        }
        catch (AivenOutcomeUnknownException fault)
        {
            await SaveFailureAsync(facts, row, cancellationToken);
            return (StepOutcome.Unknown, fault.Message);
        }
    }

    private async Task HandleRefusalAsync(
        ProjectCycleState facts,
        AivenService service,
        IntegrationRecord row,
        AivenException refusal,
        CancellationToken cancellationToken
    )
    {
        var condition = Condition.FromError(service, refusal.Error, row.Attempts);
        if (refusal.Error.Status == 409 && condition.Reason == ConditionReasons.AivenUnavailable)
        {
            await RefreshServiceAsync(facts, service.ServiceName, cancellationToken);
        }
        if (refusal.Error.Status == 404 && IsAboutEndpoint(refusal.Error))
        {
            (facts.EndpointNeedsCheck, facts.Endpoints) = (true, null);
        }
        facts.AddProblem(service.ServiceName, condition);
        var wait = condition.Reason switch
        {
            ConditionReasons.PlanWithoutIntegrations => PlanRestrictionBackoff,
            ConditionReasons.AivenRefused => RefusalBackoff,
            _ => refusal.RetryAfter ?? Backoff(row.Attempts),
        };
        await SaveAsync(facts, row with { DueAt = Now + wait }, cancellationToken);
    }

    /// <summary>Aiven says that the service has such an integration: read the one service, and let the plan decide whose it is.</summary>
    private async Task RefreshServiceAsync(ProjectCycleState facts, string name, CancellationToken cancellationToken)
    {
        try
        {
            facts.SetService(await aiven.GetServiceAsync(facts.Project.Value, name, cancellationToken));
        }
        catch (Exception fault) when (fault is AivenException or AivenUnreachableException)
        {
            // The next cycle's list will show it.
        }
    }

    private async Task<(StepOutcome Outcome, string? Problem)> DeleteAsync(
        ProjectCycleState facts,
        DeleteIntegration step,
        CancellationToken cancellationToken
    )
    {
        var name = step.Service.ServiceName;
        try
        {
            await aiven.DeleteIntegrationAsync(facts.Project.Value, step.IntegrationId, cancellationToken);
            facts.RemoveIntegration(step.Service, step.IntegrationId);
            await DeleteRowAsync(facts, name, cancellationToken);
            return (StepOutcome.Succeeded, null);
        }
        catch (Exception fault) when (fault is AivenException or AivenUnreachableException)
        {
            var row = FindOrCreateRow(facts, name);
            await SaveFailureAsync(
                facts,
                row with
                {
                    Attempts = row.Attempts + 1,
                    DueAt = Now + Backoff(row.Attempts + 1),
                },
                cancellationToken
            );
            return (fault is AivenException ? StepOutcome.Refused : StepOutcome.Unreachable, fault.Message);
        }
    }

    private async Task SaveFailureAsync(ProjectCycleState facts, IntegrationRecord row, CancellationToken cancellationToken)
    {
        facts.AddProblem(row.ServiceName, Condition.AivenUnavailable(row.ServiceName, row.Attempts));
        await SaveAsync(facts, row, cancellationToken);
    }

    private IntegrationRecord FindOrCreateRow(ProjectCycleState facts, string name) =>
        facts.Integrations.GetValueOrDefault(name) ?? new(facts.Project, name, null, false, Now, null, 0, Now);

    private async Task SaveAsync(ProjectCycleState facts, IntegrationRecord row, CancellationToken cancellationToken)
    {
        await integrations.SaveAsync(row, cancellationToken);
        facts.Integrations[row.ServiceName] = row;
    }

    private async Task DeleteRowAsync(ProjectCycleState facts, string name, CancellationToken cancellationToken)
    {
        await integrations.DeleteAsync(facts.Project, name, cancellationToken);
        facts.Integrations.TryRemove(name, out _);
    }

    private static bool IsAboutEndpoint(AivenError error) =>
        error.Code == "service_integration_endpoint_not_found" || error.Message.Contains("endpoint", StringComparison.OrdinalIgnoreCase);

    private static TimeSpan Backoff(int attempts)
    {
        var wait = InitialBackoff * Math.Pow(2, Math.Min(attempts, 20) - 1);
        return wait < MaximumBackoff ? wait : MaximumBackoff;
    }
}
