using System.Net;
using System.Text.Json.Serialization;

namespace AivenMetrics.Discovery.Files;

/// <summary>Everything that the files say, apart from secrets: what was written last, and what is to be written next.</summary>
/// <param name="Projects">Sorted by name.</param>
internal sealed record TargetPlan([property: JsonRequired] IReadOnlyList<ProjectPlan> Projects)
{
    public static readonly TargetPlan Empty = new([]);

    public ProjectPlan? FindProject(string project) => Projects.FirstOrDefault(p => p.Project == project);

    /// <summary>Whether a plan that was read from disk is one that could have been written.</summary>
    public bool IsValid() =>
        Projects.All(project =>
            project is not null
            && TargetPlanner.IsProjectName(project.Project)
            && project.Hosts.All(host =>
                host is not null && TargetPlanner.IsHostName(host.Host) && host.Addresses.All(address => IPAddress.TryParse(address, out _))
            )
            && project.Hosts.DistinctBy(host => host.Host, StringComparer.OrdinalIgnoreCase).Count() == project.Hosts.Count
        )
        && Projects.DistinctBy(project => project.Project, StringComparer.Ordinal).Count() == Projects.Count;

    public static TargetPlan Create(IEnumerable<ProjectPlan> projects) =>
        new([.. projects.OrderBy(p => p.Project, StringComparer.Ordinal)]);
}

/// <summary>The jobs and targets of one project.</summary>
/// <param name="Project">Its name, fit to be a file name.</param>
/// <param name="Username">The user name of the scrapes.</param>
/// <param name="Hosts">Sorted by host.</param>
internal sealed record ProjectPlan(
    [property: JsonRequired] string Project,
    [property: JsonRequired] string Username,
    [property: JsonRequired] IReadOnlyList<HostPlan> Hosts
)
{
    public int TargetCount => Hosts.Sum(host => host.Addresses.Count);
}

/// <summary>One job and its target group.</summary>
/// <param name="Host">The host name, which the nodes' certificates must name.</param>
/// <param name="Port">The metrics port.</param>
/// <param name="Path">The metrics path.</param>
/// <param name="Labels">The target labels from the feed, none empty.</param>
/// <param name="Addresses">IPv4 addresses in numerical order; may be empty.</param>
/// <param name="GoneSince">Since when the host has gone and only its job stays (<see cref="RemovedHosts"/>); null: it has not.</param>
internal sealed record HostPlan(
    [property: JsonRequired] string Host,
    [property: JsonRequired] int Port,
    [property: JsonRequired] string Path,
    [property: JsonRequired] IReadOnlyDictionary<string, string> Labels,
    [property: JsonRequired] IReadOnlyList<string> Addresses,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? GoneSince = null
);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    WriteIndented = true,
    NewLine = "\n"
)]
[JsonSerializable(typeof(TargetPlan))]
internal sealed partial class TargetPlanJson : JsonSerializerContext;
