using System.Net;
using System.Net.Sockets;

namespace AivenMetrics.Broker.Access;

/// <summary>
/// Slows failed logins down by source, so that guessing is not worth while; right credentials never wait, so nobody can lock a
/// platform out. A source is an IPv4 address or an IPv6 /64 as the listener sees it. Memory is the same however many there are.
/// </summary>
internal sealed class FailedLogins(TimeProvider time)
{
    /// <summary>Most failures that are delayed at once; those beyond are answered at once.</summary>
    public const int MostDelayed = 256;

    private const int Places = 4096;
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(5);

    // Sources that share a place share a count; all that comes of it is that a failure of the one waits as long as the other's.
    private readonly (int Failures, long At)[] places = new (int, long)[Places];
    private readonly Lock gate = new();
    private int delayed;

    /// <summary>Notes a failure and waits before it is told: 0.1 s, twice as long with each one, 2 s at most.</summary>
    public async Task Delay(IPAddress? source, CancellationToken ct)
    {
        var wait = Note(source);
        try
        {
            if (Interlocked.Increment(ref delayed) <= MostDelayed)
                await Task.Delay(wait, time, ct);
        }
        finally
        {
            Interlocked.Decrement(ref delayed);
        }
    }

    /// <summary>Counts a failure; how long its answer has to wait. Five minutes without one and a source starts anew.</summary>
    internal TimeSpan Note(IPAddress? source)
    {
        var now = time.GetTimestamp();
        lock (gate)
        {
            ref var place = ref places[(int)((uint)Source(source) % Places)];
            var failures = place.Failures > 0 && time.GetElapsedTime(place.At, now) < Memory ? place.Failures : 0;
            var wait = First * Math.Pow(2, Math.Min(failures, 10));
            place = (failures + 1, now);
            return wait < Longest ? wait : Longest;
        }
    }

    // HashCode is seeded by chance in every process: nobody can choose whom to share a place with.
    private static int Source(IPAddress? address)
    {
        if (address is null)
            return 0;
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        var bytes = address.GetAddressBytes();
        var hash = default(HashCode);
        hash.AddBytes(bytes.AsSpan(0, address.AddressFamily == AddressFamily.InterNetworkV6 ? 8 : bytes.Length));
        return hash.ToHashCode();
    }
}
