using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Feed;

/// <summary>
/// Records the acknowledgements of the gateways: a gateway that polls with the entity tag of a version has applied all credentials of that
/// version.
/// </summary>
internal sealed partial class GatewayAcknowledgementRecorder(GatewayStore gateways, StateSignals signals, TimeProvider time)
{
    // Frequent enough to count as present (see GatewayStore), rare enough to cause no load when idle.
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, (long? AsOf, long At)> _last = new(StringComparer.Ordinal);

    /// <summary>Records the acknowledgement of a poll, at its start and while it waits.</summary>
    /// <param name="gateway">Id of the gateway. A malformed id is ignored.</param>
    /// <param name="asOf">Database time in microseconds up to which the gateway has applied changes; null if unknown.</param>
    /// <param name="cancellationToken">Canceled when the gateway disconnects.</param>
    public async Task RecordAsync(string gateway, long? asOf, CancellationToken cancellationToken)
    {
        if (!GatewayIdPattern().IsMatch(gateway))
        {
            return;
        }
        var known = _last.TryGetValue(gateway, out var last);
        if (known && last.AsOf == asOf && time.GetElapsedTime(last.At) < ReportInterval)
        {
            return;
        }
        await gateways.ReportAsync(gateway, asOf, !known, cancellationToken);
        _last[gateway] = (asOf, time.GetTimestamp());
        foreach (var (id, (_, at)) in _last)
        {
            if (time.GetElapsedTime(at) > GatewayStore.PresenceTimeout)
            {
                _last.TryRemove(id, out _);
            }
        }
        if (asOf is not null)
        {
            signals.GatewayAcknowledged.Notify();
        }
    }

    [GeneratedRegex("""^[0-9A-Za-z-]{8,64}\z""")]
    private static partial Regex GatewayIdPattern();
}
