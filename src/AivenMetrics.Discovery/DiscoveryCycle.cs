using AivenMetrics.Discovery.Dns;
using AivenMetrics.Discovery.Files;
using AivenMetrics.Feed;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Discovery;

/// <summary>
/// One pass from the feed to the files:
/// 1. what does the feed want (<see cref="Planner"/>), 2. where are the nodes (<see cref="NodeResolver"/>), 3. what must not go
/// yet (<see cref="HoldBack"/>, and the jobs of <see cref="DepartedHosts"/>), 4. write what changed (<see cref="TargetDirectory"/>), 5. remember it (<see cref="PlanStore"/>).
/// Each pass starts from what is, so a pass that fails costs nothing but time.
/// </summary>
internal sealed class DiscoveryCycle(
    NodeResolver resolver, HoldBack holdBack, TargetDirectory directory, PlanStore store, TimeProvider time,
    ILogger<DiscoveryCycle> logger, DiscoveryMetrics metrics)
{
    private Plan? written;
    private long complainedAbout = -1;

    /// <summary>Runs one pass.</summary>
    /// <returns>The digest of the scrape jobs now on disk.</returns>
    /// <exception cref="IOException">The files cannot be written; what was not written is as before.</exception>
    /// <exception cref="UnauthorizedAccessException">As above.</exception>
    public async Task<string> Run(FeedSnapshot<TargetFeed> feed, CancellationToken cancellation)
    {
        var previous = written ??= Recall();
        var wanted = Planner.Want(feed.Value, !feed.FromDisk, previous);
        Complain(feed.Version, wanted.Complaints);

        var addresses = await resolver.Resolve(wanted.Plan.Projects.SelectMany(project => project.Hosts).Select(host => host.Host), cancellation);
        var candidate = Planner.Locate(wanted.Plan, previous, addresses);

        var (plan, held) = holdBack.Apply(previous, candidate, time.GetUtcNow());
        foreach (var (project, count) in held)
        {
            metrics.HeldBack(project);
            logger.LogWarning("{Count} targets of project {Project} would go at once and are held back.", count, project);
        }

        plan = DepartedHosts.Keep(previous, plan, time.GetUtcNow());
        plan = new([.. plan.Projects.Where(project => project.TargetCount > 0 || wanted.Configured(project.Project))]);
        var digest = directory.Write(plan, wanted);
        store.Save(plan);
        written = plan;
        metrics.Confirmed(plan.Projects.ToDictionary(project => project.Project, project => project.TargetCount), time.GetUtcNow());
        return digest;
    }

    private Plan Recall()
    {
        var plan = store.Load();
        foreach (var host in plan.Projects.SelectMany(project => project.Hosts)) resolver.Remember(host.Host, host.Addresses);
        return plan;
    }

    /// <summary>Once per answer of the broker, not once per cycle.</summary>
    private void Complain(long version, IReadOnlyList<string> complaints)
    {
        if (complainedAbout == version) return;
        complainedAbout = version;
        foreach (var complaint in complaints) logger.LogError("{Complaint}", complaint);
    }
}
