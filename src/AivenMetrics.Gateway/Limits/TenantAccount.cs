using AivenMetrics.Gateway.Authentication;

namespace AivenMetrics.Gateway.Limits;

/// <summary>The present use of the limits of one tenant on this gateway.</summary>
internal sealed class TenantAccount(TenantLimits limits, TimeProvider time)
{
    private const int MaxFilteredResponses = 3;
    private const int MaxRemoteReads = 2;

    public TenantLimits Limits => limits;

    public TokenBucket RequestRate { get; } = new(limits.RequestsPerSecond, limits.RequestBurst, time);

    public TenantQueue Queries { get; } = new(limits.ConcurrentQueries, limits.QueuedQueries, limits.QueueTime);

    /// <summary>
    /// The queue for buffered responses. A slot is held until the client has received the response, because the response stays in memory.
    /// </summary>
    public TenantQueue FilteredResponses { get; } =
        new(Math.Min(MaxFilteredResponses, limits.ConcurrentQueries), limits.QueuedQueries, limits.QueueTime);

    /// <summary>The queue for remote reads. A Prometheus server accepts only a few, over all tenants.</summary>
    public TenantQueue RemoteReads { get; } =
        new(Math.Min(MaxRemoteReads, limits.ConcurrentQueries), limits.QueuedQueries, limits.QueueTime);

    /// <summary>The quota for request bodies that are arriving.</summary>
    public RequestBodyQuota RequestBodies { get; } = new();
}

/// <summary>The usage of one tenant on this gateway.</summary>
/// <threadsafety>Thread-safe. Every request writes the counters, each independently.</threadsafety>
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

    /// <summary>The number of open requests.</summary>
    public int OpenRequests => Volatile.Read(ref _open);

    /// <summary>The start of the latest request, as a timestamp.</summary>
    public long LastRequestAt => Volatile.Read(ref _seenAt);

    /// <summary>The total duration of all ended requests.</summary>
    public TimeSpan Duration => TimeSpan.FromTicks(Volatile.Read(ref _ticks));

    /// <summary>The total bytes of all response bodies.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>The number of ended requests by the first digit of their status.</summary>
    public ReadOnlySpan<long> RequestsByStatusClass => _byClass;

    /// <summary>Returns the number of rejected requests by reason.</summary>
    public KeyValuePair<string, long>[] RejectionsByReason()
    {
        lock (_refusals)
        {
            return [.. _refusals.OrderBy(reason => reason.Key, StringComparer.Ordinal)];
        }
    }

    /// <summary>Begins a request. Returns false if this usage has just expired: the caller then uses a new one.</summary>
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

    /// <summary>Ends a request.</summary>
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

    /// <summary>Expires this usage if no request is open and none began within a time.</summary>
    public bool TryExpire(TimeSpan idle)
    {
        var before = LastRequestAt;
        return before != Expired
            && OpenRequests == 0
            && time.GetElapsedTime(before) >= idle
            && Interlocked.CompareExchange(ref _seenAt, Expired, before) == before;
    }
}
