using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Telemetry;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Gateway.Destinations;

/// <summary>
/// All Prometheus servers in the order of the configuration, the preferred one first, and the primary, which receives requests first.
/// </summary>
/// <remarks>
/// A better server replaces the primary at once: a reachable server replaces a failed one, and a server with fresh samples replaces a stale
/// one. An equally healthy server that precedes the primary in the configuration becomes primary again only after
/// <see cref="FailoverOptions.ReturnAfter"/>, counted from its recovery and from the last switch.
/// </remarks>
internal sealed class DestinationPool : IDisposable
{
    private readonly Destination[] _destinations;
    private readonly FailoverOptions _options;
    private readonly QueryEngine _engine;
    private readonly TimeProvider _time;
    private readonly ILogger<DestinationPool> _logger;
    private readonly Lock _selectionLock = new();
    private readonly Lock _historyLock = new();
    private volatile Destination[] _order;
    private volatile bool _haveDifferentGaps;
    private long? _switchedAt;
    private long _switches;
    private long _detours;

    public DestinationPool(GatewayOptions options, TimeProvider time, ILogger<DestinationPool> logger)
    {
        (_options, _engine, _time, _logger) = (options.Failover, options.Engine, time, logger);
        _destinations = [.. options.Prometheus.Select((url, index) => new Destination(index + 1, url, time))];
        _order = _destinations;
    }

    /// <summary>All destinations, in the order of the configuration.</summary>
    public IReadOnlyList<Destination> All => _destinations;

    /// <summary>The destination that receives requests first.</summary>
    public Destination Primary => _order[0];

    /// <summary>Whether at least one destination is usable.</summary>
    public bool AnyUsable => Array.Exists(_destinations, d => d.IsUsable);

    /// <summary>Returns whether at least one other destination is usable.</summary>
    public bool AnyOtherUsable(Destination destination) => Array.Exists(_destinations, d => d != destination && d.IsUsable);

    /// <summary>
    /// Whether one destination has samples that another does not have, so that the choice depends on the time range of a request.
    /// </summary>
    public bool HaveDifferentGaps => _haveDifferentGaps;

    /// <summary>The number of changes of the primary.</summary>
    public long Switches => Volatile.Read(ref _switches);

    /// <summary>The number of requests that another destination than the primary received first, because of a gap.</summary>
    public long Detours => Volatile.Read(ref _detours);

    /// <summary>
    /// Returns the destinations in the order to try. If the primary has more gaps in the time range of a request than another healthy
    /// destination, that one comes first. Unknown history counts as present for the primary and as missing for other destinations. The
    /// order therefore changes only if the gaps are certain.
    /// </summary>
    public Destination[] GetOrder(QueryWindow? window)
    {
        var current = _order;
        if (!_haveDifferentGaps || window is not { } range)
        {
            return current;
        }

        range = range with { From = Math.Max(range.From, HistoryStart()) };
        if (range.From > range.To)
        {
            return current;
        }
        var (best, least) = (0, SampleGap.MissingTime(current[0].Gaps, range));
        for (var i = 1; i < current.Length && least > TimeSpan.Zero; i++)
        {
            // The edges of gaps are inexact. Differences below a tenth of StaleAfter do not change the order.
            var missing = SampleGap.MissingTime(current[i].History.PossibleGaps, range);
            if (current[i].Rank == 0 && (missing == TimeSpan.Zero || missing < least - (_options.StaleAfter / 10)))
            {
                (best, least) = (i, missing);
            }
        }

        if (best == 0)
        {
            return current;
        }
        Interlocked.Increment(ref _detours);
        return [current[best], .. current.Where((_, index) => index != best)];
    }

    /// <summary>Records that a request found no connection. The next requests do not try this destination.</summary>
    public void RecordUnreachable(Destination destination, string detail) =>
        ApplyHealth(destination, DestinationHealth.Unreachable, detail);

    /// <summary>Records a response that is not that of a query engine.</summary>
    public void RecordFailure(Destination destination, string detail)
    {
        if (destination.CountFailure())
        {
            ApplyHealth(destination, DestinationHealth.Failing, detail);
        }
    }

    /// <summary>Records a successful probe.</summary>
    public void RecordProbeSuccess(Destination destination) => ApplyHealth(destination, DestinationHealth.Healthy, "");

    /// <summary>
    /// Records a failed probe. A running server responds to a probe at once, in contrast to a request, which may be heavy.
    /// </summary>
    public void RecordProbeFailure(Destination destination, DestinationHealth trouble, string detail)
    {
        ApplyHealth(destination, trouble, detail);
        if (trouble is DestinationHealth.Hung or DestinationHealth.Unreachable)
        {
            destination.CancelWaitingRequests();
        }
    }

    /// <summary>Records the engine that a destination reports. A difference from the configuration is logged once.</summary>
    public void RecordEngine(Destination destination, QueryEngine reportedEngine)
    {
        if (reportedEngine != _engine && destination.TryMarkEngineMismatch())
        {
            _logger.EngineMismatch(destination.Name, destination.Url, reportedEngine, _engine, reportedEngine);
        }
    }

