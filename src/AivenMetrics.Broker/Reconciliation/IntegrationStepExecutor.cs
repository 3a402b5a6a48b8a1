using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>The outcome of a step.</summary>
internal enum StepOutcome
{
    /// <summary>The step succeeded.</summary>
    Succeeded,

    /// <summary>Aiven rejected the request; the cycle state contains the reason.</summary>
    Refused,

    /// <summary>No response from Aiven; the step is retried later.</summary>
    Unreachable,

    /// <summary>The request was sent, and its outcome is unknown; the next list of services shows it.</summary>
    Unknown,
}

/// <summary>
/// Executes the steps of services. The row of an integration is written before the request to Aiven. <c>created_by_us</c> in a row without
/// an id means that an earlier request may have reached Aiven, so that an integration found later is recognized as the broker's own.
/// </summary>
internal sealed class IntegrationStepExecutor(AivenClient aiven, IntegrationStore integrations, TimeProvider time)
{
    private static readonly TimeSpan InitialBackoff = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan MaximumBackoff = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan RejectionBackoff = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan PlanRestrictionBackoff = TimeSpan.FromHours(6);

    /// <summary>Executes the step and records the outcome in the cycle state. Throws only if the database fails.</summary>
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
                throw new InvalidOperationException($"The step {step.Kind} is unknown.");
        }

        return (StepOutcome.Succeeded, null);
    }

    private DateTimeOffset Now => time.GetUtcNow();

    private async Task<(StepOutcome Outcome, string? Problem)> CreateAsync(
        ProjectCycleState state,
        AivenService service,
        CancellationToken cancellationToken
    )
    {
        var (project, name) = (state.Project.Value, service.ServiceName);
        var before = FindOrCreateRow(state, name);
        var mayExistAlready = before is { IntegrationId: null, CreatedByUs: true };
        var row = before with { IntegrationId = null, CreatedByUs = true, RequestedAt = Now, UnneededSince = null };
        await SaveAsync(state, row, cancellationToken);
        // Until the outcome is known, the next attempt is delayed.
        row = row with { Attempts = row.Attempts + 1, DueAt = Now + Backoff(row.Attempts + 1) };
        try
        {
            var integration = await aiven.CreateIntegrationAsync(project, name, state.Record.EndpointId!, cancellationToken);
            state.AddIntegration(service, integration with { DestEndpointId = state.Record.EndpointId });
            await SaveAsync(
                state,
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
        catch (AivenException exception)
        {
            await HandleErrorAsync(state, service, row with { CreatedByUs = mayExistAlready }, exception, cancellationToken);
            return (StepOutcome.Refused, exception.Message);
        }
        catch (AivenUnreachableException exception)
        {
            await SaveFailureAsync(state, row with { CreatedByUs = mayExistAlready }, cancellationToken);
            return (StepOutcome.Unreachable, exception.Message);
        }
        catch (AivenOutcomeUnknownException exception)
        {
            await SaveFailureAsync(state, row, cancellationToken);
            return (StepOutcome.Unknown, exception.Message);
        }
    }

    private async Task HandleErrorAsync(
        ProjectCycleState state,
        AivenService service,
        IntegrationRecord row,
        AivenException exception,
        CancellationToken cancellationToken
    )
    {
        var condition = Condition.FromError(service, exception.Error, row.Attempts);
        if (exception.Error.Status == 409 && condition.Reason == ConditionReasons.AivenUnavailable)
        {
            await RefreshServiceAsync(state, service.ServiceName, cancellationToken);
        }
        if (exception.Error.Status == 404 && IsAboutEndpoint(exception.Error))
        {
            (state.EndpointNeedsCheck, state.Endpoints) = (true, null);
        }
        state.AddProblem(service.ServiceName, condition);
        var wait = condition.Reason switch
        {
            ConditionReasons.PlanWithoutIntegrations => PlanRestrictionBackoff,
            ConditionReasons.AivenRefused => RejectionBackoff,
            _ => exception.RetryAfter ?? Backoff(row.Attempts),
        };
        await SaveAsync(state, row with { DueAt = Now + wait }, cancellationToken);
    }

    /// <summary>
    /// Reads the service again after Aiven reported a conflict, so that the plan can determine the owner of the existing integration.
    /// </summary>
    private async Task RefreshServiceAsync(ProjectCycleState state, string name, CancellationToken cancellationToken)
    {
        try
        {
            state.SetService(await aiven.GetServiceAsync(state.Project.Value, name, cancellationToken));
        }
        catch (Exception exception) when (exception is AivenException or AivenUnreachableException)
        {
            // The list of the next cycle will show it.
        }
    }

    private async Task<(StepOutcome Outcome, string? Problem)> DeleteAsync(
        ProjectCycleState state,
        DeleteIntegration step,
        CancellationToken cancellationToken
    )
    {
        var name = step.Service.ServiceName;
        try
        {
            await aiven.DeleteIntegrationAsync(state.Project.Value, step.IntegrationId, cancellationToken);
            state.RemoveIntegration(step.Service, step.IntegrationId);
            await DeleteRowAsync(state, name, cancellationToken);
            return (StepOutcome.Succeeded, null);
        }
        catch (Exception exception) when (exception is AivenException or AivenUnreachableException)
        {
            var row = FindOrCreateRow(state, name);
            await SaveFailureAsync(
                state,
                row with
                {
                    Attempts = row.Attempts + 1,
                    DueAt = Now + Backoff(row.Attempts + 1),
                },
                cancellationToken
            );
            return (exception is AivenException ? StepOutcome.Refused : StepOutcome.Unreachable, exception.Message);
        }
    }

    private async Task SaveFailureAsync(ProjectCycleState state, IntegrationRecord row, CancellationToken cancellationToken)
    {
        state.AddProblem(row.ServiceName, Condition.AivenUnavailable(row.ServiceName, row.Attempts));
        await SaveAsync(state, row, cancellationToken);
    }

    private IntegrationRecord FindOrCreateRow(ProjectCycleState state, string name) =>
        state.Integrations.GetValueOrDefault(name) ?? new(state.Project, name, null, false, Now, null, 0, Now);

    private async Task SaveAsync(ProjectCycleState state, IntegrationRecord row, CancellationToken cancellationToken)
    {
        await integrations.SaveAsync(row, cancellationToken);
        state.Integrations[row.ServiceName] = row;
    }

    private async Task DeleteRowAsync(ProjectCycleState state, string name, CancellationToken cancellationToken)
    {
        await integrations.DeleteAsync(state.Project, name, cancellationToken);
        state.Integrations.TryRemove(name, out _);
    }

    private static bool IsAboutEndpoint(AivenError error) =>
        error.Code == "service_integration_endpoint_not_found" || error.Message.Contains("endpoint", StringComparison.OrdinalIgnoreCase);

    private static TimeSpan Backoff(int attempts)
    {
        var wait = InitialBackoff * Math.Pow(2, Math.Min(attempts, 20) - 1);
        return wait < MaximumBackoff ? wait : MaximumBackoff;
    }
}
