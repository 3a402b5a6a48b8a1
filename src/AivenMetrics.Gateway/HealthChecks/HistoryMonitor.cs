using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.Forwarding;
using AivenMetrics.Gateway.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Gateway.HealthChecks;

/// <summary>
/// Finds the gaps in the samples of each destination. It queries the destination itself: recent times at regular intervals and, in between,
/// the history, newest part first.
/// </summary>
/// <remarks>
/// 1. Query the newest sample at each time of a grid whose step is half of <see cref="FailoverOptions.StaleAfter"/>.
/// 2. If that sample is older than <see cref="FailoverOptions.StaleAfter"/>, there is a gap, which begins with that sample.
/// 3. Query the end of the newest few gaps of each part with a grid of a tenth of the step.
/// A part has <see cref="PointsPerPart"/> grid times, and the next one is queried only after a pause: a history of 15 days costs each
/// server about as much as a few dashboards. A part that fails, because the server is unavailable or returns an error, is queried again
/// later.
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
        options.Failover.TracksSamples && _window > 0 && destinations.All.Count > 1
            ? Task.WhenAll(destinations.All.Select(destination => WatchAsync(destination, stoppingToken)))
            : Task.CompletedTask;

    private async Task WatchAsync(Destination destination, CancellationToken stoppingToken)
    {
        var interval = options.Failover.StaleAfter < MaxInterval ? options.Failover.StaleAfter : MaxInterval;
        var unsearched = new UnsearchedHistory(PointsPerPart * _step, time);
        var (until, lookedAt) = (AlignToGrid(Now()), time.GetTimestamp());
        unsearched.Add(new(AlignToGrid(until - _window), until));
        Publish(destination, destination.Gaps, unsearched);
        var (waited, ended) = (false, false);
        try
        {
            while (true)
            {
                if (time.GetElapsedTime(lookedAt) >= interval)
                {
                    lookedAt = time.GetTimestamp();
                    until = await CheckRecentAsync(destination, unsearched, until, stoppingToken);
                }

                await CheckUnsearchedAsync(destination, unsearched, stoppingToken);
                if (!ended)
                {
                    (waited, ended) = LogProgress(destination, unsearched, waited);
                }
                await Task.Delay(Pause, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
    }

    /// <summary>Logs once that the history is postponed, and once its result.</summary>
    private (bool Waited, bool Ended) LogProgress(Destination destination, UnsearchedHistory unsearched, bool waited)
    {
        var waits = unsearched.HasFailed || (destination.Rank == Destination.FailedRank && !unsearched.IsEmpty);
        if (waits && !waited)
        {
            logger.HistoryPostponed(destination.Name);
        }
        var gaps = destination.Gaps;
        if (unsearched.IsEmpty && gaps.Length > 0)
        {
            logger.GapsFound(destination.Name, gaps.Length, gaps.Sum(gap => gap.To - gap.From) / 3_600_000d);
        }
        return (waited || waits, unsearched.IsEmpty);
    }

    /// <summary>Queries the time since the last check, with an overlap. Returns the end of the checked time.</summary>
    private async Task<long> CheckRecentAsync(
        Destination destination,
        UnsearchedHistory unsearched,
        long since,
        CancellationToken stoppingToken
    )
    {
        var until = AlignToGrid(Now());
        var part = new SampleGap(AlignToGrid(Math.Min(since, until) - (2 * _reach)), until);
        if (destination.IsUsable && part.To - part.From <= PointsPerPart * _step)
        {
            await CheckPartAsync(destination, unsearched, part, stoppingToken);
        }
        else
        {
            // The destination is unavailable, or this process was suspended for long. The time is queried later, newest first.
            unsearched.Add(part);
            Publish(destination, destination.Gaps, unsearched);
        }

        return until;
    }

    /// <summary>Queries one part of the unsearched history.</summary>
    private async Task CheckUnsearchedAsync(Destination destination, UnsearchedHistory unsearched, CancellationToken stoppingToken)
    {
        if (!destination.IsUsable)
        {
            unsearched.RetryAll();
        }
        else if (unsearched.NextPart() is { } part)
        {
            await CheckPartAsync(destination, unsearched, part, stoppingToken);
        }
    }

    private async Task CheckPartAsync(
        Destination destination,
        UnsearchedHistory unsearched,
        SampleGap part,
        CancellationToken stoppingToken
    )
    {
        if (await QueryNewestSamplesAsync(destination, part.From, part.To, _step, stoppingToken) is not { } newest)
        {
            unsearched.MarkFailed(part);
            Publish(destination, destination.Gaps, unsearched);
            return;
        }

        var found = GapFinder.FindGaps(newest, part.From, part.To, _step, _reach);
        for (var i = found.Count - 1; i >= Math.Max(0, found.Count - MaxRefinedGaps); i--)
        {
            // If the query fails, the ends stay coarse: waiting for each of them would delay the check of new times.
            if (await RefineAsync(destination, found[i], part.To, stoppingToken) is not { } refined)
            {
                break;
            }
            found[i] = refined;
        }

        unsearched.MarkKnown(part);
        Publish(destination, SampleGap.Subtract(destination.Gaps, new(part.From, part.To)).Concat(found), unsearched);
    }

    private void Publish(Destination destination, IEnumerable<SampleGap> known, UnsearchedHistory unsearched)
    {
        var oldest = AlignToGrid(Now() - _window);
        unsearched.DropBefore(oldest);
        var gaps = SampleGap.Union(known.Where(gap => gap.To > oldest && gap.To > gap.From));
        destinations.RecordGaps(destination, gaps.Length > MaxGaps ? gaps[^MaxGaps..] : gaps, unsearched.Unknown);
    }

    /// <summary>
    /// Returns a gap with a more precise end; null if the query fails. A gap that lasts until the end of the part ends in another part and
    /// is returned unchanged.
    /// </summary>
    private async Task<SampleGap?> RefineAsync(Destination destination, SampleGap gap, long to, CancellationToken stoppingToken)
    {
        if (gap.To > to)
        {
            return gap;
        }
        if (await QueryNewestSamplesAsync(destination, gap.To - _step, gap.To, Math.Max(1, _step / 10), stoppingToken) is not { } newest)
        {
            return null;
        }
        return gap with { To = GapFinder.FirstSampleAfter(newest, gap.From) ?? gap.To };
    }

    private async Task<Dictionary<long, long>?> QueryNewestSamplesAsync(
        Destination destination,
        long from,
        long to,
        long width,
        CancellationToken stoppingToken
    )
    {
        var query = HealthQueries.NewestSamples(options.Failover.FreshnessSelector, from, to, width);
        using var timeout = new UpstreamTimeout(QueryTimeout, time, stoppingToken);
        try
        {
            using var message = query.CreateMessage(destination, ForwardedHeaders.None);
            using var response = await invoker.SendAsync(message, timeout.Token);
            await response.Content.LoadIntoBufferAsync(MaxResponseBytes, timeout.Token);
            if (
                response.IsSuccessStatusCode
                && ProbeResponses.ParseNewestSamples(await response.Content.ReadAsByteArrayAsync(timeout.Token)) is { } newest
            )
            {
                return newest;
            }
            logger.HistoryQueryFailed(destination.Name, $"status {(int)response.StatusCode}");
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && timeout.HasExpired))
        {
            logger.HistoryQueryFailed(destination.Name, e.Message);
        }

        return null;
    }

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();

    private long AlignToGrid(long at) => at - (at % _step);
}
