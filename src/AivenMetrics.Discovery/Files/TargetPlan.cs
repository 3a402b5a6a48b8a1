using System.Net;
using System.Text.Json.Serialization;

namespace AivenMetrics.Discovery.Files;

/// <summary>The complete content of the files, except for secrets.</summary>
/// <param name="Projects">The projects, sorted by name.</param>
internal sealed record TargetPlan([property: JsonRequired] IReadOnlyList<ProjectPlan> Projects)
{
    public static readonly TargetPlan Empty = new([]);

    public ProjectPlan? FindProject(string project) => Projects.FirstOrDefault(p => p.Project == project);

    /// <summary>Returns true if a plan from disk is valid.</summary>
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
/// <param name="Project">The project's name, which is valid as a file name.</param>
/// <param name="Username">The user name for scrapes.</param>
/// <param name="Hosts">The hosts, sorted by name.</param>
internal sealed record ProjectPlan(
    [property: JsonRequired] string Project,
    [property: JsonRequired] string Username,
    [property: JsonRequired] IReadOnlyList<HostPlan> Hosts
)
{
    public int TargetCount => Hosts.Sum(host => host.Addresses.Count);
}

/// <summary>One job and its target group.</summary>
/// <param name="Host">The host name. The certificates of the nodes must contain it.</param>
/// <param name="Port">The metrics port.</param>
/// <param name="Path">The metrics path.</param>
/// <param name="Labels">The target labels from the feed, without empty values.</param>
/// <param name="Addresses">IPv4 addresses in numerical order; may be empty.</param>
/// <param name="GoneSince">
/// The time at which the host was removed and only its job remains (<see cref="RemovedHosts"/>); null for other hosts.
/// </param>
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
