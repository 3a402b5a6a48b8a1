using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>
/// Waits briefly until the gateways have dropped the credential of a deleted binding, so that it no longer works when the response is sent.
/// A slow or unreachable gateway delays the response by at most the timeout; it drops the credential with its next poll.
/// </summary>
internal sealed class GatewayAcknowledgementWaiter(
    GatewayStore gateways,
    GatewayAcknowledgements acknowledgements,
    StateSignals signals,
    TimeProvider time
)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);

    // Gateways that poll another broker cannot notify this process.
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Returns when every gateway has acknowledged the current content of the database, or after one second.</summary>
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
