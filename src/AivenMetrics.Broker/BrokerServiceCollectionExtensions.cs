using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.Api;
using AivenMetrics.Broker.Feed;
using AivenMetrics.Broker.Osb;
using AivenMetrics.Broker.Reconciliation;
using AivenMetrics.Broker.State;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace AivenMetrics.Broker;

/// <summary>Registers and maps the broker role.</summary>
public static class BrokerServiceCollectionExtensions
{
    /// <summary>Registers the broker. At start, the database is migrated before any other service runs.</summary>
    /// <param name="services">The services.</param>
    /// <param name="options">Valid options, see <see cref="BrokerOptions.Validate"/>.</param>
    public static IServiceCollection AddBroker(this IServiceCollection services, BrokerOptions options) =>
        services
            .AddState(options.Database, options.CreateKeyRing())
            .AddAuditRetention(options.AuditRetention)
            .AddOsb(options, [.. options.Aiven.Projects.Select(project => new AivenProject(project))])
            .AddAiven(options.Aiven)
            .AddReconciliation(options.Aiven, options.BindWaitsForSamples)
            .AddFeed(options.Feed, [.. options.Aiven.Projects])
            .AddApiDocumentation(options.SwaggerUi);

    /// <summary>Maps the Open Service Broker API (<c>/v2</c>) and the feeds (<c>/feed/v1</c>).</summary>
    public static IEndpointRouteBuilder MapBroker(this IEndpointRouteBuilder routes) =>
        routes.MapOsb().MapFeed().MapSwaggerPages().MapNotFound();

    /// <summary>Rejects all other paths with a JSON error.</summary>
    private static IEndpointRouteBuilder MapNotFound(this IEndpointRouteBuilder routes)
    {
        routes.Map("/{**path}", context => OsbResponse.Error(OsbErrors.PathNotFound).WriteAsync(context));
        return routes;
    }
}
