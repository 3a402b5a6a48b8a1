using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Telemetry;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Gateway.Destinations;

/// <summary>
/// All Prometheus servers in the order of the configuration, the usual one first, and which of them is asked first at present.
/// </summary>
/// <remarks>
/// The present one is left at once for one that is better: reachable rather than failed, fresh rather than stale. One that comes before
/// it in the configuration and is as well gets the place back only after <see cref="FailoverOptions.ReturnAfter"/>, counted from its
/// recovery and from the last switch.
/// </remarks>
internal sealed class DestinationPool : IDisposable
{
    private readonly Destination[] _configured;
    private readonly FailoverOptions _options;
    private readonly QueryEngine _engine;
    private readonly TimeProvider _time;
    private readonly ILogger<DestinationPool> _logger;
    private readonly Lock _reviewing = new();
    private readonly Lock _learning = new();
    private volatile Destination[] _order;
    private volatile bool _gapsDiffer;
    private long? _switchedAt;
    private long _switches;
    private long _detours;

    public DestinationPool(GatewayOptions options, TimeProvider time, ILogger<DestinationPool> logger)
    {
        (this._options, _engine, this._time, this._logger) = (options.Failover, options.Engine, time, logger);
        _configured = [.. options.Prometheus.Select((url, index) => new Destination(index + 1, url, time))];
        _order = _configured;
    }

    /// <summary>In the order of the configuration.</summary>
    public IReadOnlyList<Destination> All() => _configured;

    /// <summary>The one that is asked first at present.</summary>
    public Destination Primary => _order[0];

    /// <summary>At least one is usable as far as is known.</summary>
    public bool AnyUsable => Array.Exists(_configured, d => d.IsUsable);

    /// <summary>At least one other is usable as far as is known.</summary>
    public bool AnyOtherUsable(Destination destination) => Array.Exists(_configured, d => d != destination && d.IsUsable);

    /// <summary>One lacks samples that another has: then it is worth knowing what time a request asks about.</summary>
    public bool HaveDifferentGaps => _gapsDiffer;

    /// <summary>How often another became the first to be asked.</summary>
    public long Switches => Volatile.Read(ref _switches);

    /// <summary>How many requests went to another than the first because that lacks samples they ask for.</summary>
    public long Detours => Volatile.Read(ref _detours);

