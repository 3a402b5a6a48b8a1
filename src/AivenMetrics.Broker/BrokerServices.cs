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

/// <summary>The broker role: registers and maps all of it.</summary>
public static class BrokerServices
{
    /// <summary>Registers the broker. At start the database is migrated before anything else runs.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="options">Valid options.</param>
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

    /// <summary>Refuses every other path in the one shape of errors.</summary>
    private static IEndpointRouteBuilder MapNotFound(this IEndpointRouteBuilder routes)
    {
        routes.Map("/{**path}", context => OsbResponse.Error(OsbErrors.PathNotFound).WriteAsync(context));
        return routes;
    }
}
