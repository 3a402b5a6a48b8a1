using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>Reasons of conditions in CamelCase, stored in <c>aiven_service.reason</c> and reported to tenants.</summary>
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

    /// <summary>Returns true if metrics may appear without a change to the service.</summary>
    public static bool MayDeliver(string reason) => MayResolve.Contains(reason);
}

/// <summary>The condition of a service.</summary>
/// <param name="Reason">A value of <see cref="ConditionReasons"/>.</param>
/// <param name="Message">Description for the tenant, a sentence that names the service.</param>
/// <param name="IsScraped">True if the service belongs in the target feed.</param>
/// <param name="IsSettled">
/// False while a bind should wait for the service. True if the integration exists, or the reason explains why there is none.
/// </param>
internal sealed record Condition(string Reason, string Message, bool IsScraped, bool IsSettled)
{
    /// <summary>Number of failed attempts after which a bind no longer waits for a service (about 30 seconds).</summary>
    public const int AttemptsUntilSettled = 5;

    public static Condition Integrated(string name) => new(ConditionReasons.Integrated, $"{name} delivers metrics.", true, true);

    public static Condition WaitingForMetrics(string name) =>
        new(ConditionReasons.WaitingForMetrics, $"Waiting for Aiven to open the metrics port of {name} (about a minute).", true, true);

    public static Condition IntegrationRequested(string name) =>
        new(ConditionReasons.IntegrationRequested, $"The metrics integration of {name} was requested from Aiven.", false, false);

    public static Condition Building(string name) =>
        new(ConditionReasons.Building, $"{name} is being built. Its metrics appear when it runs.", true, true);

    public static Condition PoweredOff(string name) =>
        new(ConditionReasons.PoweredOff, $"{name} is powered off. Its metrics return after it is powered on.", false, true);

    /// <param name="name">Name of the service.</param>
    /// <param name="why">The obstacle and how to resolve it, as a sentence.</param>
    public static Condition NotReachable(string name, string why) =>
        new(ConditionReasons.NotReachable, $"{name} cannot be scraped: {why}", true, true);

    public static Condition TypeNotEligible(string name, string type) =>
        new(ConditionReasons.TypeNotEligible, $"Aiven offers no metrics for services of type {type}, such as {name}.", false, true);

    public static Condition IntegratedElsewhere(string name) =>
        new(
            ConditionReasons.IntegratedElsewhere,
            $"{name} is already integrated with another Prometheus endpoint, and Aiven allows only one. Contact the operator.",
            false,
            true
        );

    public static Condition IntegrationDisabled(string name) =>
        new(
            ConditionReasons.IntegrationDisabled,
            $"The metrics integration of {name} was disabled at Aiven. Contact the operator.",
            false,
            true
        );

    public static Condition NotNeeded(string name) => new(ConditionReasons.NotNeeded, $"No binding covers {name}.", false, true);

    public static Condition AivenUnavailable(string name, int attempts) =>
        new(
            ConditionReasons.AivenUnavailable,
            $"Aiven has not responded for {name} yet. The request is being retried.",
            false,
            attempts >= AttemptsUntilSettled
        );

    /// <summary>Returns the condition after an error of Aiven, permanent or transient.</summary>
    public static Condition FromError(AivenService service, AivenError error, int attempts) =>
        error switch
        {
            { Status: 403 } when IsPlanRestriction(error) => new(
                ConditionReasons.PlanWithoutIntegrations,
                $"The plan of {service.ServiceName} ({service.Plan}) does not support integrations. Choose a larger plan.",
                false,
                true
            ),
            { Code: "not_powered" } => PoweredOff(service.ServiceName),
            { Status: 400 or 401 or 403 } => new(
                ConditionReasons.AivenRefused,
                $"Aiven rejected the metrics integration of {service.ServiceName} ({error.Status}). Contact the operator.",
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

/// <summary>A service with the decisions of this cycle.</summary>
/// <param name="IsNeeded">True if a live binding covers the service, or all eligible services are integrated.</param>
internal sealed record ServiceCondition(
    AivenService Service,
    OwningSpace? Owner,
    string? ServiceInstanceId,
    bool IsNeeded,
    IReadOnlyList<ScrapeHostRecord> Hosts,
    Condition Condition
)
{
    /// <summary>Returns the database record.</summary>
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
