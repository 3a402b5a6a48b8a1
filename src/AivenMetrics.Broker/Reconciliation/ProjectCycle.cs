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
    ProjectSteps projectSteps,
    IntegrationSteps integrationSteps,
    ReconcilerTelemetry telemetry,
    ILogger logger,
    TimeProvider time)
{
    // A plan needs a handful of rounds at most: credentials, CA, endpoints, endpoint, integrations, marks.
    private const int MostRounds = 20;
    private const int ParallelSteps = 4;
    private static readonly TimeSpan RareCheck = TimeSpan.FromMinutes(10);

    private IReadOnlySet<string>? _eligibleTypes;
    private DateTimeOffset _typesReadAt;
    private DateTimeOffset _endpointsReadAt = DateTimeOffset.MinValue;

    /// <summary>Runs the pass.</summary>
    /// <exception cref="AivenException">Aiven did not list the services; nothing was changed. So with the other exceptions of the client.</exception>
    public async Task<ProjectOutcome> Run(CancellationToken ct)
    {
        var began = time.GetUtcNow();
        // Wanted first, then observed: a binding that is in this list is older than what Aiven shows below.
        var scopes = await bindings.Scopes(ct);
        var wanted = new WantedServices(scopes, options.Mode);
        var services = await aiven.Services(project.Value, ct);
        var facts = await Facts(services, ct);

        var plan = ReconcilePlan.Make(facts.Input(options, wanted, time.GetUtcNow()));
        if (plan.Steps.Count > 0) await Save(plan, began, facts, ct);
        for (var round = 0; plan.Steps.Count > 0 && round < MostRounds; round++)
        {
            await Execute(facts, plan.Steps, ct);
            plan = ReconcilePlan.Make(facts.Input(options, wanted, time.GetUtcNow()));
        }

        if (plan.Steps.Count > 0)
            logger.LogWarning("The plan of project {Project} did not come to an end; it goes on in the next cycle", project.Value);
        if (facts.Endpoints is not null) _endpointsReadAt = began;
        await Save(plan, began, facts, ct);
        telemetry.Succeeded(project, began, plan.Services);
        return new(scopes.Select(BindingKey.Of).ToHashSet(), plan.Services);
    }

    private async Task<ProjectFacts> Facts(IReadOnlyList<AivenService> services, CancellationToken ct)
    {
        var facts = new ProjectFacts(project, services, await EligibleTypes(ct))
        {
            Previous = (await inventory.Services(project, ct)).ToDictionary(service => service.ServiceName, StringComparer.Ordinal),
            DoubtsEndpoint = time.GetUtcNow() - _endpointsReadAt > RareCheck,
        };
        if (await inventory.FindProject(project, ct) is { } record) facts.Record = record;
        foreach (var row in await integrations.OfProject(project, ct)) facts.Integrations[row.ServiceName] = row;
        return facts;
    }

    private async Task<IReadOnlySet<string>> EligibleTypes(CancellationToken ct)
    {
        if (_eligibleTypes is not null && time.GetUtcNow() - _typesReadAt < RareCheck) return _eligibleTypes;
        try
        {
            _eligibleTypes = await aiven.EligibleTypes(project.Value, ct);
            _typesReadAt = time.GetUtcNow();
        }
        catch (Exception fault) when (_eligibleTypes is not null && fault is AivenException or AivenUnreachableException)
        {
            logger.LogWarning("The eligible types of project {Project} stay as they were: {Problem}", project.Value, fault.Message);
        }

        return _eligibleTypes;
    }

    private async Task Execute(ProjectFacts facts, IReadOnlyList<Step> steps, CancellationToken ct)
    {
        if (steps is [ProjectStep first])
        {
            await Execute(facts, first, ct);
            return;
        }

        await Parallel.ForEachAsync(steps, new ParallelOptions { MaxDegreeOfParallelism = ParallelSteps, CancellationToken = ct }, async (step, token) =>
        {
            var (outcome, problem) = await integrationSteps.Execute(facts, step, token);
            Tell(step, (step as ServiceStep)?.Service.ServiceName ?? (step as ForgetService)?.ServiceName, outcome, problem);
        });
    }

    private async Task Execute(ProjectFacts facts, ProjectStep step, CancellationToken ct)
    {
        try
        {
            await projectSteps.Execute(facts, step, ct);
            Tell(step, null, StepOutcome.Done, null);
        }
        catch (Exception fault) when (fault is AivenException or AivenUnreachableException or AivenOutcomeUnknownException)
        {
            facts.EndpointFailed = true;
            facts.DoubtsEndpoint = false;
            Tell(step, null, fault switch
            {
                AivenException => StepOutcome.Refused,
                AivenUnreachableException => StepOutcome.Unreachable,
                _ => StepOutcome.Unknown,
            }, fault.Message);
        }
    }

    private void Tell(Step step, string? service, StepOutcome outcome, string? problem)
    {
        telemetry.Stepped(project, step.Kind, outcome);
        if (problem is not null)
            logger.LogWarning("{Step} {Service} in project {Project}: {Problem}", step.Kind, service, project.Value, problem);
        else if (step is not ListEndpoints)
            logger.LogInformation("{Step} {Service} in project {Project}: done", step.Kind, service, project.Value);
    }

    private async Task Save(ReconcilePlan plan, DateTimeOffset began, ProjectFacts facts, CancellationToken ct)
    {
        await inventory.SaveInventory(project, began, [.. plan.Services.Select(service => service.ToRecord(project))], ct);
        facts.Record = facts.Record with { InventoryAt = began };
    }
}
