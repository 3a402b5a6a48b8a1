namespace AivenMetrics.Broker.Reconciliation;

/// <summary>What a check found out: a condition, and a step if something is to be done.</summary>
internal sealed record CheckResult(Condition Condition, ServiceStep? Step = null);

/// <summary>The answer for one service.</summary>
internal sealed record ServiceDecision(ServiceCondition Service, ServiceStep? Step);

/// <summary>
/// The checks of a service, in order. Two lists are asked, and in each the first answer wins: <see cref="RowChecks"/> brings
/// our row in line with what Aiven shows and with what is needed; <see cref="ConditionChecks"/> says where the service stands and
/// asks for what is missing. When bookkeeping has a step, the service is looked at again after it.
/// </summary>
internal static class ServiceChecks
{
    private static readonly Func<ServiceContext, ServiceStep?>[] RowChecks =
    [
        ObservedButNotStored,
        NeededAgain,
        NoLongerNeeded,
        GracePeriodIsOver,
        NoLongerObserved,
    ];

    private static readonly Func<ServiceContext, CheckResult?>[] ConditionChecks =
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

    /// <summary>Asks the checks.</summary>
    public static ServiceDecision Evaluate(ServiceContext service)
    {
        var step = FirstResult(RowChecks, service);
        var verdict = FirstResult(ConditionChecks, service) ?? throw new InvalidOperationException("The last check always answers.");
        var condition = new ServiceCondition(
            service.Service,
            service.Owner,
            service.ServiceInstanceId,
            service.IsNeeded,
            service.Hosts,
            verdict.Condition
        );
        return new(condition, step ?? verdict.Step);
    }

    private static T? FirstResult<T>(IEnumerable<Func<ServiceContext, T?>> checks, ServiceContext facts)
        where T : class => checks.Select(check => check(facts)).FirstOrDefault(answer => answer is not null);

    // ---- Bookkeeping

    /// <summary>
    /// An integration to our endpoint that our row does not name. It is ours if an attempt of ours may have made it: the row
    /// was written before Aiven was asked, and its answer was never seen. Otherwise it was there before us.
    /// </summary>
    private static AdoptIntegration? ObservedButNotStored(ServiceContext s) =>
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

    private static MarkNeeded? NeededAgain(ServiceContext s) =>
        s.IsNeeded && s.StoredIntegration?.UnneededSince is not null ? new(s.Service) : null;

    private static MarkUnneeded? NoLongerNeeded(ServiceContext s) =>
        !s.IsNeeded && s.StoredIntegration is { UnneededSince: null } ? new(s.Service) : null;

    /// <summary>Only what we made is deleted; of the rest, and of what never came to be, only the row goes.</summary>
    private static ServiceStep? GracePeriodIsOver(ServiceContext s) =>
        s.StoredIntegration switch
        {
            null => null,
            _ when s.IsNeeded || !s.IsGracePeriodOver || s.Problem is not null || s.StoredIntegration.DueAt > s.Now => null,
            { CreatedByUs: true, IntegrationId: { } id } when s.IsIntegrated => new DeleteIntegration(s.Service, id),
            _ => new ForgetIntegration(s.Service),
        };

    private static ForgetIntegration? NoLongerObserved(ServiceContext s) =>
        s.StoredIntegration is { IntegrationId: not null } && !s.IsIntegrated && s.HasEndpoint ? new(s.Service) : null;

    // ---- Progress

    private static CheckResult? NotNeeded(ServiceContext s) =>
        (s.IsNeeded, s.StoredIntegration) switch
        {
            (true, _) => null,
            // In the grace period its metrics keep flowing, so that an unbind and a bind leave no gap.
            (_, { IntegrationId: not null }) when !s.IsGracePeriodOver => null,
            _ => new(s.IsTypeEligible ? Condition.NotNeeded(s.Name) : Condition.TypeNotEligible(s.Name, s.Service.ServiceType)),
        };

    private static CheckResult? PoweredOff(ServiceContext s) => s.IsPoweredOff ? new(Condition.PoweredOff(s.Name)) : null;

    private static CheckResult? DisabledAtAiven(ServiceContext s) =>
        s.ObservedIntegration is { Enabled: false } ? new(Condition.IntegrationDisabled(s.Name)) : null;

    private static CheckResult? Building(ServiceContext s) => s.IsIntegrated && s.IsBuilding ? new(Condition.Building(s.Name)) : null;

    /// <summary>Its targets stay: what Aiven shows of its network may not be all, and a target that is down is seen to be down.</summary>
    private static CheckResult? NotReachable(ServiceContext s) =>
        s.IsIntegrated && Reachability.FindProblem(s.Service, s.Hosts, s.Options) is { } why
            ? new(Condition.NotReachable(s.Name, why))
            : null;

    private static CheckResult? NotActiveYet(ServiceContext s) =>
        s.IsIntegrated && s.ObservedIntegration is not { Active: true } ? new(Condition.WaitingForMetrics(s.Name)) : null;

    private static CheckResult? DeliversMetrics(ServiceContext s) => s.IsIntegrated ? new(Condition.Integrated(s.Name)) : null;

    private static CheckResult? IntegratedElsewhere(ServiceContext s) =>
        s.HasEndpoint && s.HasOtherIntegration ? new(Condition.IntegratedElsewhere(s.Name)) : null;

    private static CheckResult? TypeNotEligible(ServiceContext s) =>
        s.IsTypeEligible ? null : new(Condition.TypeNotEligible(s.Name, s.Service.ServiceType));

    private static CheckResult? EndpointMissing(ServiceContext s) =>
        s.HasEndpoint ? null : new(Condition.AivenUnavailable(s.Name, attempts: 0));

    private static CheckResult? FailedInThisCycle(ServiceContext s) => s.Problem is { } problem ? new(problem) : null;

    /// <summary>
    /// A failed attempt waits for its time, and its reason stays. A new plan is tried at once; so is a row whose reason got
    /// lost in a crash.
    /// </summary>
    private static CheckResult? NotDueYet(ServiceContext s) =>
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

    private static CheckResult IntegrationMissing(ServiceContext s) =>
        new(Condition.IntegrationRequested(s.Name), new CreateIntegration(s.Service));
}
