using AivenMetrics.Broker.State;
using AivenMetrics.Feed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.Feed;

/// <summary>Registers the feeds that discovery and the gateways poll.</summary>
internal static class FeedServices
{
    /// <summary>Adds what the feeds need; needs <c>AddState</c>.</summary>
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
            // Nobody waits until discovery has accepted something, so nobody asks as of when it has.
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
            // Not Intent: whoever wants something asks a moment later, and a reading before that would be for nothing.
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
