using AivenMetrics.Feed;
using AivenMetrics.Gateway.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Gateway.Authentication;

/// <summary>
/// Loads credentials from the broker's feed. After a restart the feed client starts with its last valid response on disk.
/// </summary>
internal sealed class CredentialFeedSource(
    FeedClient<CredentialFeed> client,
    CredentialStore credentials,
    ILogger<CredentialFeedSource> logger
) : BackgroundService
{
    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        credentials.SetConfirmationTime(() => client.Current?.FetchedAt);
        return base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    // Each response is applied before the next poll, which acknowledges it to the broker.
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => client.RunAsync(Apply, stoppingToken);

    private void Apply(FeedSnapshot<CredentialFeed> news)
    {
        // The client has already rejected invalid responses. This handles errors that only the gateway detects.
        if (CredentialSnapshot.Create(news.Value, credentials.Current, out var error) is not { } snapshot)
        {
            logger.CredentialsNotUpdated("the feed", error!);
            return;
        }

        credentials.Replace(snapshot, news.FromDisk ? "the last valid response on disk" : "the feed", logger);
    }
}
