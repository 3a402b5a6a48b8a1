using System.Diagnostics.Metrics;
using AivenMetrics.Discovery.Dns;
using AivenMetrics.Discovery.Files;
using AivenMetrics.Feed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Discovery;

/// <summary>Registers the services of discovery.</summary>
public static class DiscoveryServiceCollectionExtensions
{
    /// <summary>
    /// Adds discovery: a background service that writes Prometheus' files from the broker's feed, and its readiness check <c>discovery</c>.
    /// </summary>
    /// <param name="services">The services of the process. A registered <see cref="TimeProvider"/> is used; otherwise the system's.</param>
    /// <param name="options">Validated options.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddDiscovery(this IServiceCollection services, DiscoveryOptions options)
    {
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton(new DiscoveryPaths(options.Directory!));
        services.AddSingleton<DiscoveryMetrics>();
        services.AddSingleton<TargetPlanStore>();
        services.AddSingleton<PrometheusFileWriter>();
        services.AddSingleton(new DropProtection(options.MaximumDrop, options.HoldTime));
        services.AddSingleton(provider => new NodeResolver(
            HostLookup.Create(options).LookupAsync,
            options.HoldTime,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<NodeResolver>>(),
            provider.GetRequiredService<DiscoveryMetrics>()
        ));
        services.AddSingleton<DiscoveryCycle>();
        services.AddSingleton(CreateFeedClient);
        services.AddSingleton(provider => new PrometheusReloader(
            Feeds.CreateHttpClient(),
            options.PrometheusReload,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<PrometheusReloader>>(),
            provider.GetRequiredService<DiscoveryMetrics>()
        ));
        services.AddSingleton<DiscoveryHealthCheck>();
        services.AddHealthChecks().AddCheck<DiscoveryHealthCheck>("discovery");
        return services.AddHostedService<DiscoveryService>();
    }

    private static FeedClient<TargetFeed> CreateFeedClient(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<DiscoveryOptions>();
        return new(
            Feeds.CreateHttpClient(),
            Feeds.Targets(new Uri(options.FeedUrl!), options.FeedToken!) with
            {
                LastGoodFile = provider.GetRequiredService<DiscoveryPaths>().LastGoodFeedFile,
            },
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<FeedClient<TargetFeed>>>(),
            provider.GetRequiredService<IMeterFactory>()
        );
    }
}
