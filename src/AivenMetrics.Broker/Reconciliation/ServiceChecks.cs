namespace AivenMetrics.Broker.Reconciliation;

/// <summary>What a check found out: a condition, and a step if something is to be done.</summary>
internal sealed record Verdict(Condition Condition, ServiceStep? Step = null);

/// <summary>The answer for one service.</summary>
internal sealed record Decision(ServiceCondition Service, ServiceStep? Step);

/// <summary>
/// The checks of a service, in order. Two lists are asked, and in each the first answer wins: <see cref="Bookkeeping"/> brings
/// our row in line with what Aiven shows and with what is needed; <see cref="Progress"/> says where the service stands and
/// asks for what is missing. When bookkeeping has a step, the service is looked at again after it.
/// </summary>
internal static class ServiceChecks
{
    private static readonly Func<ServiceFacts, ServiceStep?>[] Bookkeeping =
    [
        SeenButNotInItsRow,
        NeededAgain,
        NoLongerNeeded,
        GracePeriodIsOver,
        Vanished,
    ];

    private static readonly Func<ServiceFacts, Verdict?>[] Progress =
    [
        NobodyNeedsIt,
        PoweredOff,
        TurnedOffAtAiven,
        BeingBuilt,
        NotReachable,
        NotActiveYet,
        DeliversMetrics,
        IntegratedElsewhere,
        TypeNotEligible,
        WithoutEndpoint,
        FailedInThisCycle,
        NotDueYet,
        IntegrationMissing,
    ];

    /// <summary>Asks the checks.</summary>
    public static Decision Decide(ServiceFacts facts)
    {
        var step = FirstOf(Bookkeeping, facts);
        var verdict = FirstOf(Progress, facts) ?? throw new InvalidOperationException("The last check always answers.");
        var service = new ServiceCondition(
            facts.Service, facts.Owner, facts.ServiceInstanceId, facts.Needed, facts.Hosts, verdict.Condition);
        return new(service, step ?? verdict.Step);
    }

    private static T? FirstOf<T>(IEnumerable<Func<ServiceFacts, T?>> checks, ServiceFacts facts)
        where T : class => checks.Select(check => check(facts)).FirstOrDefault(answer => answer is not null);

    // ---- Bookkeeping

    /// <summary>
    /// An integration to our endpoint that our row does not name. It is ours if an attempt of ours may have made it: the row
    /// was written before Aiven was asked, and its answer was never seen. Otherwise it was there before us.
    /// </summary>
    private static AdoptIntegration? SeenButNotInItsRow(ServiceFacts s) => s.Seen switch
    {
        null => null,
        _ when s.Row is null && !s.Needed => null,
        { ServiceIntegrationId: { } id } when s.Row?.IntegrationId != id =>
            new(s.Service, id, CreatedByUs: s.Row is { IntegrationId: null, CreatedByUs: true }),
        _ => null,
    };

    private static MarkNeeded? NeededAgain(ServiceFacts s) =>
        s.Needed && s.Row?.UnneededSince is not null ? new(s.Service) : null;

    private static MarkUnneeded? NoLongerNeeded(ServiceFacts s) =>
        !s.Needed && s.Row is { UnneededSince: null } ? new(s.Service) : null;

    /// <summary>Only what we made is deleted; of the rest, and of what never came to be, only the row goes.</summary>
    private static ServiceStep? GracePeriodIsOver(ServiceFacts s) => s.Row switch
    {
        null => null,
        _ when s.Needed || !s.GraceIsOver || s.Problem is not null || s.Row.DueAt > s.Now => null,
        { CreatedByUs: true, IntegrationId: { } id } when s.IsIntegrated => new DeleteIntegration(s.Service, id),
        _ => new ForgetIntegration(s.Service),
    };

    private static ForgetIntegration? Vanished(ServiceFacts s) =>
        s.Row is { IntegrationId: not null } && !s.IsIntegrated && s.HasEndpoint ? new(s.Service) : null;

    // ---- Progress

    private static Verdict? NobodyNeedsIt(ServiceFacts s) => (s.Needed, s.Row) switch
    {
        (true, _) => null,
        // In the grace period its metrics keep flowing, so that an unbind and a bind leave no gap.
        (_, { IntegrationId: not null }) when !s.GraceIsOver => null,
        _ => new(s.TypeIsEligible ? Condition.NotNeeded(s.Name) : Condition.TypeNotEligible(s.Name, s.Service.ServiceType)),
    };

    private static Verdict? PoweredOff(ServiceFacts s) => s.IsPoweredOff ? new(Condition.PoweredOff(s.Name)) : null;

    private static Verdict? TurnedOffAtAiven(ServiceFacts s) =>
        s.Seen is { Enabled: false } ? new(Condition.IntegrationDisabled(s.Name)) : null;

    private static Verdict? BeingBuilt(ServiceFacts s) =>
        s.IsIntegrated && s.IsBuilding ? new(Condition.Building(s.Name)) : null;

    /// <summary>Its targets stay: what Aiven shows of its network may not be all, and a target that is down is seen to be down.</summary>
    private static Verdict? NotReachable(ServiceFacts s) =>
        s.IsIntegrated && Reachability.Fault(s.Service, s.Hosts, s.Options) is { } why ? new(Condition.NotReachable(s.Name, why)) : null;

    private static Verdict? NotActiveYet(ServiceFacts s) =>
        s.IsIntegrated && s.Seen is not { Active: true } ? new(Condition.WaitingForMetrics(s.Name)) : null;

    private static Verdict? DeliversMetrics(ServiceFacts s) => s.IsIntegrated ? new(Condition.Integrated(s.Name)) : null;

    private static Verdict? IntegratedElsewhere(ServiceFacts s) =>
        s.HasEndpoint && s.GoesElsewhere ? new(Condition.IntegratedElsewhere(s.Name)) : null;

    private static Verdict? TypeNotEligible(ServiceFacts s) =>
        s.TypeIsEligible ? null : new(Condition.TypeNotEligible(s.Name, s.Service.ServiceType));

    private static Verdict? WithoutEndpoint(ServiceFacts s) =>
        s.HasEndpoint ? null : new(Condition.AivenUnavailable(s.Name, attempts: 0));

    private static Verdict? FailedInThisCycle(ServiceFacts s) => s.Problem is { } problem ? new(problem) : null;

    /// <summary>
    /// A failed attempt waits for its time, and its reason stays. A new plan is tried at once; so is a row whose reason got
    /// lost in a crash.
    /// </summary>
    private static Verdict? NotDueYet(ServiceFacts s) => (s.Row, s.Previous) switch
    {
        ({ IntegrationId: null } row, { } previous) when row.DueAt > s.Now && previous.Plan == (s.Service.Plan ?? "") => previous.Reason switch
        {
            Reasons.PlanWithoutIntegrations or Reasons.AivenRefused => new(new(previous.Reason, previous.Message, false, true)),
            Reasons.AivenUnavailable => new(Condition.AivenUnavailable(s.Name, row.Attempts)),
            _ => null,
        },
        _ => null,
    };

    private static Verdict IntegrationMissing(ServiceFacts s) => new(Condition.IntegrationRequested(s.Name), new CreateIntegration(s.Service));
}
