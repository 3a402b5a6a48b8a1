namespace AivenMetrics.Discovery.Files;

/// <summary>
/// Keeps the scrape job of a removed host, without targets, for some time. When a target is removed, Prometheus writes staleness markers
/// about two scrape intervals later. When a whole job is removed, it writes none. The last samples, including <c>up</c> with 1, then remain
/// visible for the lookback of 5 minutes, as if the service still existed.
/// </summary>
internal static class RemovedHosts
{
    /// <summary>
    /// Time for which the job remains: 5 minutes. This is enough for scrape intervals of 2 minutes and not longer than the lookback.
    /// </summary>
    public static readonly TimeSpan JobRetention = TimeSpan.FromMinutes(5);

    /// <summary>Returns the next plan with the jobs that must remain.</summary>
    /// <param name="previous">The plan that was written last.</param>
    /// <param name="next">The next plan.</param>
    /// <param name="now">The time of this cycle.</param>
    public static TargetPlan KeepJobs(TargetPlan previous, TargetPlan next, DateTimeOffset now) =>
        new([
            .. next.Projects.Select(project =>
                previous.FindProject(project.Project) is { } before ? KeepJobs(before, project, now) : project
            ),
        ]);

    /// <summary>Returns the plan without removed hosts.</summary>
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
