using System.Text.RegularExpressions;
using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>
/// Determines the hosts to scrape for a service. Aiven lists a <c>prometheus</c> component once the integration exists; before that, the
/// service's own host and the default port are used. Standby nodes of PostgreSQL, MySQL and Valkey are reachable only by the
/// <c>replica-</c> name, which is added if the plan has standby nodes and no component has it.
/// </summary>
internal static partial class ScrapeHosts
{
    private const int MetricsPort = 9273;
    private const string MetricsPath = "/metrics";

    private static readonly HashSet<string> TypesWithReplicaName = new(StringComparer.Ordinal) { "pg", "mysql", "valkey", "redis" };

    /// <summary>Returns the hosts, distinct and sorted; empty if Aiven lists none on the route.</summary>
    public static IReadOnlyList<ScrapeHostRecord> ForService(AivenService service, string route)
    {
        var listed = (service.Components ?? [])
            .Where(component => component.Component == AivenClient.PrometheusType && component.Route == route && component.Host is not null)
            .Select(component =>
                (
                    component.Usage,
                    Host: new ScrapeHostRecord(
                        component.Host!,
                        component.Port is > 0 and <= 65535 ? component.Port.Value : MetricsPort,
                        component.Path ?? MetricsPath
                    )
                )
            )
            .ToList();
        if (listed.Count == 0 && DefaultHost(service, route) is { } own)
        {
            listed.Add(("primary", new ScrapeHostRecord(own, MetricsPort, MetricsPath)));
        }
        if (
            service.NodeCount > 1
            && TypesWithReplicaName.Contains(service.ServiceType)
            && route != "privatelink"
            && listed.All(entry => entry.Usage == "primary")
        )
        {
            listed.AddRange([.. listed.Select(entry => ("replica", entry.Host with { Host = ReplicaName(entry.Host.Host) }))]);
        }
        return
        [
            .. listed
                .Select(entry => entry.Host)
                .Where(host => HostNamePattern().IsMatch(host.Host) && MetricsPathPattern().IsMatch(host.Path))
                .Distinct()
                .OrderBy(host => host.Host, StringComparer.Ordinal)
                .ThenBy(host => host.Port),
        ];
    }

    // A privatelink name cannot be derived; the others have Aiven's documented prefixes.
    private static string? DefaultHost(AivenService service, string route) =>
        (service.ServiceUriParams?.Host, route) switch
        {
            (null or "", _) or (_, "privatelink") => null,
            ({ } host, "public") => "public-" + host,
            ({ } host, _) => host,
        };

    private static string ReplicaName(string host) =>
        host.StartsWith("public-", StringComparison.Ordinal) ? "public-replica-" + host["public-".Length..] : "replica-" + host;

    [GeneratedRegex(@"^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?\z")]
    private static partial Regex HostNamePattern();

    [GeneratedRegex(@"^/[A-Za-z0-9._~/-]{0,200}\z")]
    private static partial Regex MetricsPathPattern();
}
