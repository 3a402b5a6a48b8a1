namespace AivenMetrics.Discovery.Files;

/// <summary>
/// Keeps the scrape job of a host that has gone, without targets, for a while. When a target goes, Prometheus ends its series with
/// staleness markers, about two scrape intervals later; when its whole job goes, it writes none, and the last samples, <c>up</c> with 1
/// among them, stay the present for another five minutes (the lookback): a service that was deleted would look alive for so long.
/// </summary>
internal static class RemovedHosts
{
    /// <summary>How long a job stays: enough for scrape intervals of two minutes, and no longer than a sample would stay the present.</summary>
    public static readonly TimeSpan JobRetention = TimeSpan.FromMinutes(5);

    /// <summary>What is to be written, with the jobs that must stay.</summary>
    /// <param name="previous">What was written last.</param>
    /// <param name="next">What is wanted now.</param>
    /// <param name="now">The time of this cycle.</param>
    public static TargetPlan KeepJobs(TargetPlan previous, TargetPlan next, DateTimeOffset now) =>
        new([
            .. next.Projects.Select(project =>
                previous.FindProject(project.Project) is { } before ? KeepJobs(before, project, now) : project
            ),
        ]);

    /// <summary>The plan without hosts that have gone.</summary>
    public static TargetPlan WithoutRemovedHosts(TargetPlan plan) =>
        new([.. plan.Projects.Select(project => project with { Hosts = [.. project.Hosts.Where(host => host.GoneSince is null)] })]);

    private static ProjectPlan KeepJobs(ProjectPlan before, ProjectPlan project, DateTimeOffset now)
    {
        var present = project.Hosts.Select(host => host.Host).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var departed = before
            .Hosts.Where(host => !present.Contains(host.Host) && now - (host.GoneSince ?? now) < JobRetention)
            .Select(host => host with { Addresses = [], GoneSince = host.GoneSince ?? now });
        return project with { Hosts = [.. project.Hosts.Concat(departed).OrderBy(host => host.Host, StringComparer.Ordinal)] };
    }
}
