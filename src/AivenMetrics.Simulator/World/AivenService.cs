using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using AivenMetrics.Simulator.Nodes;

namespace AivenMetrics.Simulator.World;

/// <summary>All states of a service in Aiven's API.</summary>
internal static class ServiceState
{
    public const string Poweroff = "POWEROFF";
    public const string Rebalancing = "REBALANCING";
    public const string Rebuilding = "REBUILDING";
    public const string Running = "RUNNING";
}

/// <summary>
/// A service with its nodes and integrations.
/// <code>
/// create ─▶ REBUILDING ──build time──▶ RUNNING ◀──build time── REBALANCING ◀─ plan, cloud or node change
///              ▲                          │
///              └───── POWEROFF ◀──────────┘    (no nodes, no DNS, integrations stay listed and inactive)
/// </code>
/// </summary>
internal sealed class AivenService
{
    private readonly NodeAddresses _addresses;
    private DateTimeOffset? _settlesAt;
    private int _lastNode;

    public AivenService(AivenProject project, string name, ServiceType type, string plan, DateTimeOffset now, NodeAddresses addresses)
    {
        _addresses = addresses;
        (Project, Name, Type, Plan, CreatedAt, UpdatedAt, FoundAt) = (project, name, type, plan, now, now, now);
        Host = HostOf(name, project.Name);
        Certificates = project.Authority.Issue(Host, now);
    }

    public AivenProject Project { get; }

    public string Name { get; }

    public ServiceType Type { get; set; }

    public string Plan { get; set; }

    public string Cloud { get; set; } = "aws-eu-west-2";

    public string Host { get; }

    public string ReplicaHost => "replica-" + Host;

    public ServiceCertificates Certificates { get; }

    public string State { get; private set; } = ServiceState.Running;

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>Time until which the service is 404 when read by name; lists already contain it.</summary>
    public DateTimeOffset FoundAt { get; init; }

    public SortedDictionary<string, string> Tags { get; set; } = new(StringComparer.Ordinal);

    public JsonObject UserConfig { get; init; } = new() { ["ip_filter"] = new JsonArray("0.0.0.0/0") };

    public bool TerminationProtection { get; set; }

    public (string Dow, string Time) Maintenance { get; set; } = ("sunday", "10:00:00");

    public string Password { get; } = RandomNumberGenerator.GetHexString(24, lowercase: true);

    public List<AivenNode> Nodes { get; } = [];

    public List<Integration> Integrations { get; } = [];

    /// <summary>The <c>prometheus</c> integration; Aiven allows one per service.</summary>
    public Integration? Prometheus => Integrations.Find(integration => integration.Type == "prometheus");

    public bool PoweredOff => State == ServiceState.Poweroff;

    /// <summary>Aiven's <c>node_count</c>: the number of nodes of the plan, not of current nodes.</summary>
    public int PlannedNodes => Type.Nodes(Plan);

    /// <summary>Applies changes that are due: the end of a build phase, and removal of nodes.</summary>
    public void Advance(DateTimeOffset now)
    {
        if (_settlesAt <= now)
        {
            SetState(ServiceState.Running, null);
        }
        foreach (var gone in Nodes.Where(node => node.LeavesAt <= now).ToList())
        {
            Remove(gone);
        }
    }

    /// <summary>Sets the state. At <paramref name="until"/> it changes to <c>RUNNING</c>; null if it does not.</summary>
    public void SetState(string state, DateTimeOffset? until) => (State, _settlesAt) = (state, until);

    /// <summary>Creates the nodes of the plan; the service builds until <paramref name="ready"/>.</summary>
    public void Build(DateTimeOffset now, DateTimeOffset ready)
    {
        for (var index = 0; index < PlannedNodes; index++)
        {
            AddNode(standby: Type.Standby && index > 0, startedAt: ready > now ? ready : CreatedAt, joinsAt: ready);
        }
        SetState(ready > now ? ServiceState.Rebuilding : ServiceState.Running, ready > now ? ready : null);
    }

    public void PowerOff()
    {
        foreach (var node in Nodes.ToList())
        {
            Remove(node);
        }
        SetState(ServiceState.Poweroff, null);
    }

    /// <summary>
    /// Replaces every node, as a change of plan or cloud does. New nodes join after half of the build time; old nodes leave at its end.
    /// </summary>
    public void Rebuild(DateTimeOffset now, TimeSpan buildTime)
    {
        foreach (var old in Nodes)
        {
            old.LeavesAt = now + buildTime;
        }
        for (var index = 0; index < PlannedNodes; index++)
        {
            AddNode(Type.Standby && index > 0, now + (buildTime / 2), now + (buildTime / 2));
        }
        SetState(ServiceState.Rebalancing, now + buildTime);
    }

    /// <summary>Adds a node in the role of <paramref name="old"/>, which leaves later; until then the service rebalances.</summary>
    public AivenNode Replace(AivenNode old, DateTimeOffset joinsAt, DateTimeOffset leavesAt)
    {
        old.LeavesAt = leavesAt;
        SetState(ServiceState.Rebalancing, joinsAt > leavesAt ? joinsAt : leavesAt);
        return AddNode(old.Standby, joinsAt, joinsAt);
    }

    /// <summary>Returns the nodes of a host name; null if it is not a name of this service.</summary>
    public IReadOnlyList<AivenNode>? Resolve(string host, DateTimeOffset now)
    {
        var primary = host.Equals(Host, StringComparison.OrdinalIgnoreCase);
        if (!primary && !host.Equals(ReplicaHost, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }
        return [.. Nodes.Where(node => node.HasJoined(now) && node.Standby == !primary)];
    }

    /// <summary>Returns whether the metrics port of a node is open.</summary>
    public bool IsListening(AivenNode node, DateTimeOffset now) =>
        !PoweredOff && node.PortOpen && node.HasJoined(now) && Prometheus is { } integration && integration.ListensAt <= now;

    public bool IsActive(Integration integration, DateTimeOffset now) =>
        State is ServiceState.Running or ServiceState.Rebalancing && integration.ActiveAt <= now;

    // Aiven's form is <service>-<project>.<zone>. A DNS label has at most 63 bytes, of which "replica-" uses eight.
    private static string HostOf(string service, string project)
    {
        var label = $"{service}-{project}";
        if (label.Length > 55)
        {
            var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(label)));
            label = string.Concat(label.AsSpan(0, 44), "-", hash.AsSpan(0, 10));
        }

        return label + ".a.aivencloud.com";
    }

    private AivenNode AddNode(bool standby, DateTimeOffset startedAt, DateTimeOffset joinsAt)
    {
        var node = new AivenNode($"{Name}-{++_lastNode}", _addresses.Allocate(), standby, startedAt, joinsAt);
        Nodes.Add(node);
        return node;
    }

    private void Remove(AivenNode node)
    {
        Nodes.Remove(node);
        _addresses.Release(node.Address);
    }
}
