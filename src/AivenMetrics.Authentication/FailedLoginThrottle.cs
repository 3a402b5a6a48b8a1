using System.Net;
using System.Net.Sockets;

namespace AivenMetrics.Authentication;

/// <summary>
/// Delays the responses to failed logins by source, to make guessing passwords expensive. Valid credentials are never delayed, so that no
/// client can lock out another. A source is an IPv4 address or an IPv6 /64 network as seen by the listener. Memory is constant. All members
/// are thread-safe.
/// </summary>
/// <param name="freeFailures">Number of failures per source without a delay.</param>
/// <param name="time">The clock.</param>
public sealed class FailedLoginThrottle(int freeFailures, TimeProvider time)
{
    /// <summary>
    /// Maximum number of failures that are delayed at a time. Further failures get no delay, because each delay needs memory.
    /// </summary>
    public const int MaxWaiting = 256;

    private const int BucketCount = 4096;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FailureLifetime = TimeSpan.FromMinutes(5);

    // Sources in the same bucket share a count. A failure of one source is then delayed as long as one of the other.
    private readonly (int Failures, long At)[] _buckets = new (int, long)[BucketCount];
    private readonly Lock _gate = new();
    private int _waiting;

    /// <summary>
    /// Records a failure and waits before it is reported. The first delay is 0.1 s; it doubles with each further failure up to 2 s.
    /// </summary>
    public async ValueTask DelayAsync(IPAddress? source, CancellationToken cancellationToken)
    {
        var delay = RecordFailure(source);
        if (delay == TimeSpan.Zero)
        {
            return;
        }
        try
        {
            if (Interlocked.Increment(ref _waiting) <= MaxWaiting)
            {
                await Task.Delay(delay, time, cancellationToken);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>Records a failure and returns its delay. The count of a source restarts after five minutes without a failure.</summary>
    public TimeSpan RecordFailure(IPAddress? source)
    {
        var now = time.GetTimestamp();
        lock (_gate)
        {
            ref var bucket = ref _buckets[(int)((uint)BucketOf(source) % BucketCount)];
            var failures = bucket.Failures > 0 && time.GetElapsedTime(bucket.At, now) < FailureLifetime ? bucket.Failures : 0;
            bucket = (failures + 1, now);
            if (failures < freeFailures)
            {
                return TimeSpan.Zero;
            }
            var delay = FirstDelay * Math.Pow(2, Math.Min(failures - freeFailures, 10));
            return delay < MaxDelay ? delay : MaxDelay;
        }
    }

    // HashCode has a random seed per process, so that a client cannot choose its bucket.
    private static int BucketOf(IPAddress? address)
    {
        if (address is null)
        {
            return 0;
        }
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        var hash = default(HashCode);
        hash.AddBytes(bytes[..(address.AddressFamily == AddressFamily.InterNetworkV6 ? 8 : length)]);
        return hash.ToHashCode();
    }
}
