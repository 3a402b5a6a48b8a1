using AivenMetrics.Discovery.Files;
using AivenMetrics.Feed;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Discovery;

/// <summary>Runs a cycle when the feed changes and at least once per resolve interval. Also runs the feed client and the reloads.</summary>
internal sealed class DiscoveryService(
    DiscoveryOptions options,
    FeedClient<TargetFeed> feed,
    DiscoveryCycle cycle,
    PrometheusReloader reload,
    DiscoveryHealthCheck readiness,
    TimeProvider time,
    ILogger<DiscoveryService> logger,
    DiscoveryMetrics metrics
) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Each loop runs until cancelled. If one fails, its exception must end the process without waiting for the others.
        Task[] loops = [feed.RunAsync(stoppingToken), reload.RunAsync(stoppingToken), RunCyclesAsync(stoppingToken)];
        var first = await Task.WhenAny(loops);
        if (stoppingToken.IsCancellationRequested)
        {
            await Task.WhenAll(loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await first;
    }

    private async Task RunCyclesAsync(CancellationToken cancellationToken)
    {
        var snapshot = await feed.WaitForChangeAsync(null, cancellationToken);
        while (true)
        {
            try
            {
                reload.RequestReload(await cycle.RunAsync(snapshot, cancellationToken));
                readiness.MarkReady();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                metrics.RecordCycleFailure("files");
                logger.CycleFailed(e.Message, options.ResolveInterval.TotalSeconds);
            }

            snapshot = await WaitForNextCycleAsync(snapshot, cancellationToken);
        }
    }

    private async Task<FeedSnapshot<TargetFeed>> WaitForNextCycleAsync(FeedSnapshot<TargetFeed> seen, CancellationToken cancellationToken)
    {
        using var interval = new CancellationTokenSource(options.ResolveInterval, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, interval.Token);
        try
        {
            return await feed.WaitForChangeAsync(seen, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return feed.Current!;
        }
    }
}

/// <summary>Healthy after the files have been written or confirmed from a good response, live or from disk.</summary>
internal sealed class DiscoveryHealthCheck : IHealthCheck
{
    private volatile bool _isConfirmed;

    public void MarkReady() => _isConfirmed = true;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(
            _isConfirmed
                ? HealthCheckResult.Healthy("The files are up to date with a response of the feed.")
                : HealthCheckResult.Unhealthy(
                    "The files have not been written yet: there is no valid response of the feed, or the directory is not writable."
                )
        );
}
