using System.Text.Json.Serialization;

namespace AivenMetrics.Feed;

/// <summary>Scrape targets for Prometheus, grouped by Aiven project.</summary>
/// <remarks>
/// The response of the broker to <c>GET /feed/v1/targets</c>. It contains the scrape credentials of all projects: do not log it and do not
/// give it to tenants.
/// </remarks>
/// <param name="Projects">All configured projects, sorted by name.</param>
public sealed record TargetFeed([property: JsonRequired] IReadOnlyList<ProjectTargets> Projects);

/// <summary>The scrape targets of an Aiven project.</summary>
/// <remarks>A project that is absent from the feed is no longer configured; discovery removes its targets.</remarks>
/// <param name="Project">Name of the project.</param>
/// <param name="Ready">False until the broker has read the project once. Readers then keep their last good targets.</param>
/// <param name="CaCertificate">CA certificate of the project, in PEM format; absent until ready.</param>
/// <param name="ScrapeCredentials">Credentials for the metrics ports; absent until ready.</param>
/// <param name="Services">The services to scrape, sorted by name.</param>
public sealed record ProjectTargets(
    [property: JsonRequired] string Project,
    [property: JsonRequired] bool Ready,
    string? CaCertificate,
    ScrapeCredentials? ScrapeCredentials,
    [property: JsonRequired] IReadOnlyList<ServiceTargets> Services
);

/// <summary>Basic authentication for the metrics ports of a project.</summary>
/// <param name="Username">User name.</param>
/// <param name="Password">Password. A secret.</param>
public sealed record ScrapeCredentials([property: JsonRequired] string Username, [property: JsonRequired] string Password)
{
    /// <summary>Returns the user name without the password, which must not appear in logs.</summary>
    public override string ToString() => $"ScrapeCredentials {{ Username = {Username} }}";
}

/// <summary>The hosts of an Aiven service, and the labels of its targets.</summary>
/// <param name="ServiceName">Name of the Aiven service.</param>
/// <param name="Hosts">Hosts to resolve; each address is one node. Sorted by name.</param>
/// <param name="Labels">Target labels, without aiven_hostname, which differs per host.</param>
public sealed record ServiceTargets(
    [property: JsonRequired] string ServiceName,
    [property: JsonRequired] IReadOnlyList<ScrapeHost> Hosts,
    [property: JsonRequired] IReadOnlyDictionary<string, string> Labels
);

/// <summary>A host name whose addresses (A records) are nodes with a metrics listener.</summary>
/// <param name="Host">Host name; the certificates of the nodes are issued for it.</param>
/// <param name="Port">Port of the metrics listener.</param>
/// <param name="Path">Path of the metrics.</param>
public sealed record ScrapeHost(
    [property: JsonRequired] string Host,
    [property: JsonRequired] int Port,
    [property: JsonRequired] string Path
);
