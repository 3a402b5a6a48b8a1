using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.State;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>
/// One pass over one project: read what is wanted, list Aiven's services once, then plan and act until the plan has no step
/// left, and save the inventory with its conditions. It keeps nothing between passes but what Aiven rarely changes.
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
    // A plan needs a handful of rounds at most: credentials, CA, endpoints, endpoint, integrations, marks.
    private const int MaximumRounds = 20;
    private const int MaximumParallelSteps = 4;
    private static readonly TimeSpan RecheckInterval = TimeSpan.FromMinutes(10);

    private IReadOnlySet<string>? _eligibleTypes;
    private DateTimeOffset _typesReadAt;
    private DateTimeOffset _endpointsReadAt = DateTimeOffset.MinValue;

    /// <summary>Runs the pass.</summary>
    /// <exception cref="AivenException">Aiven did not list the services; nothing was changed. So with the other exceptions of the client.</exception>
    public async Task<CycleOutcome> RunAsync(CancellationToken cancellationToken)
    {
        var began = time.GetUtcNow();
        // Wanted first, then observed: a binding that is in this list is older than what Aiven shows below.
        var scopes = await bindings.LiveScopesAsync(cancellationToken);
        var wanted = new DesiredServices(scopes, options.Mode);
        var services = await aiven.ListServicesAsync(project.Value, cancellationToken);
        var facts = await ReadStateAsync(services, cancellationToken);

        var plan = ReconcilePlan.Create(facts.CreateInput(options, wanted, time.GetUtcNow()));
        if (plan.Steps.Count > 0)
        {
            await SaveInventoryAsync(plan, began, facts, cancellationToken);
        }
        for (var round = 0; plan.Steps.Count > 0 && round < MaximumRounds; round++)
        {
            await ExecuteAsync(facts, plan.Steps, cancellationToken);
            plan = ReconcilePlan.Create(facts.CreateInput(options, wanted, time.GetUtcNow()));
        }

        if (plan.Steps.Count > 0)
        {
            logger.LogWarning("The plan of project {Project} did not come to an end; it goes on in the next cycle", project.Value);
        }
        if (facts.Endpoints is not null)
        {
            _endpointsReadAt = began;
        }
        await SaveInventoryAsync(plan, began, facts, cancellationToken);
        metrics.RecordSuccess(project, began, plan.Services);
        return new(scopes.Select(BindingKey.For).ToHashSet(), plan.Services);
    }

    private async Task<ProjectCycleState> ReadStateAsync(IReadOnlyList<AivenService> services, CancellationToken cancellationToken)
    {
        var facts = new ProjectCycleState(project, services, await ReadEligibleTypesAsync(cancellationToken))
        {
            Previous = (await inventory.ServicesOfProjectAsync(project, cancellationToken)).ToDictionary(
                service => service.ServiceName,
                StringComparer.Ordinal
            ),
            EndpointNeedsCheck = time.GetUtcNow() - _endpointsReadAt > RecheckInterval,
        };
        if (await inventory.FindProjectAsync(project, cancellationToken) is { } record)
        {
            facts.Record = record;
        }
        foreach (var row in await integrations.OfProjectAsync(project, cancellationToken))
        {
            facts.Integrations[row.ServiceName] = row;
        }
        return facts;
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
        catch (Exception fault) when (_eligibleTypes is not null && fault is AivenException or AivenUnreachableException)
        {
            logger.LogWarning("The eligible types of project {Project} stay as they were: {Problem}", project.Value, fault.Message);
        }

        return _eligibleTypes;
    }

    private async Task ExecuteAsync(ProjectCycleState facts, IReadOnlyList<Step> steps, CancellationToken cancellationToken)
    {
        if (steps is [ProjectStep first])
        {
            await ExecuteAsync(facts, first, cancellationToken);
            return;
        }

        await Parallel.ForEachAsync(
            steps,
            new ParallelOptions { MaxDegreeOfParallelism = MaximumParallelSteps, CancellationToken = cancellationToken },
            async (step, token) =>
            {
                var (outcome, problem) = await integrationSteps.ExecuteAsync(facts, step, token);
                ReportStep(step, (step as ServiceStep)?.Service.ServiceName ?? (step as ForgetService)?.ServiceName, outcome, problem);
            }
        );
    }

    private async Task ExecuteAsync(ProjectCycleState facts, ProjectStep step, CancellationToken cancellationToken)
    {
        try
        {
            await projectSteps.ExecuteAsync(facts, step, cancellationToken);
            ReportStep(step, null, StepOutcome.Succeeded, null);
        }
        catch (Exception fault) when (fault is AivenException or AivenUnreachableException or AivenOutcomeUnknownException)
        {
            facts.EndpointFailed = true;
            facts.EndpointNeedsCheck = false;
            ReportStep(
                step,
                null,
                fault switch
                {
                    AivenException => StepOutcome.Refused,
                    AivenUnreachableException => StepOutcome.Unreachable,
                    _ => StepOutcome.Unknown,
                },
                fault.Message
            );
        }
    }

    private void ReportStep(Step step, string? service, StepOutcome outcome, string? problem)
    {
        metrics.RecordStep(project, step.Kind, outcome);
        if (problem is not null)
        {
            logger.LogWarning("{Step} {Service} in project {Project}: {Problem}", step.Kind, service, project.Value, problem);
        }
        else if (step is not ListEndpoints)
        {
            logger.LogInformation("{Step} {Service} in project {Project}: done", step.Kind, service, project.Value);
        }
    }

    private async Task SaveInventoryAsync(
        ReconcilePlan plan,
        DateTimeOffset began,
        ProjectCycleState facts,
        CancellationToken cancellationToken
    )
    {
        await inventory.SaveInventoryAsync(
            project,
            began,
            [.. plan.Services.Select(service => service.ToRecord(project))],
            cancellationToken
        );
        facts.Record = facts.Record with { InventoryAt = began };
    }
}
