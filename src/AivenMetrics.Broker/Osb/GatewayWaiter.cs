using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>
/// Waits a moment until the gateways have dropped the credential of a binding that was deleted, so that "unbound" means what it
/// says. A gateway that is slow or away holds up nobody: it drops the credential when it next asks.
/// </summary>
internal sealed class GatewayWaiter(GatewayStore gateways, GatewayReadings readings, StateSignals signals, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    // Gateways that ask another broker cannot wake us.
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    /// <summary>Returns when every gateway has accepted what the database holds now, or after a second.</summary>
    public async Task Wait(CancellationToken ct)
    {
        var start = time.GetTimestamp();
        var asOf = await gateways.Now(ct);
        signals.Asked.Notify();
        while (true)
        {
            var seen = signals.Accepted.Version;
            var acceptance = GatewayStore.Since(await readings.AcceptedAt(ct), asOf);
            var left = Patience - time.GetElapsedTime(start);
            if (acceptance.Accepted == acceptance.Seen || left <= TimeSpan.Zero)
                return;
            await signals.Accepted.Wait(seen, left < Poll ? left : Poll, ct);
        }
    }
}