    /// <summary>Records the age of the newest sample; null if there are no samples.</summary>
    public void RecordSampleAge(Destination destination, TimeSpan? age)
    {
        var isStale = age is null || age > _options.StaleAfter;
        lock (_selectionLock)
        {
            destination.UpdateSampleAge(age, isStale);
            SelectPrimary();
        }
    }

    /// <summary>Records the gaps of a destination, and the times of which the history is not known yet.</summary>
    public void RecordGaps(Destination destination, SampleGap[] gaps, SampleGap[] unknown)
    {
        // A separate lock: comparing many gaps takes a while, and a probe must not wait for it.
        lock (_historyLock)
        {
            destination.SetHistory(new(gaps, SampleGap.Union(gaps.Concat(unknown))));
            _haveDifferentGaps = SampleGap.Differ([.. _destinations.Select(d => d.History)], HistoryStart(), _options.StaleAfter / 10);
        }
    }

    /// <summary>
    /// Returns the lowest reported version, because clients must use only features that every server has; null if none is reported.
    /// </summary>
    public string? LowestVersion() => _destinations.Select(d => d.Version).OfType<string>().MinBy(System.Version.Parse);

    /// <summary>Describes, without addresses, why no destination responds; for tenants.</summary>
    public string DescribeForTenants() => string.Join(", ", _destinations.Select(d => $"{d.Name} {Describe(d.Health)}"));

    /// <summary>
    /// Describes the destinations that are not usable, with address and reason, for operators; empty if all are usable.
    /// </summary>
    public string DescribeUnusable() =>
        string.Join(
            ", ",
            _destinations
                .Where(d => !d.IsUsable)
                .Select(d =>
                    d.Health == DestinationHealth.Healthy
                        ? $"{d.Name} was not reached yet ({d.Url})"
                        : $"{d.Name} {Describe(d.Health)}: {d.Detail} ({d.Url})"
                )
        );

    public void Dispose() => Array.ForEach(_destinations, d => d.Dispose());

    /// <summary>
    /// Returns the start of the compared history, in milliseconds since 1970. Each server deletes older samples at a different time.
    /// </summary>
    private long HistoryStart() => (_time.GetUtcNow() - _options.HistoryWindow).ToUnixTimeMilliseconds();

    private void ApplyHealth(Destination destination, DestinationHealth trouble, string detail)
    {
        if (
            trouble == DestinationHealth.Healthy
            && destination.IsUsable
            && destination.Health is DestinationHealth.Healthy or DestinationHealth.Stale
            && _order == _destinations
        )
        {
            return;
        }
        lock (_selectionLock)
        {
            var before = destination.Health;
            destination.UpdateHealth(trouble, detail);
            if (trouble != DestinationHealth.Healthy && before is DestinationHealth.Healthy or DestinationHealth.Stale)
            {
                _logger.DestinationFailed(destination.Name, Describe(trouble), detail, destination.Url);
            }
            else if (trouble == DestinationHealth.Healthy && before is not (DestinationHealth.Healthy or DestinationHealth.Stale))
            {
                _logger.DestinationRecovered(destination.Name);
            }
            SelectPrimary();
        }
    }

    /// <summary>Selects the primary. The others follow, healthy ones first.</summary>
    private void SelectPrimary()
    {
        var present = _order[0];
        var best = _destinations.MinBy(d => d.Rank)!;
        var earlier = _destinations
            .TakeWhile(d => d != present)
            .FirstOrDefault(d => d.Rank <= present.Rank && d.TimeAtRank >= _options.ReturnAfter);
        var isBetter = best.Rank < present.Rank && (present.Health != DestinationHealth.Stale || best.NewestSampleAge is not null);
        var first =
            isBetter ? best
            : earlier is not null && (_switchedAt is not { } at || _time.GetElapsedTime(at) >= _options.ReturnAfter) ? earlier
            : present;
        if (first != present)
        {
            _switchedAt = _time.GetTimestamp();
            Interlocked.Increment(ref _switches);
            _logger.PrimaryChanged(
                present.Name,
                first.Name,
                present.Rank > first.Rank
                    ? $"{present.Name} {Describe(present.Health)}"
                    : $"{first.Name} has been healthy for {_options.ReturnAfter:c}"
            );
        }

        Destination[] now = [first, .. _destinations.Where(d => d != first).OrderBy(d => d.Rank)];
        _order = now.SequenceEqual(_destinations) ? _destinations : now;
    }

    private static string Describe(DestinationHealth trouble) =>
        trouble switch
        {
            DestinationHealth.Hung => "does not respond",
            DestinationHealth.Unreachable => "cannot be reached",
            DestinationHealth.NotReady => "is not ready",
            DestinationHealth.Failing => "does not respond as a query engine",
            DestinationHealth.Stale => "has no fresh samples",
            _ => "failed to respond to this request",
        };
}
