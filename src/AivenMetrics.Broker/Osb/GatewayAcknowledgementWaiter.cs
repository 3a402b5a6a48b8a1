using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>
/// Waits a moment until the gateways have dropped the credential of a binding that was deleted, so that "unbound" means what it
/// says. A gateway that is slow or away holds up nobody: it drops the credential when it next asks.
/// </summary>
internal sealed class GatewayAcknowledgementWaiter(
    GatewayStore gateways,
    GatewayAcknowledgements acknowledgements,
    StateSignals signals,
    TimeProvider time
)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);

    // Gateways that ask another broker cannot wake us.
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Returns when every gateway has accepted what the database holds now, or after a second.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        var asOf = await gateways.NowAsync(cancellationToken);
        signals.CredentialsChanged.Notify();
        while (true)
        {
            var seen = signals.GatewayAcknowledged.Version;
            var acceptance = GatewayStore.CountSince(await acknowledgements.AcknowledgementTimesAsync(cancellationToken), asOf);
            var left = Timeout - time.GetElapsedTime(start);
            if (acceptance.Acknowledged == acceptance.Present || left <= TimeSpan.Zero)
            {
                return;
            }
            await signals.GatewayAcknowledged.WaitAsync(seen, left < PollInterval ? left : PollInterval, cancellationToken);
        }
    }
}
