using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.Reconciliation;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Tests.Broker.Reconciliation;

/// <summary>Arbitrary values, and the initial state of the plan tests.</summary>
internal static class ReconciliationData
{
    public static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    public static readonly AivenProject Project = new("demo");
    public static readonly OwningSpace Owner = new("org-1", "space-1");

    /// <summary>A running pg service of <see cref="Owner"/> with the tag <c>service_id</c> "guid-&lt;name&gt;".</summary>
    public static AivenService Service(
        string name = "pg-1",
        string state = "RUNNING",
        string type = "pg",
        string plan = "startup-4",
        int nodes = 1,
        bool tagged = true,
        params AivenIntegration[] integrations
    ) =>
        new(
            name,
            type,
            state,
            plan,
            "aws-eu-west-2",
            nodes,
            tagged
                ? new Dictionary<string, string?>
                {
                    ["organization_id"] = Owner.OrganizationId,
                    ["space_id"] = Owner.SpaceId,
                    ["service_id"] = "guid-" + name,
                }
                : null,
            new AivenUriParams($"{name}-demo.aivencloud.com"),
            null,
            integrations
        );

    public static AivenIntegration Integration(string? id = "i1", bool enabled = true, bool active = true, string endpoint = "e1") =>
        new(id, "prometheus", enabled, active, endpoint);

    public static IntegrationRecord Row(
        string? id = "i1",
        bool ours = true,
        TimeSpan? age = null,
        TimeSpan? unneededFor = null,
        int attempts = 0,
        TimeSpan? dueIn = null,
        string service = "pg-1"
    ) =>
        new(
            Project,
            service,
            id,
            ours,
            Now - (age ?? TimeSpan.FromHours(1)),
            unneededFor is { } span ? Now - span : null,
            attempts,
            Now + (dueIn ?? TimeSpan.FromHours(-1))
        );

    public static AivenServiceRecord Previous(
        string reason,
        string message = "as before",
        string plan = "startup-4",
        string service = "pg-1"
    ) => new(Project, service, "pg", "RUNNING", plan, "aws-eu-west-2", 1, Owner, "guid-" + service, [], false, reason, message);

    public static BindingScope SpaceBinding(string id = "b1", OperationState state = OperationState.Succeeded, OwningSpace? owner = null) =>
        new(new("instance-1"), new(id), PlanScope.Space, owner ?? Owner, [], state);

    public static BindingScope ServicesBinding(params string[] serviceInstanceIds) =>
        new(new("instance-2"), new("b2"), PlanScope.Services, Owner, serviceInstanceIds, OperationState.InProgress);

    public static AivenEndpoint Endpoint(string id = "e1", string name = "aiven-metrics", string user = "prom-user") =>
        new(id, name, "prometheus", new AivenEndpointUserConfig(user));
}

/// <summary>
/// Builder for the input of a plan. Default: one bound, eligible service without an integration, in a project that is set up.
/// </summary>
internal sealed class PlanScenario
{
    public AivenOptions Options { get; } = new();

    public List<AivenService> Services { get; set; } = [ReconciliationData.Service()];

    public List<BindingScope> Bindings { get; set; } = [ReconciliationData.SpaceBinding()];

    public List<IntegrationRecord> Rows { get; set; } = [];

    public List<AivenServiceRecord> Previous { get; set; } = [];

    public Dictionary<string, Condition> Problems { get; } = [];

    public HashSet<string> EligibleTypes { get; } = ["pg", "kafka", "opensearch"];

    public List<AivenEndpoint>? Endpoints { get; set; }

    public AivenProjectRecord? Record { get; set; } =
        new(ReconciliationData.Project, "PEM", "e1", "prom-user", new("x", "k1"), ReconciliationData.Now - TimeSpan.FromMinutes(1));

    public bool DoubtsEndpoint { get; set; }

    public bool EndpointFailed { get; set; }

    public ReconcilePlan Plan() =>
        ReconcilePlan.Create(
            new(
                Options,
                ReconciliationData.Now,
                new DesiredServices(Bindings, Options.Mode),
                new(Services, EligibleTypes, Endpoints),
                new(
                    Record,
                    Rows.ToDictionary(row => row.ServiceName),
                    Previous.ToDictionary(row => row.ServiceName),
                    Problems,
                    DoubtsEndpoint,
                    EndpointFailed
                )
            )
        );
}
