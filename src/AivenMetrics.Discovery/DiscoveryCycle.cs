using AivenMetrics.Discovery.Dns;
using AivenMetrics.Discovery.Files;
using AivenMetrics.Feed;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Discovery;

/// <summary>
/// One pass from the feed to the files:
/// 1. what does the feed want (<see cref="TargetPlanner"/>), 2. where are the nodes (<see cref="NodeResolver"/>), 3. what must not go
/// yet (<see cref="DropProtection"/>, and the jobs of <see cref="RemovedHosts"/>), 4. write what changed (<see cref="PrometheusFileWriter"/>), 5. remember it (<see cref="TargetPlanStore"/>).
/// Each pass starts from what is, so a pass that fails costs nothing but time.
/// </summary>
internal sealed class DiscoveryCycle(
    NodeResolver resolver,
    DropProtection holdBack,
    PrometheusFileWriter directory,
    TargetPlanStore store,
    TimeProvider time,
    ILogger<DiscoveryCycle> logger,
    DiscoveryMetrics metrics
)
{
    private TargetPlan? _written;
    private long _complainedAbout = -1;

    /// <summary>Runs one pass.</summary>
    /// <returns>The digest of the scrape jobs now on disk.</returns>
    /// <exception cref="IOException">The files cannot be written; what was not written is as before.</exception>
    /// <exception cref="UnauthorizedAccessException">As above.</exception>
    public async Task<string> RunAsync(FeedSnapshot<TargetFeed> feed, CancellationToken cancellationToken)
    {
        var previous = _written ??= LoadPreviousPlan();
        var wanted = TargetPlanner.CreatePlan(feed.Value, !feed.FromDisk, previous);
        LogValidationErrors(feed.Version, wanted.ValidationErrors);

        var addresses = await resolver.ResolveAsync(
            wanted.Plan.Projects.SelectMany(project => project.Hosts).Select(host => host.Host),
            cancellationToken
        );
        var candidate = TargetPlanner.WithAddresses(wanted.Plan, previous, addresses);

        var (plan, held) = holdBack.Apply(previous, candidate, time.GetUtcNow());
        foreach (var (project, count) in held)
        {
            metrics.RecordHeldBackCycle(project);
            logger.LogWarning("{Count} targets of project {Project} would go at once and are held back.", count, project);
        }

        plan = RemovedHosts.KeepJobs(previous, plan, time.GetUtcNow());
        plan = new([.. plan.Projects.Where(project => project.TargetCount > 0 || wanted.IsConfigured(project.Project))]);
        var digest = directory.Write(plan, wanted);
        store.Save(plan);
        _written = plan;
        metrics.RecordCycle(plan.Projects.ToDictionary(project => project.Project, project => project.TargetCount), time.GetUtcNow());
        return digest;
    }

    private TargetPlan LoadPreviousPlan()
    {
        var plan = store.Load();
        foreach (var host in plan.Projects.SelectMany(project => project.Hosts))
        {
            resolver.Restore(host.Host, host.Addresses);
        }
        return plan;
    }

    /// <summary>Once per answer of the broker, not once per cycle.</summary>
    private void LogValidationErrors(long version, IReadOnlyList<string> complaints)
    {
        if (_complainedAbout == version)
        {
            return;
        }
        _complainedAbout = version;
        foreach (var complaint in complaints)
        {
            logger.LogError("{Complaint}", complaint);
        }
    }
}
