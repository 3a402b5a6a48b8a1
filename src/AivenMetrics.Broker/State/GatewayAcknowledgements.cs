namespace AivenMetrics.Broker.State;

/// <summary>
/// What the gateways have accepted, read once for all who ask between two reports. A reading is never newer than the database,
/// so whoever relies on it waits too long rather than not long enough.
/// </summary>
internal sealed class GatewayAcknowledgements(GatewayStore gateways, StateSignals signals, TimeProvider time) : IDisposable
{
    // Gateways that report to another broker are seen that much later.
    private static readonly TimeSpan MaximumAge = TimeSpan.FromMilliseconds(50);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private CachedTimes? _last;

    /// <summary>As <see cref="GatewayStore.AcknowledgementTimesAsync"/>, at most a moment old.</summary>
    public async Task<IReadOnlyList<long>> AcknowledgementTimesAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            // The counter is read before the database, so that no report in between is missed.
            var seen = signals.GatewayAcknowledged.Version;
            if (_last is { } known && known.Seen == seen && time.GetElapsedTime(known.At) < MaximumAge)
            {
                return known.AcceptedAt;
            }
            var at = time.GetTimestamp();
            _last = new CachedTimes(seen, at, await gateways.AcknowledgementTimesAsync(cancellationToken));
            return _last.AcceptedAt;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    private sealed record CachedTimes(long Seen, long At, IReadOnlyList<long> AcceptedAt);
}
