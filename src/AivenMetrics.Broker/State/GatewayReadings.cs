namespace AivenMetrics.Broker.State;

/// <summary>
/// What the gateways have accepted, read once for all who ask between two reports. A reading is never newer than the database,
/// so whoever relies on it waits too long rather than not long enough.
/// </summary>
internal sealed class GatewayReadings(GatewayStore gateways, StateSignals signals, TimeProvider time) : IDisposable
{
    // Gateways that report to another broker are seen that much later.
    private static readonly TimeSpan Shared = TimeSpan.FromMilliseconds(50);

    private readonly SemaphoreSlim gate = new(1, 1);
    private Reading? last;

    /// <summary>As <see cref="GatewayStore.AcceptedAt"/>, at most a moment old.</summary>
    public async Task<IReadOnlyList<long>> AcceptedAt(CancellationToken ct)
    {
        await gate.WaitAsync(ct);
        try
        {
            // The counter is read before the database, so that no report in between is missed.
            var seen = signals.Accepted.Version;
            if (last is { } known && known.Seen == seen && time.GetElapsedTime(known.At) < Shared)
                return known.AcceptedAt;
            var at = time.GetTimestamp();
            last = new Reading(seen, at, await gateways.AcceptedAt(ct));
            return last.AcceptedAt;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => gate.Dispose();

    private sealed record Reading(long Seen, long At, IReadOnlyList<long> AcceptedAt);
}
