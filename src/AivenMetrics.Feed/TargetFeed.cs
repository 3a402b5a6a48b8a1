using System.Text.Json.Serialization;

namespace AivenMetrics.Feed;

/// <summary>
/// The broker's answer to <c>GET /feed/v1/targets</c>: everything discovery needs to write Prometheus' files.
/// It holds the scrape credentials, which open every service of a project: never log it, never give it to a tenant.
/// </summary>
/// <param name="Projects">Every configured project, also those that Aiven has not shown yet; sorted by name.</param>
public sealed record TargetFeed([property: JsonRequired] IReadOnlyList<ProjectTargets> Projects);

/// <summary>The scrape targets of one Aiven project.</summary>
/// <param name="Project">The project's name.</param>
/// <param name="Ready">
/// False until Aiven has answered well once: discovery then keeps what it has. A project that is missing from the feed
/// altogether is no longer configured, and its targets go.
/// </param>
/// <param name="CaCertificate">PEM of the project's CA, which signs every node's certificate; null while not ready.</param>
/// <param name="ScrapeCredentials">Basic authentication for the metrics port; null while not ready.</param>
/// <param name="Services">The services to scrape, sorted by name.</param>
public sealed record ProjectTargets(
    [property: JsonRequired] string Project,
    [property: JsonRequired] bool Ready,
    string? CaCertificate,
    ScrapeCredentials? ScrapeCredentials,
    [property: JsonRequired] IReadOnlyList<ServiceTargets> Services
);

/// <summary>User and password of the project's <c>prometheus</c> integration endpoint.</summary>
/// <param name="Username">The user name.</param>
/// <param name="Password">The password, a secret.</param>
public sealed record ScrapeCredentials([property: JsonRequired] string Username, [property: JsonRequired] string Password)
{
    /// <summary>The user only, so that a record that is logged by mistake shows no password.</summary>
    public override string ToString() => $"ScrapeCredentials {{ Username = {Username} }}";
}

/// <summary>The hosts to scrape for one Aiven service and the target labels that identify it.</summary>
/// <param name="ServiceName">The Aiven service name.</param>
/// <param name="Hosts">Host names whose A records are the nodes; sorted.</param>
/// <param name="Labels">Target labels, as design decision 5 lists them; without <c>aiven_hostname</c>, which is per host.</param>
public sealed record ServiceTargets(
    [property: JsonRequired] string ServiceName,
    [property: JsonRequired] IReadOnlyList<ScrapeHost> Hosts,
    [property: JsonRequired] IReadOnlyDictionary<string, string> Labels
);

/// <summary>A host name whose A records are nodes with a metrics listener.</summary>
/// <param name="Host">The name, which is also what the nodes' certificates name.</param>
/// <param name="Port">The metrics port, 9273 on Aiven.</param>
/// <param name="Path">The metrics path, <c>/metrics</c> on Aiven.</param>
public sealed record ScrapeHost(
    [property: JsonRequired] string Host,
    [property: JsonRequired] int Port,
    [property: JsonRequired] string Path
);
