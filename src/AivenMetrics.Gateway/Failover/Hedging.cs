namespace AivenMetrics.Gateway.Failover;

/// <summary>
/// Decides when a light request is asked of a second destination as well. Each light request earns a share of one such ask, so that a
/// Prometheus that is slow because it has much to do is not the reason that another gets as much.
/// </summary>
internal sealed class Hedging(GatewayOptions options)
{
    /// <summary>So many may come at once, after a time without any: as many as wait when a destination hangs.</summary>
    private const long SavedMax = 100 * Whole;

    /// <summary>Savings are whole numbers, of thousandths.</summary>
    private const long Whole = 1000;

    /// <summary>A light answer that takes a few times the usual is late.</summary>
    private const int LateAfter = 4;

    private const double Weight = 0.05;
    private static readonly TimeSpan DelayMin = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan DelayMax = TimeSpan.FromSeconds(1);

    private readonly long earned = (long)(options.Failover.HedgeShare * Whole);
    private long saved = SavedMax;
    private double usualSeconds;
    private long asked;
    private long won;

    /// <summary>There is somebody else to ask, and it may be asked.</summary>
    public bool IsOn { get; } = options.Failover.HedgeShare > 0 && options.Prometheus.Count > 1;

    /// <summary>How long the first one has to begin its answer: four times what it usually takes, from 250 ms to 1 s.</summary>
    public TimeSpan Delay
    {
        get
        {
            var late = TimeSpan.FromSeconds(LateAfter * Volatile.Read(ref usualSeconds));
            return late < DelayMin ? DelayMin : late > DelayMax ? DelayMax : late;
        }
    }

    /// <summary>Requests that were asked of a second destination.</summary>
    public long Asked => Volatile.Read(ref asked);

    /// <summary>Those of them that the second one answered first.</summary>
    public long Answered => Volatile.Read(ref won);

    /// <summary>A light request was answered without a second ask. Two at once may count as one: it is a moving average.</summary>
    public void Took(TimeSpan time)
    {
        var usual = usualSeconds;
        Volatile.Write(ref usualSeconds, usual + (Weight * (time.TotalSeconds - usual)));
        if (Volatile.Read(ref saved) < SavedMax)
            Interlocked.Add(ref saved, earned);
    }

    /// <summary>Takes one ask from the savings, if there is one.</summary>
    public bool TryTake()
    {
        if (Interlocked.Add(ref saved, -Whole) < 0)
        {
            Interlocked.Add(ref saved, Whole);
            return false;
        }

        Interlocked.Increment(ref asked);
        return true;
    }

    /// <summary>The second destination was the one that answered.</summary>
    public void Won() => Interlocked.Increment(ref won);
}
