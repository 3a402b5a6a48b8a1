using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Feed;

/// <summary>
/// Keeps what the gateways' polls say: a gateway that asks with the tag of a version has accepted every credential that was
/// there when that version was read.
/// </summary>
internal sealed partial class GatewayAcknowledgementRecorder(GatewayStore gateways, StateSignals signals, TimeProvider time)
{
    // Often enough to be present (see GatewayStore), and seldom enough to be no load when nothing happens.
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, (long? AsOf, long At)> _last = new(StringComparer.Ordinal);

    /// <summary>Takes the report of a poll, at its begin and while it waits.</summary>
    /// <param name="gateway">The id that the gateway gave; what is no id is ignored.</param>
    /// <param name="asOf">As of when it has accepted, by the database's clock in microseconds; null: nothing that we know.</param>
    /// <param name="cancellationToken">The gateway has gone.</param>
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
