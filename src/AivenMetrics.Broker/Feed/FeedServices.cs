using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace AivenMetrics.Broker.Feed;

/// <summary>Registers the feeds that discovery and the gateways poll.</summary>
internal static class FeedServices
{
    public static IServiceCollection AddFeed(this IServiceCollection services, BrokerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return services;
    }

    public static IEndpointRouteBuilder MapFeed(this IEndpointRouteBuilder routes) => routes;
}
