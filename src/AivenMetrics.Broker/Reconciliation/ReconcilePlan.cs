using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>
/// The decisions of a cycle: from what is wanted, seen and known to the steps to take now and a condition for every service.
/// Pure. Steps of the project come first and alone; then those of the services, which do not depend on each other.
/// </summary>
/// <param name="Steps">What to do now; empty: nothing is left to do in this cycle.</param>
/// <param name="Services">Every service that Aiven shows, with its condition as things stand before the steps.</param>
internal sealed record ReconcilePlan(IReadOnlyList<Step> Steps, IReadOnlyList<ServiceCondition> Services)
{
    /// <summary>How long Aiven may not yet show what it just created.</summary>
    public static readonly TimeSpan ListingLag = TimeSpan.FromSeconds(30);

    /// <summary>Makes the plan.</summary>
    public static ReconcilePlan Make(ReconcileInput input)
    {
        var decisions = input.Observed.Services.Select(service => ServiceChecks.Decide(new ServiceFacts(service, input))).ToList();
        var services = decisions.Select(decision => decision.Service).ToList();
        if (ProjectStep(input, decisions) is { } first) return new([first], services);

        var names = input.Observed.Services.Select(service => service.ServiceName).ToHashSet(StringComparer.Ordinal);
        return new(
            [
                .. input.Known.Integrations.Keys.Where(name => !names.Contains(name)).Order(StringComparer.Ordinal).Select(name => new ForgetService(name)),
                .. decisions.Select(decision => decision.Step).OfType<Step>(),
            ],
            services);
    }

    /// <summary>The next step towards a project that can be scraped: the first that applies.</summary>
    private static ProjectStep? ProjectStep(ReconcileInput input, IReadOnlyList<Decision> decisions)
    {
        var (known, endpoints) = (input.Known, input.Observed.Endpoints);
        var record = known.Record;
        if (record?.ScrapeUsername is null || record.ScrapePassword is null) return new StoreEndpointCredentials();
        if (known.EndpointFailed) return null;
        if (record.CaCertificate is null) return new FetchCa();
        if (endpoints is null)
            return record.EndpointId is null || known.DoubtsEndpoint || decisions.Any(decision => decision.Step is ForgetIntegration)
                ? new ListEndpoints()
                : null;

        var ours = endpoints.FirstOrDefault(endpoint =>
            endpoint.EndpointType == AivenClient.Prometheus && endpoint.EndpointName == input.Options.EndpointName);
        return (record.EndpointId, ours) switch
        {
            (null, null) => new CreateEndpoint(),
            (null, { }) => new AdoptEndpoint(ours.EndpointId),
            (_, null) => new ForgetEndpoint(),
            ({ } id, { }) when ours.EndpointId != id => new ForgetEndpoint(),
            (_, { UserConfig.BasicAuthUsername: { } user }) when user != record.ScrapeUsername && user != "<redacted>" =>
                new AdoptEndpoint(ours.EndpointId),
            _ => null,
        };
    }
}

/// <summary>One service with all that is known about it, in the words of the checks.</summary>
internal sealed class ServiceFacts
{
    public ServiceFacts(AivenService service, ReconcileInput input)
    {
        Service = service;
        Options = input.Options;
        Now = input.Now;
        var tags = input.Options.Tags;
        Owner = Tag(tags.OrganizationId) is { } organization && Tag(tags.SpaceId) is { } space ? new SpaceOwner(organization, space)
            : Tag(tags.ClusterId) is { } cluster && Tag(tags.Namespace) is { } name ? SpaceOwner.OfNamespace(cluster, name)
            : null;
        ServiceInstanceId = Tag(tags.ServiceInstanceId);
        Hosts = ScrapeHosts.Of(service, input.Options.Route);
        Needed = input.Wanted.Includes(Owner, ServiceInstanceId);
        Row = input.Known.Integrations.GetValueOrDefault(Name);
        Previous = input.Known.Previous.GetValueOrDefault(Name);
        Problem = input.Known.Problems.GetValueOrDefault(Name);
        HasEndpoint = input.Known.Record?.EndpointId is not null;
        TypeIsEligible = input.Observed.EligibleTypes.Contains(service.ServiceType);

        var real = (service.ServiceIntegrations ?? [])
            .Where(row => row.IntegrationType == AivenClient.Prometheus && !string.IsNullOrEmpty(row.ServiceIntegrationId)).ToList();
        Seen = HasEndpoint ? real.FirstOrDefault(row => row.DestEndpointId == input.Known.Record!.EndpointId) : null;
        GoesElsewhere = Seen is null && real.Count > 0;
    }

    public AivenService Service { get; }

    public string Name => Service.ServiceName;

    public AivenOptions Options { get; }

    public DateTimeOffset Now { get; }

    public SpaceOwner? Owner { get; }

    public string? ServiceInstanceId { get; }

    public bool Needed { get; }

    public IReadOnlyList<ScrapeHostRecord> Hosts { get; }

    public IntegrationRecord? Row { get; }

    public AivenServiceRecord? Previous { get; }

    /// <summary>What went wrong in this cycle.</summary>
    public Condition? Problem { get; }

    public bool HasEndpoint { get; }

    public bool TypeIsEligible { get; }

    /// <summary>The integration to our endpoint as Aiven shows it.</summary>
    public AivenIntegration? Seen { get; }

    /// <summary>Aiven shows a <c>prometheus</c> integration, but not to our endpoint.</summary>
    public bool GoesElsewhere { get; }

    public bool IsPoweredOff => Service.State == "POWEROFF";

    public bool IsBuilding => Service.State == "REBUILDING";

    /// <summary>Created a moment ago, and Aiven may not list it yet.</summary>
    public bool IsFresh => Row is { IntegrationId: not null } && Now - Row.RequestedAt < ReconcilePlan.ListingLag;

    public bool IsIntegrated => Seen is not null || IsFresh;

    public bool GraceIsOver => Row?.UnneededSince is { } since && since + Options.GracePeriod <= Now;

    private string? Tag(string name) => Service.Tags?.GetValueOrDefault(name) is { Length: > 0 } value ? value : null;
}
