using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>The reasons of conditions, one word each; stored in <c>aiven_service.reason</c> and shown to tenants.</summary>
internal static class ConditionReasons
{
    public const string Integrated = nameof(Integrated);
    public const string WaitingForMetrics = nameof(WaitingForMetrics);
    public const string IntegrationRequested = nameof(IntegrationRequested);
    public const string Building = nameof(Building);
    public const string PoweredOff = nameof(PoweredOff);
    public const string PlanWithoutIntegrations = nameof(PlanWithoutIntegrations);
    public const string TypeNotEligible = nameof(TypeNotEligible);
    public const string IntegratedElsewhere = nameof(IntegratedElsewhere);
    public const string IntegrationDisabled = nameof(IntegrationDisabled);
    public const string NotNeeded = nameof(NotNeeded);
    public const string AivenRefused = nameof(AivenRefused);
    public const string AivenUnavailable = nameof(AivenUnavailable);
    public const string NotReachable = nameof(NotReachable);

    private static readonly HashSet<string> MayResolve =
    [
        Integrated,
        WaitingForMetrics,
        IntegrationRequested,
        Building,
        AivenUnavailable,
        NotNeeded,
    ];

    /// <summary>True while metrics may come without anybody changing the service.</summary>
    public static bool MayDeliver(string reason) => MayResolve.Contains(reason);
}

/// <summary>What we make of a service.</summary>
/// <param name="Reason">One of <see cref="ConditionReasons"/>.</param>
/// <param name="Message">A sentence for the tenant that names the service.</param>
/// <param name="IsScraped">It belongs in the target feed.</param>
/// <param name="IsSettled">
/// False while a bind should still wait: the next moment may decide. True when the integration is known to exist, or when
/// the reason says why there is none.
/// </param>
internal sealed record Condition(string Reason, string Message, bool IsScraped, bool IsSettled)
{
    /// <summary>Failed attempts after which a bind waits no longer for a service (about half a minute).</summary>
    public const int AttemptsUntilSettled = 5;

    public static Condition Integrated(string name) => new(ConditionReasons.Integrated, $"{name} delivers metrics.", true, true);

    public static Condition WaitingForMetrics(string name) =>
        new(ConditionReasons.WaitingForMetrics, $"Waiting for Aiven to open the metrics port of {name} (about a minute).", true, true);

    public static Condition IntegrationRequested(string name) =>
        new(ConditionReasons.IntegrationRequested, $"Aiven is being asked to open the metrics port of {name}.", false, false);

    public static Condition Building(string name) =>
        new(ConditionReasons.Building, $"{name} is being built; its metrics follow when it runs.", true, true);

    public static Condition PoweredOff(string name) =>
        new(ConditionReasons.PoweredOff, $"{name} is powered off; its metrics return after it is powered on.", false, true);

    /// <param name="name">The service.</param>
    /// <param name="why">A sentence that says what keeps Prometheus out and what to do.</param>
    public static Condition NotReachable(string name, string why) =>
        new(ConditionReasons.NotReachable, $"{name} cannot be scraped: {why}", true, true);

    public static Condition TypeNotEligible(string name, string type) =>
        new(ConditionReasons.TypeNotEligible, $"Aiven offers no metrics for services of type {type}, such as {name}.", false, true);

    public static Condition IntegratedElsewhere(string name) =>
        new(
            ConditionReasons.IntegratedElsewhere,
            $"The metrics of {name} already go to another Prometheus endpoint, and Aiven allows one: ask the operator.",
            false,
            true
        );

    public static Condition IntegrationDisabled(string name) =>
        new(
            ConditionReasons.IntegrationDisabled,
            $"The metrics integration of {name} was turned off at Aiven: ask the operator.",
            false,
            true
        );

    public static Condition NotNeeded(string name) =>
        new(ConditionReasons.NotNeeded, $"No binding asks for the metrics of {name}.", false, true);

    public static Condition AivenUnavailable(string name, int attempts) =>
        new(
            ConditionReasons.AivenUnavailable,
            $"Aiven has not answered about {name} yet; it is being asked again.",
            false,
            attempts >= AttemptsUntilSettled
        );

    /// <summary>The condition after Aiven said no: for good (until something changes), or for now.</summary>
    public static Condition FromError(AivenService service, AivenError error, int attempts) =>
        error switch
        {
            { Status: 403 } when IsPlanRestriction(error) => new(
                ConditionReasons.PlanWithoutIntegrations,
                $"The plan of {service.ServiceName} ({service.Plan}) has no integrations: choose a larger plan.",
                false,
                true
            ),
            { Code: "not_powered" } => PoweredOff(service.ServiceName),
            { Status: 400 or 401 or 403 } => new(
                ConditionReasons.AivenRefused,
                $"Aiven refused to open the metrics port of {service.ServiceName} ({error.Status}): ask the operator.",
                false,
                true
            ),
            _ => AivenUnavailable(service.ServiceName, attempts),
        };

    private static bool IsPlanRestriction(AivenError error) =>
        error.Code is "free_tier_restricted" or "feature_not_enabled"
        || error.Message.Contains("not available for this service", StringComparison.OrdinalIgnoreCase)
        || error.Message.Contains("service plan", StringComparison.OrdinalIgnoreCase);
}

/// <summary>A service with everything that was decided about it in this cycle.</summary>
/// <param name="IsNeeded">A live binding covers it, or the mode asks for all.</param>
internal sealed record ServiceCondition(
    AivenService Service,
    SpaceOwner? Owner,
    string? ServiceInstanceId,
    bool IsNeeded,
    IReadOnlyList<ScrapeHostRecord> Hosts,
    Condition Condition
)
{
    /// <summary>The row to keep.</summary>
    public AivenServiceRecord ToRecord(AivenProject project) =>
        new(
            project,
            Service.ServiceName,
            Service.ServiceType,
            Service.State,
            Service.Plan ?? "",
            Service.CloudName ?? "",
            Service.NodeCount ?? 1,
            Owner,
            ServiceInstanceId,
            Hosts,
            Condition.IsScraped && Hosts.Count > 0,
            Condition.Reason,
            Condition.Message
        );
}
