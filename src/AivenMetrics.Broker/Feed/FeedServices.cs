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
        services.AddSingleton(provider => new TargetDocument(
            [.. projects.Select(name => new AivenProject(name))],
            provider.GetRequiredService<InventoryStore>(),
            provider.GetRequiredService<InstanceStore>(),
            provider.GetRequiredService<Secrets>(),
            provider.GetRequiredService<ILogger<TargetDocument>>()));
        services.AddSingleton<CredentialDocument>();
        services.AddSingleton(provider => new FeedSource<TargetFeed>(
            provider.GetRequiredService<TargetDocument>().Read, FeedJson.Default.TargetFeed,
            provider.GetRequiredService<StateSignals>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new FeedSource<CredentialFeed>(
            provider.GetRequiredService<CredentialDocument>().Read, FeedJson.Default.CredentialFeed,
            provider.GetRequiredService<StateSignals>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<PrometheusVersionReport>();
        return services;
    }
}
