using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.State;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>
/// One reconciliation cycle of a project. It reads the desired state, lists the services of Aiven once and executes the planned steps until
/// none is left. Then it saves the inventory. Only state that rarely changes is kept between cycles.
/// </summary>
internal sealed class ProjectCycle(
    AivenProject project,
    AivenOptions options,
    AivenClient aiven,
    BindingStore bindings,
    InventoryStore inventory,
    IntegrationStore integrations,
    ProjectStepExecutor projectSteps,
    IntegrationStepExecutor integrationSteps,
    ReconcilerMetrics metrics,
    ILogger logger,
    TimeProvider time
)
{
    // A plan needs few rounds: credentials, CA, endpoints, endpoint, integrations, marks.
    private const int MaximumRounds = 20;
    private const int MaximumParallelSteps = 4;
    private static readonly TimeSpan RecheckInterval = TimeSpan.FromMinutes(10);

    private IReadOnlySet<string>? _eligibleTypes;
    private DateTimeOffset _typesReadAt;
    private DateTimeOffset _endpointsReadAt = DateTimeOffset.MinValue;

    /// <summary>Runs the cycle.</summary>
    /// <exception cref="AivenException">
    /// The services could not be listed, and nothing was changed. The other exceptions of the client have the same meaning.
    /// </exception>
    public async Task<CycleOutcome> RunAsync(CancellationToken cancellationToken)
    {
        var startedAt = time.GetUtcNow();
        // Desired state first, then observed state: the bindings read here are older than the services listed below.
        var scopes = await bindings.LiveScopesAsync(cancellationToken);
        var desired = new DesiredServices(scopes, options.Mode);
        var services = await aiven.ListServicesAsync(project.Value, cancellationToken);
        var state = await ReadStateAsync(services, cancellationToken);

        var plan = ReconcilePlan.Create(state.CreateInput(options, desired, time.GetUtcNow()));
        if (plan.Steps.Count > 0)
        {
            await SaveInventoryAsync(plan, startedAt, state, cancellationToken);
        }
        for (var round = 0; plan.Steps.Count > 0 && round < MaximumRounds; round++)
        {
            await ExecuteAsync(state, plan.Steps, cancellationToken);
            plan = ReconcilePlan.Create(state.CreateInput(options, desired, time.GetUtcNow()));
        }

        if (plan.Steps.Count > 0)
        {
            logger.StepsLeft(project.Value, MaximumRounds);
        }
        if (state.Endpoints is not null)
        {
            _endpointsReadAt = startedAt;
        }
        await SaveInventoryAsync(plan, startedAt, state, cancellationToken);
        metrics.RecordSuccess(project, startedAt, plan.Services);
        return new(scopes.Select(BindingKey.For).ToHashSet(), plan.Services);
    }

    private async Task<ProjectCycleState> ReadStateAsync(IReadOnlyList<AivenService> services, CancellationToken cancellationToken)
    {
        var state = new ProjectCycleState(project, services, await ReadEligibleTypesAsync(cancellationToken))
        {
            Previous = (await inventory.ServicesOfProjectAsync(project, cancellationToken)).ToDictionary(
                service => service.ServiceName,
                StringComparer.Ordinal
            ),
            EndpointNeedsCheck = time.GetUtcNow() - _endpointsReadAt > RecheckInterval,
        };
        if (await inventory.FindProjectAsync(project, cancellationToken) is { } record)
        {
            state.Record = record;
        }
        foreach (var row in await integrations.OfProjectAsync(project, cancellationToken))
        {
            state.Integrations[row.ServiceName] = row;
        }
        return state;
    }

    private async Task<IReadOnlySet<string>> ReadEligibleTypesAsync(CancellationToken cancellationToken)
    {
        if (_eligibleTypes is not null && time.GetUtcNow() - _typesReadAt < RecheckInterval)
        {
            return _eligibleTypes;
        }
        try
        {
            _eligibleTypes = await aiven.ListEligibleServiceTypesAsync(project.Value, cancellationToken);
            _typesReadAt = time.GetUtcNow();
        }
        catch (Exception exception) when (_eligibleTypes is not null && exception is AivenException or AivenUnreachableException)
        {
            logger.EligibleTypesNotRead(project.Value, exception.Message);
        }

        return _eligibleTypes;
    }

    private async Task ExecuteAsync(ProjectCycleState state, IReadOnlyList<Step> steps, CancellationToken cancellationToken)
    {
        if (steps is [ProjectStep first])
        {
            await ExecuteAsync(state, first, cancellationToken);
            return;
        }

        await Parallel.ForEachAsync(
            steps,
            new ParallelOptions { MaxDegreeOfParallelism = MaximumParallelSteps, CancellationToken = cancellationToken },
            async (step, token) =>
            {
                var (outcome, problem) = await integrationSteps.ExecuteAsync(state, step, token);
                ReportStep(step, (step as ServiceStep)?.Service.ServiceName ?? (step as ForgetService)?.ServiceName, outcome, problem);
            }
        );
    }

    private async Task ExecuteAsync(ProjectCycleState state, ProjectStep step, CancellationToken cancellationToken)
    {
        try
        {
            await projectSteps.ExecuteAsync(state, step, cancellationToken);
            ReportStep(step, null, StepOutcome.Succeeded, null);
        }
        catch (Exception exception) when (exception is AivenException or AivenUnreachableException or AivenOutcomeUnknownException)
        {
            state.EndpointFailed = true;
            state.EndpointNeedsCheck = false;
            ReportStep(
                step,
                null,
                exception switch
                {
                    AivenException => StepOutcome.Refused,
                    AivenUnreachableException => StepOutcome.Unreachable,
                    _ => StepOutcome.Unknown,
                },
                exception.Message
            );
        }
    }

    private void ReportStep(Step step, string? service, StepOutcome outcome, string? problem)
    {
        metrics.RecordStep(project, step.Kind, outcome);
        switch (service, problem)
        {
            case (null, not null):
                logger.ProjectStepFailed(step.Kind, project.Value, problem);
                break;
            case (not null, not null):
                logger.ServiceStepFailed(step.Kind, service, project.Value, problem);
                break;
            case (null, null) when step is not ListEndpoints:
                logger.ProjectStepSucceeded(step.Kind, project.Value);
                break;
            case (not null, null):
                logger.ServiceStepSucceeded(step.Kind, service, project.Value);
                break;
        }
    }

    private async Task SaveInventoryAsync(
        ReconcilePlan plan,
        DateTimeOffset startedAt,
        ProjectCycleState state,
        CancellationToken cancellationToken
    )
    {
        await inventory.SaveInventoryAsync(
            project,
            startedAt,
            [.. plan.Services.Select(service => service.ToRecord(project))],
            cancellationToken
        );
        state.Record = state.Record with { InventoryAt = startedAt };
    }
}
