using AivenMetrics.Gateway.Authentication;

namespace AivenMetrics.Gateway.Limits;

/// <summary>How far one tenant has used up the limits of its plan on this gateway.</summary>
internal sealed class TenantAccount(TenantLimits limits, TimeProvider time)
{
    private const int MaxFilteredResponses = 3;
    private const int MaxRemoteReads = 2;

    public TenantLimits Limits => limits;

    public TokenBucket RequestRate { get; } = new(limits.RequestsPerSecond, limits.RequestBurst, time);

    public TenantQueue Queries { get; } = new(limits.ConcurrentQueries, limits.QueuedQueries, limits.QueueTime);

    /// <summary>
    /// The way to answers that are read here, until the client has read them: it holds them in memory for as long as it likes.
    /// </summary>
    public TenantQueue FilteredResponses { get; } =
        new(Math.Min(MaxFilteredResponses, limits.ConcurrentQueries), limits.QueuedQueries, limits.QueueTime);

    /// <summary>The way to remote reads, of which a Prometheus takes few at once, from all tenants.</summary>
    public TenantQueue RemoteReads { get; } =
        new(Math.Min(MaxRemoteReads, limits.ConcurrentQueries), limits.QueuedQueries, limits.QueueTime);

    /// <summary>Room for the bodies of requests while they arrive.</summary>
    public RequestBodyQuota RequestBodies { get; } = new();
}

/// <summary>What one tenant, by the labels of its usage series, has asked of this gateway.</summary>
/// <threadsafety>Counters are written by every request, each by itself.</threadsafety>
internal sealed class TenantUsage(Tenant tenant, TenantAccount account, TimeProvider time)
{
    private const long Expired = long.MinValue;

    private readonly long[] _byClass = new long[6];
    private readonly Dictionary<string, long> _refusals = new(StringComparer.Ordinal);
    private long _ticks;
    private long _bytes;
    private long _seenAt = time.GetTimestamp();
    private int _open;

    public Tenant Tenant => tenant;

    public TenantAccount Account => account;

    /// <summary>Requests that have not ended.</summary>
    public int OpenRequests => Volatile.Read(ref _open);

    /// <summary>When a request last began, as a timestamp.</summary>
    public long LastRequestAt => Volatile.Read(ref _seenAt);

    /// <summary>Time that all ended requests took.</summary>
    public TimeSpan Duration => TimeSpan.FromTicks(Volatile.Read(ref _ticks));

    /// <summary>Bytes of all answers.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Ended requests by the first digit of their status.</summary>
    public ReadOnlySpan<long> RequestsByStatusClass => _byClass;

    /// <summary>Refused requests by reason.</summary>
    public KeyValuePair<string, long>[] RejectionsByReason()
    {
        lock (_refusals)
        {
            return [.. _refusals.OrderBy(reason => reason.Key, StringComparer.Ordinal)];
        }
    }

    /// <summary>A request begins. False: this usage was forgotten a moment ago, take a new one.</summary>
    public bool TryBeginRequest()
    {
        Interlocked.Increment(ref _open);
        var before = Volatile.Read(ref _seenAt);
        while (before != Expired)
        {
            var was = Interlocked.CompareExchange(ref _seenAt, time.GetTimestamp(), before);
            if (was == before)
            {
                return true;
            }
            before = was;
        }

        return false;
    }

    /// <summary>A request ended.</summary>
    public void EndRequest(int status, TimeSpan duration, long sent, string? refusedBecause)
    {
        Interlocked.Decrement(ref _open);
        Interlocked.Increment(ref _byClass[Math.Clamp(status / 100, 0, 5)]);
        Interlocked.Add(ref _ticks, duration.Ticks);
        if (sent > 0)
        {
            Interlocked.Add(ref _bytes, sent);
        }
        if (refusedBecause is null)
        {
            return;
        }
        lock (_refusals)
        {
            _refusals[refusedBecause] = _refusals.GetValueOrDefault(refusedBecause) + 1;
        }
    }

    /// <summary>Gives up this usage if nothing was asked for so long and nothing is under way.</summary>
    public bool TryExpire(TimeSpan idle)
    {
        var before = LastRequestAt;
        return before != Expired
            && OpenRequests == 0
            && time.GetElapsedTime(before) >= idle
            && Interlocked.CompareExchange(ref _seenAt, Expired, before) == before;
    }
}
