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

/// <summary>Simulates Aiven: its API, the DNS names of its services, and the metrics listeners of their nodes.</summary>
public static class SimulatorRole
{
    /// <summary>Registers the simulation with its DNS server and node listeners, which start and stop with the host.</summary>
    /// <param name="services">
    /// The services of the host. A <see cref="TimeProvider"/> that is already registered is used for all delays.
    /// </param>
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

    /// <summary>Maps Aiven's API to <c>/v1</c> and the admin API, which has no authentication, to <c>/simulator/v1</c>.</summary>
    public static IEndpointRouteBuilder MapSimulator(this IEndpointRouteBuilder routes)
    {
        routes.Map("/v1/{**path}", routes.ServiceProvider.GetRequiredService<ApiServer>().ServeAsync);
        routes.Map("/simulator/v1/{**path}", routes.ServiceProvider.GetRequiredService<AdminServer>().ServeAsync);
        return routes;
    }
}