    /// <summary>
    /// In the order to try. For a request that asks about a time of which the first one lacks more than another that is well, that one
    /// comes before it. What is not known of the first one's history speaks for it, and what is not known of another's against that one:
    /// until enough is known to be sure, the order is the one without history.
    /// </summary>
    public Destination[] GetOrder(QueryWindow? window)
    {
        var current = _order;
        if (!_gapsDiffer || window is not { } asked)
        {
            return current;
        }

        asked = asked with { From = Math.Max(asked.From, HistoryStart()) };
        if (asked.From > asked.To)
        {
            return current;
        }
        var (best, least) = (0, SampleGap.MissingTime(current[0].Gaps, asked));
        for (var i = 1; i < current.Length && least > TimeSpan.Zero; i++)
        {
            // Edges of holes are known to a part of the time that counts as one: of two that both have a hole, a little less is no reason.
            var missing = SampleGap.MissingTime(current[i].History.PossibleGaps, asked);
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

    /// <summary>A request found no connection: the next ones need not try.</summary>
    public void RecordUnreachable(Destination destination, string detail) =>
        ApplyHealth(destination, DestinationHealth.Unreachable, detail);

    /// <summary>A request got something else than an answer of a query engine.</summary>
    public void RecordFailure(Destination destination, string detail)
    {
        if (destination.CountFailure())
        {
            ApplyHealth(destination, DestinationHealth.Failing, detail);
        }
    }

    /// <summary>A probe was answered.</summary>
    public void RecordProbeSuccess(Destination destination) => ApplyHealth(destination, DestinationHealth.Healthy, "");

    /// <summary>A probe failed: unlike a request, which may be heavy, it is answered at once by a server that lives.</summary>
    public void RecordProbeFailure(Destination destination, DestinationHealth trouble, string detail)
    {
        ApplyHealth(destination, trouble, detail);
        if (trouble is DestinationHealth.Hung or DestinationHealth.Unreachable)
        {
            destination.CancelWaitingRequests();
        }
    }

    /// <summary>A destination said what it is. If it is not what is configured, the operator is told, once.</summary>
    public void RecordEngine(Destination destination, QueryEngine itsEngine)
    {
        if (itsEngine != _engine && destination.TryMarkEngineMismatch())
        {
            _logger.EngineMismatch(destination.Name, destination.Url, itsEngine, _engine, itsEngine);
        }
    }

    /// <summary>The age of the newest sample became known; null if there is none.</summary>
    public void RecordSampleAge(Destination destination, TimeSpan? age)
    {
        var isStale = age is null || age > _options.StaleAfter;
        lock (_reviewing)
        {
            destination.UpdateSampleAge(age, isStale);
            SelectPrimary();
        }
    }

    /// <summary>The holes of a destination became known, and the times of which nothing is known yet.</summary>
    public void RecordGaps(Destination destination, SampleGap[] gaps, SampleGap[] unknown)
    {
        // Not the other lock: many holes take a while to compare, and a probe must not wait for that.
        lock (_learning)
        {
            destination.SetHistory(new(gaps, SampleGap.Union(gaps.Concat(unknown))));
            _gapsDiffer = SampleGap.Differ([.. _configured.Select(d => d.History)], HistoryStart(), _options.StaleAfter / 10);
        }
    }

    /// <summary>The lowest version among those that said one, because a client must not expect what one of them lacks; null if none did.</summary>
    public string? LowestVersion() => _configured.Select(d => d.Version).OfType<string>().MinBy(System.Version.Parse);

    /// <summary>Why no destination answers, in words for a tenant: no addresses.</summary>
    public string DescribeForTenants() => string.Join(", ", _configured.Select(d => $"{d.Name} {Describe(d.Health)}"));

    /// <summary>Which destinations are not usable, where they are and why, for operators; empty if all are.</summary>
    public string DescribeUnusable() =>
        string.Join(
            ", ",
            _configured
                .Where(d => !d.IsUsable)
                .Select(d =>
                    d.Health == DestinationHealth.Healthy
                        ? $"{d.Name} was not reached yet ({d.Url})"
                        : $"{d.Name} {Describe(d.Health)}: {d.Detail} ({d.Url})"
                )
        );

    public void Dispose() => Array.ForEach(_configured, d => d.Dispose());

    /// <summary>Since when histories are compared: what is older is forgotten by each destination at another time.</summary>
    private long HistoryStart() => (_time.GetUtcNow() - _options.HistoryWindow).ToUnixTimeMilliseconds();

    private void ApplyHealth(Destination destination, DestinationHealth trouble, string detail)
    {
        if (
            trouble == DestinationHealth.Healthy
            && destination.IsUsable
            && destination.Health is DestinationHealth.Healthy or DestinationHealth.Stale
            && _order == _configured
        )
        {
            return;
        }
        lock (_reviewing)
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

    /// <summary>Decides who is asked first; the others follow, the well ones before the rest.</summary>
    private void SelectPrimary()
    {
        var present = _order[0];
        var best = _configured.MinBy(d => d.Rank)!;
        var earlier = _configured
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
                present.Rank > first.Rank ? $"{present.Name} {Describe(present.Health)}" : $"{first.Name} has been well for long enough"
            );
        }

        Destination[] now = [first, .. _configured.Where(d => d != first).OrderBy(d => d.Rank)];
        _order = now.SequenceEqual(_configured) ? _configured : now;
    }

    private static string Describe(DestinationHealth trouble) =>
        trouble switch
        {
            DestinationHealth.Hung => "does not answer",
            DestinationHealth.Unreachable => "cannot be reached",
            DestinationHealth.NotReady => "is not ready",
            DestinationHealth.Failing => "does not answer as a query engine",
            DestinationHealth.Stale => "has no fresh samples",
            _ => "failed to answer this request",
        };
}
