namespace AivenMetrics.Broker.Reconciliation;

/// <summary>The result of a check: a condition, and a step if an action is needed.</summary>
internal sealed record CheckResult(Condition Condition, ServiceStep? Step = null);

/// <summary>The decision for one service.</summary>
internal sealed record ServiceDecision(ServiceCondition Service, ServiceStep? Step);

/// <summary>
/// The checks of a service. There are two ordered lists, and in each the first result is used: <see cref="RowChecks"/> update the
/// integration row to the observed state and the need; <see cref="ConditionChecks"/> determine the condition and request a missing
/// integration. After a step of the row checks, the service is evaluated again.
/// </summary>
internal static class ServiceChecks
{
    private static readonly Func<ServiceFacts, ServiceStep?>[] RowChecks =
    [
        ObservedButNotStored,
        NeededAgain,
        NoLongerNeeded,
        GracePeriodIsOver,
        NoLongerObserved,
    ];

    private static readonly Func<ServiceFacts, CheckResult?>[] ConditionChecks =
    [
        NotNeeded,
        PoweredOff,
        DisabledAtAiven,
        Building,
        NotReachable,
        NotActiveYet,
        DeliversMetrics,
        IntegratedElsewhere,
        TypeNotEligible,
        EndpointMissing,
        FailedInThisCycle,
        NotDueYet,
        IntegrationMissing,
    ];

    /// <summary>Evaluates all checks for a service.</summary>
    public static ServiceDecision Evaluate(ServiceFacts service)
    {
        var step = FirstResult(RowChecks, service);
        var result = FirstResult(ConditionChecks, service) ?? throw new InvalidOperationException("The last check must return a result.");
        var condition = new ServiceCondition(
            service.Service,
            service.Owner,
            service.ServiceInstanceId,
            service.IsNeeded,
            service.Hosts,
            result.Condition
        );
        return new(condition, step ?? result.Step);
    }

    private static T? FirstResult<T>(IEnumerable<Func<ServiceFacts, T?>> checks, ServiceFacts service)
        where T : class => checks.Select(check => check(service)).FirstOrDefault(result => result is not null);

    // Row checks

    /// <summary>
    /// The observed integration with the broker's endpoint is not in the row. It was created by the broker if an earlier request may have
    /// reached Aiven: the row was written, but no response was received. Otherwise it existed before.
    /// </summary>
    private static AdoptIntegration? ObservedButNotStored(ServiceFacts s) =>
        s.ObservedIntegration switch
        {
            null => null,
            _ when s.StoredIntegration is null && !s.IsNeeded => null,
            { ServiceIntegrationId: { } id } when s.StoredIntegration?.IntegrationId != id => new(
                s.Service,
                id,
                CreatedByUs: s.StoredIntegration is { IntegrationId: null, CreatedByUs: true }
            ),
            _ => null,
        };

    private static MarkNeeded? NeededAgain(ServiceFacts s) =>
        s.IsNeeded && s.StoredIntegration?.UnneededSince is not null ? new(s.Service) : null;

    private static MarkUnneeded? NoLongerNeeded(ServiceFacts s) =>
        !s.IsNeeded && s.StoredIntegration is { UnneededSince: null } ? new(s.Service) : null;

    /// <summary>Deletes only integrations that the broker created. For all others, only the row is deleted.</summary>
    private static ServiceStep? GracePeriodIsOver(ServiceFacts s) =>
        s.StoredIntegration switch
        {
            null => null,
            _ when s.IsNeeded || !s.IsGracePeriodOver || s.Problem is not null || s.StoredIntegration.DueAt > s.Now => null,
            { CreatedByUs: true, IntegrationId: { } id } when s.IsIntegrated => new DeleteIntegration(s.Service, id),
            _ => new ForgetIntegration(s.Service),
        };

    private static ForgetIntegration? NoLongerObserved(ServiceFacts s) =>
        s.StoredIntegration is { IntegrationId: not null } && !s.IsIntegrated && s.HasEndpoint ? new(s.Service) : null;

    // Condition checks

    private static CheckResult? NotNeeded(ServiceFacts s) =>
        (s.IsNeeded, s.StoredIntegration) switch
        {
            (true, _) => null,
            // During the grace period, scraping continues, so that an unbind followed by a bind leaves no gap.
            (_, { IntegrationId: not null }) when !s.IsGracePeriodOver => null,
            _ => new(s.IsTypeEligible ? Condition.NotNeeded(s.Name) : Condition.TypeNotEligible(s.Name, s.Service.ServiceType)),
        };

    private static CheckResult? PoweredOff(ServiceFacts s) => s.IsPoweredOff ? new(Condition.PoweredOff(s.Name)) : null;

    private static CheckResult? DisabledAtAiven(ServiceFacts s) =>
        s.ObservedIntegration is { Enabled: false } ? new(Condition.IntegrationDisabled(s.Name)) : null;

    private static CheckResult? Building(ServiceFacts s) => s.IsIntegrated && s.IsBuilding ? new(Condition.Building(s.Name)) : null;

    /// <summary>The targets are kept: Aiven may not show all of its network, and a target that is down is visible in Prometheus.</summary>
    private static CheckResult? NotReachable(ServiceFacts s) =>
        s.IsIntegrated && ReachabilityCheck.FindProblem(s.Service, s.Hosts, s.Options) is { } why
            ? new(Condition.NotReachable(s.Name, why))
            : null;

    private static CheckResult? NotActiveYet(ServiceFacts s) =>
        s.IsIntegrated && s.ObservedIntegration is not { Active: true } ? new(Condition.WaitingForMetrics(s.Name)) : null;

    private static CheckResult? DeliversMetrics(ServiceFacts s) => s.IsIntegrated ? new(Condition.Integrated(s.Name)) : null;

    private static CheckResult? IntegratedElsewhere(ServiceFacts s) =>
        s.HasEndpoint && s.HasOtherIntegration ? new(Condition.IntegratedElsewhere(s.Name)) : null;

    private static CheckResult? TypeNotEligible(ServiceFacts s) =>
        s.IsTypeEligible ? null : new(Condition.TypeNotEligible(s.Name, s.Service.ServiceType));

    private static CheckResult? EndpointMissing(ServiceFacts s) =>
        s.HasEndpoint ? null : new(Condition.AivenUnavailable(s.Name, attempts: 0));

    private static CheckResult? FailedInThisCycle(ServiceFacts s) => s.Problem is { } problem ? new(problem) : null;

    /// <summary>
    /// After a failed attempt, the previous reason applies until the next attempt is due. After a plan change, or if the reason was lost in
    /// a crash, the step is retried immediately.
    /// </summary>
    private static CheckResult? NotDueYet(ServiceFacts s) =>
        (s.StoredIntegration, s.Previous) switch
        {
            ({ IntegrationId: null } row, { } previous) when row.DueAt > s.Now && previous.Plan == (s.Service.Plan ?? "") =>
                previous.Reason switch
                {
                    ConditionReasons.PlanWithoutIntegrations or ConditionReasons.AivenRefused => new(
                        new(previous.Reason, previous.Message, false, true)
                    ),
                    ConditionReasons.AivenUnavailable => new(Condition.AivenUnavailable(s.Name, row.Attempts)),
                    _ => null,
                },
            _ => null,
        };

    private static CheckResult IntegrationMissing(ServiceFacts s) =>
        new(Condition.IntegrationRequested(s.Name), new CreateIntegration(s.Service));
}
