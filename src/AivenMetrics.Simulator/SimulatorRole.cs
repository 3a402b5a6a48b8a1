using AivenMetrics.Simulator.Admin;
using AivenMetrics.Simulator.Api;
using AivenMetrics.Simulator.Dns;
using AivenMetrics.Simulator.Faults;
using AivenMetrics.Simulator.Nodes;
using AivenMetrics.Simulator.World;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AivenMetrics.Simulator;

/// <summary>Aiven at the wire: its API, the DNS of its services, and the metrics listeners of their nodes.</summary>
public static class SimulatorRole
{
    /// <summary>Registers the simulated world with its DNS server and node listeners, which start and stop with the host.</summary>
    /// <param name="services">The host's services; a <see cref="TimeProvider"/> registered before is used for all delays.</param>
    /// <param name="options">Valid options.</param>
    public static IServiceCollection AddSimulator(this IServiceCollection services, SimulatorOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton(options);
        services.AddSingleton(_ => NodeAddresses.Claim(options.NodeNetwork));
        services.AddSingleton<AivenWorld>();
        services.AddSingleton<FaultRules<CallFault>>();
        services.AddSingleton<FaultRules<DnsFault>>();
        services.AddSingleton<CallLog>();
        services.AddSingleton<SlidingRateLimit>();
        services.AddSingleton<ApiServer>();
        services.AddSingleton<AdminServer>();
        services.AddSingleton<DnsServer>();
        services.AddSingleton<NodeListeners>();
        services.AddHostedService(provider => provider.GetRequiredService<DnsServer>());
        services.AddHostedService(provider => provider.GetRequiredService<NodeListeners>());
        services.AddHealthChecks().AddCheck<SimulatorHealthCheck>("simulator");
        return services;
    }

    /// <summary>Maps Aiven's API under <c>/v1</c> and the admin API, which needs no token, under <c>/simulator/v1</c>.</summary>
    public static IEndpointRouteBuilder MapSimulator(this IEndpointRouteBuilder routes)
    {
        routes.Map("/v1/{**path}", routes.ServiceProvider.GetRequiredService<ApiServer>().ServeAsync);
        routes.Map("/simulator/v1/{**path}", routes.ServiceProvider.GetRequiredService<AdminServer>().ServeAsync);
        return routes;
    }
}
