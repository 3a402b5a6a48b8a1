using System.Text.Json.Serialization;

namespace AivenMetrics.Feed;

/// <summary>
/// The broker's response to <c>GET /feed/v1/targets</c>: all data for Prometheus' files. It contains scrape credentials, which give access
/// to every service of a project. Never log it or return it to a tenant.
/// </summary>
/// <param name="Projects">Every configured project, including projects that Aiven has not reported yet; sorted by name.</param>
public sealed record TargetFeed([property: JsonRequired] IReadOnlyList<ProjectTargets> Projects);

/// <summary>The scrape targets of one Aiven project.</summary>
/// <param name="Project">The project's name.</param>
/// <param name="Ready">
/// False until the first successful response from Aiven; discovery then keeps its files. If a project is missing from the feed, it is no
/// longer configured and its targets are removed.
/// </param>
/// <param name="CaCertificate">PEM of the project's CA, which signs the certificates of all nodes; null while not ready.</param>
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
    /// <summary>Returns the user name without the password, which must not appear in logs.</summary>
    public override string ToString() => $"ScrapeCredentials {{ Username = {Username} }}";
}

/// <summary>The hosts of one Aiven service and the target labels that identify it.</summary>
/// <param name="ServiceName">The name of the Aiven service.</param>
/// <param name="Hosts">Host names whose A records are the addresses of the nodes; sorted.</param>
/// <param name="Labels">
/// Target labels, listed in docs/decisions/0001-founding-decisions.md, section 5. Excluded is <c>aiven_hostname</c>, which differs per
/// host.
/// </param>
public sealed record ServiceTargets(
    [property: JsonRequired] string ServiceName,
    [property: JsonRequired] IReadOnlyList<ScrapeHost> Hosts,
    [property: JsonRequired] IReadOnlyDictionary<string, string> Labels
);

/// <summary>A host name whose A records are nodes with a metrics listener.</summary>
/// <param name="Host">The host name. The certificates of the nodes contain it.</param>
/// <param name="Port">The metrics port, 9273 on Aiven.</param>
/// <param name="Path">The metrics path, <c>/metrics</c> on Aiven.</param>
public sealed record ScrapeHost(
    [property: JsonRequired] string Host,
    [property: JsonRequired] int Port,
    [property: JsonRequired] string Path
);
