using AivenMetrics.Discovery.Dns;
using AivenMetrics.Discovery.Files;
using AivenMetrics.Feed;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Discovery;

/// <summary>
/// One pass from the feed to the files. A failed pass leaves no partial state; the next pass starts from the files on disk.
/// </summary>
/// <remarks>
/// 1. <see cref="TargetPlanner"/> derives the plan from the feed.
/// 2. <see cref="NodeResolver"/> resolves the nodes.
/// 3. <see cref="DropProtection"/> and <see cref="RemovedHosts"/> add the targets and jobs that must remain for now.
/// 4. <see cref="PrometheusFileWriter"/> writes the files that changed.
/// 5. <see cref="TargetPlanStore"/> saves the plan.
/// </remarks>
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
    private long _loggedVersion = -1;

    /// <summary>Runs one pass.</summary>
    /// <returns>The digest of the scrape jobs on disk.</returns>
    /// <exception cref="IOException">The files cannot be written. Files that were not written are unchanged.</exception>
    /// <exception cref="UnauthorizedAccessException">
    /// The process has no permission to write. Files that were not written are unchanged.
    /// </exception>
    public async Task<string> RunAsync(FeedSnapshot<TargetFeed> feed, CancellationToken cancellationToken)
    {
        var previous = _written ??= LoadPreviousPlan();
        var desired = TargetPlanner.CreatePlan(feed.Value, !feed.FromDisk, previous);
        LogValidationErrors(feed.Version, desired.ValidationErrors);

        var addresses = await resolver.ResolveAsync(
            desired.Plan.Projects.SelectMany(project => project.Hosts).Select(host => host.Host),
            cancellationToken
        );
        var candidate = TargetPlanner.WithAddresses(desired.Plan, previous, addresses);

        var (plan, held) = holdBack.Apply(previous, candidate, time.GetUtcNow());
        foreach (var (project, count) in held)
        {
            metrics.RecordHeldBackCycle(project);
            logger.TargetsHeldBack(count, project);
        }

        plan = RemovedHosts.KeepJobs(previous, plan, time.GetUtcNow());
        plan = new([.. plan.Projects.Where(project => project.TargetCount > 0 || desired.IsConfigured(project.Project))]);
        var digest = directory.Write(plan, desired);
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

    /// <summary>Logs the validation errors once per response of the broker, not once per cycle.</summary>
    private void LogValidationErrors(long version, IReadOnlyList<string> errors)
    {
        if (_loggedVersion == version)
        {
            return;
        }
        _loggedVersion = version;
        foreach (var error in errors)
        {
            logger.FeedInvalid(error);
        }
    }
}
