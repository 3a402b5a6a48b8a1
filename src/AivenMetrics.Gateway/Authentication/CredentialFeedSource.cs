using AivenMetrics.Feed;
using AivenMetrics.Gateway.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Gateway.Authentication;

/// <summary>Tenants from the broker's feed. What the feed client holds is the last good answer, from disk after a restart.</summary>
internal sealed class CredentialFeedSource(FeedClient<CredentialFeed> client, CredentialStore tenants, ILogger<CredentialFeedSource> logger)
    : BackgroundService
{
    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        tenants.SetConfirmationTime(() => client.Current?.FetchedAt);
        return base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    // Each answer is taken before the next poll, which tells the broker that this gateway has accepted it.
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => client.RunAsync(Apply, stoppingToken);

    private void Apply(FeedSnapshot<CredentialFeed> news)
    {
        // The client has refused faulty answers already; this is for a fault that only the gateway knows.
        if (CredentialSnapshot.Create(news.Value, tenants.Current, out var fault) is not { } snapshot)
        {
            logger.CredentialsNotUpdated("the feed", fault!);
            return;
        }

        tenants.Replace(snapshot, news.FromDisk ? "the last good answer on disk" : "the feed", logger);
    }
}
