using AivenMetrics.Gateway.Configuration;

namespace AivenMetrics.Gateway.Forwarding;

/// <summary>
/// Decides when a light request is hedged. Each light request earns a fraction of one hedge, so that an overloaded Prometheus server does
/// not double the load of another.
/// </summary>
internal sealed class HedgingBudget(GatewayOptions options)
{
    /// <summary>The maximum number of saved hedges: about the number of requests that wait when a destination hangs.</summary>
    private const long MaxSaved = 100 * TokenUnits;

    /// <summary>The units of one hedge. Savings are counted in thousandths of a hedge.</summary>
    private const long TokenUnits = 1000;

    /// <summary>The multiple of the average time after which a response is late.</summary>
    private const int LateFactor = 4;

    private const double Weight = 0.05;
    private static readonly TimeSpan MinDelay = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(1);

    private readonly long _earnedPerRequest = (long)(options.Failover.HedgeShare * TokenUnits);
    private long _saved = MaxSaved;
    private double _averageSeconds;
    private long _hedged;
    private long _won;

    /// <summary>Whether hedging is configured and there is a second destination.</summary>
    public bool IsEnabled { get; } = options.Failover.HedgeShare > 0 && options.Prometheus.Count > 1;

    /// <summary>
    /// The time after which a request is hedged: four times the average time to respond, at least 250 ms and at most 1 s.
    /// </summary>
    public TimeSpan Delay
    {
        get
        {
            var late = TimeSpan.FromSeconds(LateFactor * Volatile.Read(ref _averageSeconds));
            return late < MinDelay ? MinDelay
                : late > MaxDelay ? MaxDelay
                : late;
        }
    }

    /// <summary>The number of hedged requests.</summary>
    public long HedgedRequests => Volatile.Read(ref _hedged);

    /// <summary>The number of hedged requests whose first success came from the second destination.</summary>
    public long HedgesWon => Volatile.Read(ref _won);

    /// <summary>
    /// Records the response time of a light request that was not hedged. It is a moving average, so that a lost update of two concurrent
    /// calls does no harm.
    /// </summary>
    public void RecordDuration(TimeSpan time)
    {
        var usual = _averageSeconds;
        Volatile.Write(ref _averageSeconds, usual + (Weight * (time.TotalSeconds - usual)));
        if (Volatile.Read(ref _saved) < MaxSaved)
        {
            Interlocked.Add(ref _saved, _earnedPerRequest);
        }
    }

    /// <summary>Takes one hedge from the savings, if there is one.</summary>
    public bool TryAcquire()
    {
        if (Interlocked.Add(ref _saved, -TokenUnits) < 0)
        {
            Interlocked.Add(ref _saved, TokenUnits);
            return false;
        }

        Interlocked.Increment(ref _hedged);
        return true;
    }

    /// <summary>Records that the second destination responded first.</summary>
    public void RecordWin() => Interlocked.Increment(ref _won);
}
