using AivenMetrics.Gateway.Configuration;

namespace AivenMetrics.Gateway.Forwarding;

/// <summary>
/// Decides when a light request is asked of a second destination as well. Each light request earns a share of one such ask, so that a
/// Prometheus that is slow because it has much to do is not the reason that another gets as much.
/// </summary>
internal sealed class HedgingBudget(GatewayOptions options)
{
    /// <summary>So many may come at once, after a time without any: as many as wait when a destination hangs.</summary>
    private const long MaxSaved = 100 * TokenUnits;

    /// <summary>Savings are whole numbers, of thousandths.</summary>
    private const long TokenUnits = 1000;

    /// <summary>A light answer that takes a few times the usual is late.</summary>
    private const int LateFactor = 4;

    private const double Weight = 0.05;
    private static readonly TimeSpan MinDelay = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(1);

    private readonly long _earned = (long)(options.Failover.HedgeShare * TokenUnits);
    private long _saved = MaxSaved;
    private double _usualSeconds;
    private long _asked;
    private long _won;

    /// <summary>There is somebody else to ask, and it may be asked.</summary>
    public bool IsEnabled { get; } = options.Failover.HedgeShare > 0 && options.Prometheus.Count > 1;

    /// <summary>How long the first one has to begin its answer: four times what it usually takes, from 250 ms to 1 s.</summary>
    public TimeSpan Delay
    {
        get
        {
            var late = TimeSpan.FromSeconds(LateFactor * Volatile.Read(ref _usualSeconds));
            return late < MinDelay ? MinDelay
                : late > MaxDelay ? MaxDelay
                : late;
        }
    }

    /// <summary>Requests that were asked of a second destination.</summary>
    public long HedgedRequests => Volatile.Read(ref _asked);

    /// <summary>Those of them that the second one answered first.</summary>
    public long HedgesWon => Volatile.Read(ref _won);

    /// <summary>A light request was answered without a second ask. Two at once may count as one: it is a moving average.</summary>
    public void RecordDuration(TimeSpan time)
    {
        var usual = _usualSeconds;
        Volatile.Write(ref _usualSeconds, usual + (Weight * (time.TotalSeconds - usual)));
        if (Volatile.Read(ref _saved) < MaxSaved)
        {
            Interlocked.Add(ref _saved, _earned);
        }
    }

    /// <summary>Takes one ask from the savings, if there is one.</summary>
    public bool TryAcquire()
    {
        if (Interlocked.Add(ref _saved, -TokenUnits) < 0)
        {
            Interlocked.Add(ref _saved, TokenUnits);
            return false;
        }

        Interlocked.Increment(ref _asked);
        return true;
    }

    /// <summary>The second destination was the one that answered.</summary>
    public void RecordWin() => Interlocked.Increment(ref _won);
}
