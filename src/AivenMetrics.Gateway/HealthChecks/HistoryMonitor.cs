using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.Forwarding;
using AivenMetrics.Gateway.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Gateway.HealthChecks;

/// <summary>
/// Learns for which times each destination has no samples, from the destination itself: what is new at regular intervals, and in turn
/// with that the history backwards, the newest part first.
/// </summary>
/// <remarks>
/// 1. Ask for the newest sample at each time of a grid that is half of <see cref="FailoverOptions.StaleAfter"/> wide.
/// 2. Where that sample is older than <see cref="FailoverOptions.StaleAfter"/>, a hole is: it begins with that sample.
/// 3. Ask for its end with a grid of a tenth, for the newest few holes of each part.
/// A part is of <see cref="PointsPerPart"/> grid times, and the next one is asked for only after a pause: all of a fortnight costs each
/// Prometheus about what a few dashboards cost it. A part that cannot be had, because the server is away or fails, is unknown and is
/// asked for again later.
/// </remarks>
internal sealed class HistoryMonitor(
    DestinationPool destinations,
    HttpMessageInvoker invoker,
    GatewayOptions options,
    TimeProvider time,
    ILogger<HistoryMonitor> logger
) : BackgroundService
{
    private const int PointsPerPart = 500;
    private const int MaxResponseBytes = 1 << 20;
    private const int MaxRefinedGaps = 10;
    private const int MaxGaps = 1000;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan QueryTimeout = TimeSpan.FromSeconds(40);

    private readonly long _reach = (long)options.Failover.StaleAfter.TotalMilliseconds;
    private readonly long _step = (long)options.Failover.StaleAfter.TotalMilliseconds / 2;
    private readonly long _window = (long)options.Failover.HistoryWindow.TotalMilliseconds;

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        options.Failover.TracksSamples && _window > 0 && destinations.All().Count > 1
            ? Task.WhenAll(destinations.All().Select(destination => WatchAsync(destination, stoppingToken)))
            : Task.CompletedTask;

    private async Task WatchAsync(Destination destination, CancellationToken stoppingToken)
    {
        var interval = options.Failover.StaleAfter < MaxInterval ? options.Failover.StaleAfter : MaxInterval;
        var backlog = new HistoryBacklog(PointsPerPart * _step, time);
        var (until, lookedAt) = (AlignToGrid(Now()), time.GetTimestamp());
        backlog.Add(new(AlignToGrid(until - _window), until));
        Publish(destination, destination.Gaps, backlog);
        var (waited, ended) = (false, false);
        try
        {
            while (true)
            {
                if (time.GetElapsedTime(lookedAt) >= interval)
                {
                    lookedAt = time.GetTimestamp();
                    until = await CheckRecentAsync(destination, backlog, until, stoppingToken);
                }

                await CheckBacklogAsync(destination, backlog, stoppingToken);
                if (!ended)
                {
                    (waited, ended) = LogProgress(destination, backlog, waited);
                }
                await Task.Delay(Pause, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
    }

    /// <summary>Says once that the look back has to wait, and once what it found.</summary>
    private (bool Waited, bool Ended) LogProgress(Destination destination, HistoryBacklog backlog, bool waited)
    {
        var waits = backlog.HasFailed || (destination.Rank == Destination.FailedRank && !backlog.IsEmpty);
        if (waits && !waited)
        {
            logger.HistoryPostponed(destination.Name);
        }
        var gaps = destination.Gaps;
        if (backlog.IsEmpty && gaps.Length > 0)
        {
            logger.GapsFound(destination.Name, gaps.Length, gaps.Sum(gap => gap.To - gap.From) / 3_600_000d);
        }
        return (waited || waits, backlog.IsEmpty);
    }

    /// <summary>What came since a time, and the end of what was known, which may have changed. Returns the end of what it was about.</summary>
    private async Task<long> CheckRecentAsync(Destination destination, HistoryBacklog backlog, long since, CancellationToken stoppingToken)
    {
        var until = AlignToGrid(Now());
        var part = new SampleGap(AlignToGrid(Math.Min(since, until) - (2 * _reach)), until);
        if (destination.IsUsable && part.To - part.From <= PointsPerPart * _step)
        {
            await CheckPartAsync(destination, backlog, part, stoppingToken);
        }
        else
        {
            // It is away, or this process slept for long: looking back will come to it, newest first.
            backlog.Add(part);
            Publish(destination, destination.Gaps, backlog);
        }

        return until;
    }

    /// <summary>One part of what is not known.</summary>
    private async Task CheckBacklogAsync(Destination destination, HistoryBacklog backlog, CancellationToken stoppingToken)
    {
        if (!destination.IsUsable)
        {
            backlog.RetryAll();
        }
        else if (backlog.NextPart() is { } part)
        {
            await CheckPartAsync(destination, backlog, part, stoppingToken);
        }
    }

    private async Task CheckPartAsync(Destination destination, HistoryBacklog backlog, SampleGap part, CancellationToken stoppingToken)
    {
        if (await QueryNewestSamplesAsync(destination, part.From, part.To, _step, stoppingToken) is not { } newest)
        {
            backlog.MarkFailed(part);
            Publish(destination, destination.Gaps, backlog);
            return;
        }

        var found = GapFinder.FindGaps(newest, part.From, part.To, _step, _reach);
        for (var i = found.Count - 1; i >= Math.Max(0, found.Count - MaxRefinedGaps); i--)
        {
            // The ends stay coarse where that is not answered: waiting for each of them would hold up the look at what is new.
            if (await RefineAsync(destination, found[i], part.To, stoppingToken) is not { } refined)
            {
                break;
            }
            found[i] = refined;
        }

        backlog.MarkKnown(part);
        Publish(destination, SampleGap.Subtract(destination.Gaps, new(part.From, part.To)).Concat(found), backlog);
    }

    private void Publish(Destination destination, IEnumerable<SampleGap> known, HistoryBacklog backlog)
    {
        var oldest = AlignToGrid(Now() - _window);
        backlog.DropBefore(oldest);
        var gaps = SampleGap.Union(known.Where(gap => gap.To > oldest && gap.To > gap.From));
        destinations.RecordGaps(destination, gaps.Length > MaxGaps ? gaps[^MaxGaps..] : gaps, backlog.Unknown);
    }

    /// <summary>
    /// The same hole with an end that is known better; null if that cannot be had. One that lasts until the end of what was asked ends
    /// in another part.
    /// </summary>
    private async Task<SampleGap?> RefineAsync(Destination destination, SampleGap hole, long to, CancellationToken stoppingToken)
    {
        if (hole.To > to)
        {
            return hole;
        }
        if (await QueryNewestSamplesAsync(destination, hole.To - _step, hole.To, Math.Max(1, _step / 10), stoppingToken) is not { } newest)
        {
            return null;
        }
        return hole with { To = GapFinder.FirstSampleAfter(newest, hole.From) ?? hole.To };
    }

    private async Task<Dictionary<long, long>?> QueryNewestSamplesAsync(
        Destination destination,
        long from,
        long to,
        long width,
        CancellationToken stoppingToken
    )
    {
        var question = HealthQueries.NewestSamples(options.Failover.FreshnessSelector, from, to, width);
        using var deadline = new UpstreamTimeout(QueryTimeout, time, stoppingToken);
        try
        {
            using var message = question.CreateMessage(destination, ForwardedHeaders.None);
            using var response = await invoker.SendAsync(message, deadline.Token);
            await response.Content.LoadIntoBufferAsync(MaxResponseBytes, deadline.Token);
            if (
                response.IsSuccessStatusCode
                && ProbeResponses.ParseNewestSamples(await response.Content.ReadAsByteArrayAsync(deadline.Token)) is { } newest
            )
            {
                return newest;
            }
            logger.HistoryQueryFailed(destination.Name, $"status {(int)response.StatusCode}");
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && deadline.HasExpired))
        {
            logger.HistoryQueryFailed(destination.Name, e.Message);
        }

        return null;
    }

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();

    private long AlignToGrid(long at) => at - (at % _step);
}
