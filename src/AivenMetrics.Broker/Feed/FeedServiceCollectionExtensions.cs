using AivenMetrics.Broker.State;
using AivenMetrics.Feed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.Feed;

/// <summary>Registers the feeds, which discovery and the gateways poll.</summary>
internal static class FeedServiceCollectionExtensions
{
    /// <summary>Registers the feeds; requires <c>AddState</c>.</summary>
    /// <param name="projects">Names of the configured Aiven projects.</param>
    public static IServiceCollection AddFeed(this IServiceCollection services, FeedOptions options, IReadOnlyList<string> projects)
    {
        services.AddSingleton(options);
        services.AddSingleton(provider => new TargetFeedReader(
            [.. projects.Select(name => new AivenProject(name))],
            provider.GetRequiredService<InventoryStore>(),
            provider.GetRequiredService<InstanceStore>(),
            provider.GetRequiredService<SecretProtector>(),
            provider.GetRequiredService<ILogger<TargetFeedReader>>()
        ));
        services.AddSingleton<CredentialFeedReader>();
        services.AddSingleton(provider =>
        {
            var signals = provider.GetRequiredService<StateSignals>();
            // Discovery acknowledges nothing, so the read time is not needed.
            return new FeedSource<TargetFeed>(
                provider.GetRequiredService<TargetFeedReader>().ReadAsync,
                _ => Task.FromResult(0L),
                FeedJson.Default.TargetFeed,
                new StateSignalSet(signals.ObservedStateChanged),
                provider.GetRequiredService<TimeProvider>()
            );
        });
        services.AddSingleton(provider =>
        {
            var signals = provider.GetRequiredService<StateSignals>();
            // Not DesiredStateChanged: the database is read when the evaluator announces the credentials, a moment later.
            return new FeedSource<CredentialFeed>(
                provider.GetRequiredService<CredentialFeedReader>().ReadAsync,
                provider.GetRequiredService<GatewayStore>().NowAsync,
                FeedJson.Default.CredentialFeed,
                new StateSignalSet(signals.CredentialsChanged),
                provider.GetRequiredService<TimeProvider>()
            );
        });
        services.AddSingleton<GatewayAcknowledgementRecorder>();
        services.AddSingleton<PrometheusVersionRecorder>();
        return services;
    }
}
