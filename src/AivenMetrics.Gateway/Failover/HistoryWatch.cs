using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Gateway.Failover;

/// <summary>
/// Learns for which times each destination has no samples, from the destination itself: at the start backwards through the history, the
/// newest part first, and from then on what is new.
/// </summary>
/// <remarks>
/// 1. Ask for the newest sample at each time of a grid that is half of <see cref="FailoverOptions.StaleAfter"/> wide.
/// 2. Where that sample is older than <see cref="FailoverOptions.StaleAfter"/>, a hole is: it begins with that sample.
/// 3. Ask for its end with a grid of a tenth, for the newest few holes of each part.
/// A part is of <see cref="PartLength"/> grid times, and the next one is asked for only after a pause: all of a fortnight costs each
/// Prometheus about what a few dashboards cost it.
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
        try
        {
            while (!destination.IsUsable)
                await Task.Delay(Pause, time, stoppingToken);
            var known = Now();
            await LookBackAsync(destination, known, stoppingToken);
            while (true)
            {
                if (destination.IsUsable)
                    known = await LookAtNewAsync(destination, known, stoppingToken);
                var interval = options.Failover.StaleAfter < IntervalMax ? options.Failover.StaleAfter : IntervalMax;
                await Task.Delay(interval, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
    }

    /// <summary>Everything until a time, the newest part first. A part that cannot be had is taken to have no hole.</summary>
    private async Task LookBackAsync(Destination destination, long until, CancellationToken stoppingToken)
    {
        var oldest = OnGrid(until - window);
        for (var to = OnGrid(until); to > oldest; to -= PartLength * step)
        {
            await LookAtAsync(destination, Math.Max(oldest, to - (PartLength * step)), to, stoppingToken);
            await Task.Delay(Pause, time, stoppingToken);
        }

        var gaps = destination.Gaps;
        if (gaps.Length > 0)
            logger.GapsFound(destination.Name, gaps.Length, gaps.Sum(gap => gap.To - gap.From) / 3_600_000d);
    }

    /// <summary>What came since a time, and the end of what was known, which may have changed. Returns until when all is known now.</summary>
    private async Task<long> LookAtNewAsync(Destination destination, long since, CancellationToken stoppingToken)
    {
        var until = OnGrid(Now());
        for (var from = OnGrid(since - (2 * reach)); from < until; from += PartLength * step)
        {
            if (!await LookAtAsync(destination, from, Math.Min(until, from + (PartLength * step)), stoppingToken))
                return from;
        }

        return until;
    }

    private async Task<bool> LookAtAsync(Destination destination, long from, long to, CancellationToken stoppingToken)
    {
        if (await NewestAsync(destination, from, to, step, stoppingToken) is not { } newest)
            return false;
        var found = HistoryGrid.Holes(newest, from, to, step, reach);
        for (var i = Math.Max(0, found.Count - RefinedMax); i < found.Count; i++)
            found[i] = await RefineAsync(destination, found[i], to, stoppingToken);
        Take(destination, found, from, to);
        return true;
    }

    private void Take(Destination destination, List<Gap> found, long from, long to)
    {
        var oldest = Now() - window;
        var gaps = Gap.Union(Gap.Without(destination.Gaps, new(from, to)).Concat(found).Where(gap => gap.To > oldest && gap.To > gap.From));
        destinations.Lacks(destination, gaps.Length > GapsMax ? gaps[^GapsMax..] : gaps);
    }

    /// <summary>The same hole with an end that is known better. One that lasts until the end of what was asked ends in another part.</summary>
    private async Task<Gap> RefineAsync(Destination destination, Gap hole, long to, CancellationToken stoppingToken)
    {
        if (hole.To > to || await NewestAsync(destination, hole.To - step, hole.To, Math.Max(1, step / 10), stoppingToken) is not { } newest)
            return hole;
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
