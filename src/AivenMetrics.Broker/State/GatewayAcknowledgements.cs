namespace AivenMetrics.Broker.State;

/// <summary>
/// Caches the acknowledgements of the gateways for concurrent readers. The cache is never newer than the database, so that a wait may be
/// too long but never too short.
/// </summary>
internal sealed class GatewayAcknowledgements(GatewayStore gateways, StateSignals signals, TimeProvider time) : IDisposable
{
    // Acknowledgements through another broker are seen with this delay.
    private static readonly TimeSpan MaximumAge = TimeSpan.FromMilliseconds(50);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private CachedTimes? _last;

    /// <summary>Like <see cref="GatewayStore.AcknowledgementTimesAsync"/>, but at most 50 ms old.</summary>
    public async Task<IReadOnlyList<long>> AcknowledgementTimesAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            // The counter is read before the database, so that no acknowledgement in between is missed.
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
