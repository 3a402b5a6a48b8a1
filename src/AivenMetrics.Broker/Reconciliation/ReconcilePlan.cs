using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>
/// The plan of a cycle: the steps to execute and the condition of every service, computed from desired, observed and recorded state. Pure.
/// Project steps come first and one at a time. Service steps are independent of each other.
/// </summary>
/// <param name="Steps">Steps to execute now; empty: the cycle is complete.</param>
/// <param name="Services">All observed services with their conditions before the steps.</param>
internal sealed record ReconcilePlan(IReadOnlyList<Step> Steps, IReadOnlyList<ServiceCondition> Services)
{
    /// <summary>Time for which Aiven may not list a new integration.</summary>
    public static readonly TimeSpan ListingLag = TimeSpan.FromSeconds(30);

    /// <summary>Creates the plan.</summary>
    public static ReconcilePlan Create(ReconcileInput input)
    {
        var decisions = input.Observed.Services.Select(service => ServiceChecks.Evaluate(new ServiceFacts(service, input))).ToList();
        var services = decisions.Select(decision => decision.Service).ToList();
        if (NextProjectStep(input, decisions) is { } first)
        {
            return new([first], services);
        }

        var names = input.Observed.Services.Select(service => service.ServiceName).ToHashSet(StringComparer.Ordinal);
        return new(
            [
                .. input
                    .Recorded.Integrations.Keys.Where(name => !names.Contains(name))
                    .Order(StringComparer.Ordinal)
                    .Select(name => new ForgetService(name)),
                .. decisions.Select(decision => decision.Step).OfType<Step>(),
            ],
            services
        );
    }

    /// <summary>Returns the first project step that applies; null if the project is set up.</summary>
    private static ProjectStep? NextProjectStep(ReconcileInput input, IReadOnlyList<ServiceDecision> decisions)
    {
        var (known, endpoints) = (input.Recorded, input.Observed.Endpoints);
        var record = known.Record;
        if (record?.ScrapeUsername is null || record.ScrapePassword is null)
        {
            return new StoreEndpointCredentials();
        }
        if (known.EndpointFailed)
        {
            return null;
        }
        if (record.CaCertificate is null)
        {
            return new FetchCa();
        }
        if (endpoints is null)
        {
            return record.EndpointId is null || known.EndpointNeedsCheck || decisions.Any(decision => decision.Step is ForgetIntegration)
                ? new ListEndpoints()
                : null;
        }

        var ours = endpoints.FirstOrDefault(endpoint =>
            endpoint.EndpointType == AivenClient.PrometheusType && endpoint.EndpointName == input.Options.EndpointName
        );
        return (record.EndpointId, ours) switch
        {
            (null, null) => new CreateEndpoint(),
            (null, { }) => new AdoptEndpoint(ours.EndpointId),
            (_, null) => new ForgetEndpoint(),
            ({ } id, { }) when ours.EndpointId != id => new ForgetEndpoint(),
            (_, { UserConfig.BasicAuthUsername: { } user }) when user != record.ScrapeUsername && user != "<redacted>" => new AdoptEndpoint(
                ours.EndpointId
            ),
            _ => null,
        };
    }
}

/// <summary>A service with all state that the checks use.</summary>
internal sealed class ServiceFacts
{
    public ServiceFacts(AivenService service, ReconcileInput input)
    {
        Service = service;
        Options = input.Options;
        Now = input.Now;
        var tags = input.Options.Tags;
        Owner =
            TagValue(tags.OrganizationId) is { } organization && TagValue(tags.SpaceId) is { } space ? new OwningSpace(organization, space)
            : TagValue(tags.ClusterId) is { } cluster && TagValue(tags.Namespace) is { } name ? OwningSpace.OfNamespace(cluster, name)
            : null;
        ServiceInstanceId = TagValue(tags.ServiceInstanceId);
        Hosts = ScrapeHosts.ForService(service, input.Options.Route);
        IsNeeded = input.Desired.Includes(Owner, ServiceInstanceId);
        StoredIntegration = input.Recorded.Integrations.GetValueOrDefault(Name);
        Previous = input.Recorded.Previous.GetValueOrDefault(Name);
        Problem = input.Recorded.Problems.GetValueOrDefault(Name);
        HasEndpoint = input.Recorded.Record?.EndpointId is not null;
        IsTypeEligible = input.Observed.EligibleTypes.Contains(service.ServiceType);

        var real = (service.ServiceIntegrations ?? [])
            .Where(row => row.IntegrationType == AivenClient.PrometheusType && !string.IsNullOrEmpty(row.ServiceIntegrationId))
            .ToList();
        ObservedIntegration = HasEndpoint ? real.FirstOrDefault(row => row.DestEndpointId == input.Recorded.Record!.EndpointId) : null;
        HasOtherIntegration = ObservedIntegration is null && real.Count > 0;
    }

    public AivenService Service { get; }

    public string Name => Service.ServiceName;

    public AivenOptions Options { get; }

    public DateTimeOffset Now { get; }

    public OwningSpace? Owner { get; }

    public string? ServiceInstanceId { get; }

    public bool IsNeeded { get; }

    public IReadOnlyList<ScrapeHostRecord> Hosts { get; }

    public IntegrationRecord? StoredIntegration { get; }

    public AivenServiceRecord? Previous { get; }

    /// <summary>Condition after a failed step of this cycle.</summary>
    public Condition? Problem { get; }

    public bool HasEndpoint { get; }

    public bool IsTypeEligible { get; }

    /// <summary>The integration with the broker's endpoint, as observed at Aiven.</summary>
    public AivenIntegration? ObservedIntegration { get; }

    /// <summary>True if the service has a <c>prometheus</c> integration with another endpoint.</summary>
    public bool HasOtherIntegration { get; }

    public bool IsPoweredOff => Service.State == "POWEROFF";

    public bool IsBuilding => Service.State == "REBUILDING";

    /// <summary>True if the integration was just created, so that Aiven may not list it yet.</summary>
    public bool WasJustCreated =>
        StoredIntegration is { IntegrationId: not null } && Now - StoredIntegration.RequestedAt < ReconcilePlan.ListingLag;

    public bool IsIntegrated => ObservedIntegration is not null || WasJustCreated;

    public bool IsGracePeriodOver => StoredIntegration?.UnneededSince is { } since && since + Options.GracePeriod <= Now;

    private string? TagValue(string name) => Service.Tags?.GetValueOrDefault(name) is { Length: > 0 } value ? value : null;
}
