using System.Net;
using System.Net.Sockets;

namespace AivenMetrics.Access;

/// <summary>
/// Tells failed logins late, by source, so that guessing is not worth while; right credentials never wait, so nobody can lock
/// another out. A source is an IPv4 address or an IPv6 /64 as the listener sees it. Memory is the same however many there are.
/// Safe for use by many threads.
/// </summary>
/// <param name="free">Failures of a source that are answered at once.</param>
/// <param name="time">The clock.</param>
public sealed class FailedLoginThrottle(int free, TimeProvider time)
{
    /// <summary>Most failures that wait at once; those beyond are answered at once, because waiting costs us and not them.</summary>
    public const int MaxWaiting = 256;

    private const int BucketCount = 4096;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FailureLifetime = TimeSpan.FromMinutes(5);

    // Sources that share a place share a count; all that comes of it is that a failure of the one waits as long as the other's.
    private readonly (int Failures, long At)[] _places = new (int, long)[BucketCount];
    private readonly Lock _gate = new();
    private int _waiting;

    /// <summary>Notes a failure and waits before it is told: after the free ones 0.1 s, twice as long with each one, 2 s at most.</summary>
    public async ValueTask DelayAsync(IPAddress? source, CancellationToken cancellationToken)
    {
        var wait = RecordFailure(source);
        if (wait == TimeSpan.Zero)
        {
            return;
        }
        try
        {
            if (Interlocked.Increment(ref _waiting) <= MaxWaiting)
            {
                await Task.Delay(wait, time, cancellationToken);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>Counts a failure; how long its answer has to wait. Five minutes without one and a source starts anew.</summary>
    public TimeSpan RecordFailure(IPAddress? source)
    {
        var now = time.GetTimestamp();
        lock (_gate)
        {
            ref var place = ref _places[(int)((uint)BucketOf(source) % BucketCount)];
            var failures = place.Failures > 0 && time.GetElapsedTime(place.At, now) < FailureLifetime ? place.Failures : 0;
            place = (failures + 1, now);
            if (failures < free)
            {
                return TimeSpan.Zero;
            }
            var wait = FirstDelay * Math.Pow(2, Math.Min(failures - free, 10));
            return wait < MaxDelay ? wait : MaxDelay;
        }
    }

    // HashCode is seeded by chance in every process: nobody can choose whom to share a place with.
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
