using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Feed;

/// <summary>
/// Keeps what the gateways' polls say: a gateway that asks with the tag of a version has accepted every credential that was
/// there when that version was read.
/// </summary>
internal sealed partial class GatewayReports(GatewayStore gateways, StateSignals signals, TimeProvider time)
{
    // Often enough to be present (see GatewayStore), and seldom enough to be no load when nothing happens.
    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, (long? AsOf, long At)> _last = new(StringComparer.Ordinal);

    /// <summary>Takes the report of a poll, at its begin and while it waits.</summary>
    /// <param name="gateway">The id that the gateway gave; what is no id is ignored.</param>
    /// <param name="asOf">As of when it has accepted, by the database's clock in microseconds; null: nothing that we know.</param>
    /// <param name="ct">The gateway has gone.</param>
    public async Task Take(string gateway, long? asOf, CancellationToken ct)
    {
        if (!Id().IsMatch(gateway)) return;
        var known = _last.TryGetValue(gateway, out var last);
        if (known && last.AsOf == asOf && time.GetElapsedTime(last.At) < Refresh) return;
        await gateways.Report(gateway, asOf, !known, ct);
        _last[gateway] = (asOf, time.GetTimestamp());
        foreach (var (id, (_, at)) in _last)
            if (time.GetElapsedTime(at) > GatewayStore.Present) _last.TryRemove(id, out _);
        if (asOf is not null) signals.Accepted.Notify();
    }

    [GeneratedRegex("""^[0-9A-Za-z-]{8,64}\z""")]
    private static partial Regex Id();
}
