using AivenMetrics.Discovery.Files;
using AivenMetrics.Feed;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Discovery;

/// <summary>Runs a cycle when the feed changes and once per resolve interval; beside it the feed client and the reloads.</summary>
internal sealed class DiscoveryService(
    DiscoveryOptions options, FeedClient<TargetFeed> feed, DiscoveryCycle cycle, PrometheusReload reload, DiscoveryReadiness readiness,
    TimeProvider time, ILogger<DiscoveryService> logger, DiscoveryMetrics metrics) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // None of them ends before its token; if one fails, its exception must end the process and not wait for the others.
        Task[] loops = [feed.Run(stoppingToken), reload.Run(stoppingToken), Cycles(stoppingToken)];
        var first = await Task.WhenAny(loops);
        if (stoppingToken.IsCancellationRequested) await Task.WhenAll(loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first;
    }

    private async Task Cycles(CancellationToken cancellation)
    {
        var snapshot = await feed.WaitForChange(null, cancellation);
        while (true)
        {
            try
            {
                reload.Want(await cycle.Run(snapshot, cancellation));
                readiness.Confirm();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                metrics.CycleFailed("files");
                logger.LogError("The files cannot be written: {Reason} Next try in {Pause} s.", e.Message, options.ResolveInterval.TotalSeconds);
            }

            snapshot = await NextCycle(snapshot, cancellation);
        }
    }

    private async Task<FeedSnapshot<TargetFeed>> NextCycle(FeedSnapshot<TargetFeed> seen, CancellationToken cancellation)
    {
        using var interval = new CancellationTokenSource(options.ResolveInterval, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, interval.Token);
        try
        {
            return await feed.WaitForChange(seen, either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return feed.Current!;
        }
    }
}

/// <summary>Ready once the files have been written or confirmed from a good answer, live or from disk.</summary>
internal sealed class DiscoveryReadiness : IHealthCheck
{
    private volatile bool isConfirmed;

    public void Confirm() => isConfirmed = true;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(isConfirmed
            ? HealthCheckResult.Healthy("The files agree with a good answer of the feed.")
            : HealthCheckResult.Unhealthy("No files have been written or confirmed yet: there is no good answer of the feed, or the directory cannot be written."));
}
