using System.Diagnostics.Metrics;
using AivenMetrics.Discovery.Dns;
using AivenMetrics.Discovery.Files;
using AivenMetrics.Feed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Discovery;

/// <summary>Composes the role.</summary>
public static class DiscoveryServices
{
    /// <summary>
    /// Adds discovery: a background service that follows the broker's feed and keeps Prometheus' files right, and its readiness
    /// check <c>discovery</c>.
    /// </summary>
    /// <param name="services">The process' services; a <see cref="TimeProvider"/> in them is used, otherwise the system's.</param>
    /// <param name="options">Options without faults.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddDiscovery(this IServiceCollection services, DiscoveryOptions options)
    {
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton(new Layout(options.Directory!));
        services.AddSingleton<DiscoveryMetrics>();
        services.AddSingleton<PlanStore>();
        services.AddSingleton<TargetDirectory>();
        services.AddSingleton(new HoldBack(options.MaximumDrop, options.Hold));
        services.AddSingleton(provider => new NodeResolver(DnsQuestion.To(options).Ask, options.Hold, provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<NodeResolver>>(), provider.GetRequiredService<DiscoveryMetrics>()));
        services.AddSingleton<DiscoveryCycle>();
        services.AddSingleton(Client);
        services.AddSingleton(provider => new PrometheusReload(Feeds.CreateHttpClient(), options.PrometheusReload,
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<PrometheusReload>>(), provider.GetRequiredService<DiscoveryMetrics>()));
        services.AddSingleton<DiscoveryReadiness>();
        services.AddHealthChecks().AddCheck<DiscoveryReadiness>("discovery");
        return services.AddHostedService<DiscoveryService>();
    }

    private static FeedClient<TargetFeed> Client(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<DiscoveryOptions>();
        return new(Feeds.CreateHttpClient(),
            Feeds.Targets(new Uri(options.FeedUrl!), options.FeedToken!) with { LastGoodFile = provider.GetRequiredService<Layout>().LastGoodFeed },
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<FeedClient<TargetFeed>>>(),
            provider.GetRequiredService<IMeterFactory>());
    }
}
