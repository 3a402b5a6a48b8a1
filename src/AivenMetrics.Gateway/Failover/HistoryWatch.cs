using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Gateway.Failover;

/// <summary>
/// Learns for which times each destination has no samples, from the destination itself: what is new at regular intervals, and in turn
/// with that the history backwards, the newest part first.
/// </summary>
/// <remarks>
/// 1. Ask for the newest sample at each time of a grid that is half of <see cref="FailoverOptions.StaleAfter"/> wide.
/// 2. Where that sample is older than <see cref="FailoverOptions.StaleAfter"/>, a hole is: it begins with that sample.
/// 3. Ask for its end with a grid of a tenth, for the newest few holes of each part.
/// A part is of <see cref="PartLength"/> grid times, and the next one is asked for only after a pause: all of a fortnight costs each
/// Prometheus about what a few dashboards cost it. A part that cannot be had, because the server is away or fails, is unknown and is
/// asked for again later.
/// </remarks>
internal sealed class HistoryWatch(
    Destinations destinations, HttpMessageInvoker invoker, GatewayOptions options, TimeProvider time, ILogger<HistoryWatch> logger) : BackgroundService
{
    private const int PartLength = 500;
    private const int AnswerLengthMax = 1 << 20;
    private const int RefinedMax = 10;
    private const int GapsMax = 1000;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan IntervalMax = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private readonly long reach = (long)options.Failover.StaleAfter.TotalMilliseconds;
    private readonly long step = (long)options.Failover.StaleAfter.TotalMilliseconds / 2;
    private readonly long window = (long)options.Failover.HistoryWindow.TotalMilliseconds;

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        options.Failover.WatchesSamples && window > 0 && destinations.Ordered().Count > 1
            ? Task.WhenAll(destinations.Ordered().Select(destination => WatchAsync(destination, stoppingToken)))
            : Task.CompletedTask;

    private async Task WatchAsync(Destination destination, CancellationToken stoppingToken)
    {
        var interval = options.Failover.StaleAfter < IntervalMax ? options.Failover.StaleAfter : IntervalMax;
        var backlog = new HistoryBacklog(PartLength * step, time);
        var (until, lookedAt) = (OnGrid(Now()), time.GetTimestamp());
        backlog.Add(new(OnGrid(until - window), until));
        Publish(destination, destination.Gaps, backlog);
        var (waited, ended) = (false, false);
        try
        {
            while (true)
            {
                if (time.GetElapsedTime(lookedAt) >= interval)
                {
                    lookedAt = time.GetTimestamp();
                    until = await LookAtNewAsync(destination, backlog, until, stoppingToken);
                }

                await LookBackAsync(destination, backlog, stoppingToken);
                if (!ended)
                    (waited, ended) = Tell(destination, backlog, waited);
                await Task.Delay(Pause, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
    }

    /// <summary>Says once that the look back has to wait, and once what it found.</summary>
    private (bool Waited, bool Ended) Tell(Destination destination, HistoryBacklog backlog, bool waited)
    {
        var waits = backlog.HasFailed || (destination.Rank == Destination.FailedRank && !backlog.IsEmpty);
        if (waits && !waited)
            logger.HistoryWaits(destination.Name);
        var gaps = destination.Gaps;
        if (backlog.IsEmpty && gaps.Length > 0)
            logger.GapsFound(destination.Name, gaps.Length, gaps.Sum(gap => gap.To - gap.From) / 3_600_000d);
        return (waited || waits, backlog.IsEmpty);
    }

    /// <summary>What came since a time, and the end of what was known, which may have changed. Returns the end of what it was about.</summary>
    private async Task<long> LookAtNewAsync(Destination destination, HistoryBacklog backlog, long since, CancellationToken stoppingToken)
    {
        var until = OnGrid(Now());
        var part = new Gap(OnGrid(Math.Min(since, until) - (2 * reach)), until);
        if (destination.IsUsable && part.To - part.From <= PartLength * step)
        {
            await LookAtAsync(destination, backlog, part, stoppingToken);
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
    private async Task LookBackAsync(Destination destination, HistoryBacklog backlog, CancellationToken stoppingToken)
    {
        if (!destination.IsUsable)
            backlog.AskAnew();
        else if (backlog.Next() is { } part)
            await LookAtAsync(destination, backlog, part, stoppingToken);
    }

    private async Task LookAtAsync(Destination destination, HistoryBacklog backlog, Gap part, CancellationToken stoppingToken)
    {
        if (await NewestAsync(destination, part.From, part.To, step, stoppingToken) is not { } newest)
        {
            backlog.Failed(part);
            Publish(destination, destination.Gaps, backlog);
            return;
        }

        var found = HistoryGrid.Holes(newest, part.From, part.To, step, reach);
        for (var i = found.Count - 1; i >= Math.Max(0, found.Count - RefinedMax); i--)
        {
            // The ends stay coarse where that is not answered: waiting for each of them would hold up the look at what is new.
            if (await RefineAsync(destination, found[i], part.To, stoppingToken) is not { } refined)
                break;
            found[i] = refined;
        }

        backlog.Seen(part);
        Publish(destination, Gap.Without(destination.Gaps, new(part.From, part.To)).Concat(found), backlog);
    }

    private void Publish(Destination destination, IEnumerable<Gap> known, HistoryBacklog backlog)
    {
        var oldest = OnGrid(Now() - window);
        backlog.Forget(oldest);
        var gaps = Gap.Union(known.Where(gap => gap.To > oldest && gap.To > gap.From));
        destinations.Lacks(destination, gaps.Length > GapsMax ? gaps[^GapsMax..] : gaps, backlog.Unknown);
    }

    /// <summary>
    /// The same hole with an end that is known better; null if that cannot be had. One that lasts until the end of what was asked ends
    /// in another part.
    /// </summary>
    private async Task<Gap?> RefineAsync(Destination destination, Gap hole, long to, CancellationToken stoppingToken)
    {
        if (hole.To > to)
            return hole;
        if (await NewestAsync(destination, hole.To - step, hole.To, Math.Max(1, step / 10), stoppingToken) is not { } newest)
            return null;
        return hole with { To = HistoryGrid.FirstBehind(newest, hole.From) ?? hole.To };
    }

    private async Task<Dictionary<long, long>?> NewestAsync(Destination destination, long from, long to, long width, CancellationToken stoppingToken)
    {
        var question = SampleQuestions.Newest(options.Failover.FreshnessSelector, from, to, width);
        using var deadline = new Deadline(Patience, time, stoppingToken);
        try
        {
            using var message = question.For(destination, ForwardedHeaders.None);
            using var response = await invoker.SendAsync(message, deadline.Token);
            await response.Content.LoadIntoBufferAsync(AnswerLengthMax, deadline.Token);
            if (response.IsSuccessStatusCode && ProbeAnswers.Newest(await response.Content.ReadAsByteArrayAsync(deadline.Token)) is { } newest)
                return newest;
            logger.HistoryUnknown(destination.Name, $"status {(int)response.StatusCode}");
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && deadline.Passed))
        {
            logger.HistoryUnknown(destination.Name, e.Message);
        }

        return null;
    }

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();

    private long OnGrid(long at) => at - (at % step);
}
