namespace AivenMetrics.Gateway.Limits;

/// <summary>How far one tenant has used up the limits of its plan on this gateway.</summary>
internal sealed class TenantAccount(PlanLimits limits, TimeProvider time)
{
    private const int FilteredAtOnce = 3;
    private const int RemoteReadsAtOnce = 2;

    public PlanLimits Limits => limits;

    public RateBucket Requests { get; } = new(limits.RequestsPerSecond, limits.RequestBurst, time);

    public Lane Queries { get; } = new(limits.ConcurrentQueries, limits.QueuedQueries, limits.QueueTime);

    /// <summary>
    /// The way to answers that are read here, until the client has read them: it holds them in memory for as long as it likes.
    /// </summary>
    public Lane Filtered { get; } = new(Math.Min(FilteredAtOnce, limits.ConcurrentQueries), limits.QueuedQueries, limits.QueueTime);

    /// <summary>The way to remote reads, of which a Prometheus takes few at once, from all tenants.</summary>
    public Lane RemoteReads { get; } = new(Math.Min(RemoteReadsAtOnce, limits.ConcurrentQueries), limits.QueuedQueries, limits.QueueTime);

    /// <summary>Room for the bodies of requests while they arrive.</summary>
    public BodyRoom Bodies { get; } = new();
}

/// <summary>What one tenant, by the labels of its usage series, has asked of this gateway.</summary>
/// <threadsafety>Counters are written by every request, each by itself.</threadsafety>
internal sealed class TenantUsage(Tenant tenant, TenantAccount account, TimeProvider time)
{
    private const long Forgotten = long.MinValue;

    private readonly long[] byClass = new long[6];
    private readonly Dictionary<string, long> refusals = new(StringComparer.Ordinal);
    private long ticks;
    private long bytes;
    private long seenAt = time.GetTimestamp();
    private int open;

    public Tenant Tenant => tenant;

    public TenantAccount Account => account;

    /// <summary>Requests that have not ended.</summary>
    public int Open => Volatile.Read(ref open);

    /// <summary>When a request last began, as a timestamp.</summary>
    public long SeenAt => Volatile.Read(ref seenAt);

    /// <summary>Time that all ended requests took.</summary>
    public TimeSpan Duration => TimeSpan.FromTicks(Volatile.Read(ref ticks));

    /// <summary>Bytes of all answers.</summary>
    public long Bytes => Volatile.Read(ref bytes);

    /// <summary>Ended requests by the first digit of their status.</summary>
    public ReadOnlySpan<long> ByClass => byClass;

    /// <summary>Refused requests by reason.</summary>
    public KeyValuePair<string, long>[] Refusals()
    {
        lock (refusals)
            return [.. refusals.OrderBy(reason => reason.Key, StringComparer.Ordinal)];
    }

    /// <summary>A request begins. False: this usage was forgotten a moment ago, take a new one.</summary>
    public bool TryBegin()
    {
        Interlocked.Increment(ref open);
        var before = Volatile.Read(ref seenAt);
        while (before != Forgotten)
        {
            var was = Interlocked.CompareExchange(ref seenAt, time.GetTimestamp(), before);
            if (was == before)
                return true;
            before = was;
        }

        return false;
    }

    /// <summary>A request ended.</summary>
    public void End(int status, TimeSpan duration, long sent, string? refusedBecause)
    {
        Interlocked.Decrement(ref open);
        Interlocked.Increment(ref byClass[Math.Clamp(status / 100, 0, 5)]);
        Interlocked.Add(ref ticks, duration.Ticks);
        if (sent > 0)
            Interlocked.Add(ref bytes, sent);
        if (refusedBecause is null)
            return;
        lock (refusals)
            refusals[refusedBecause] = refusals.GetValueOrDefault(refusedBecause) + 1;
    }

    /// <summary>Gives up this usage if nothing was asked for so long and nothing is under way.</summary>
    public bool TryForget(TimeSpan idle)
    {
        var before = SeenAt;
        return before != Forgotten && Open == 0 && time.GetElapsedTime(before) >= idle
            && Interlocked.CompareExchange(ref seenAt, Forgotten, before) == before;
    }
}
