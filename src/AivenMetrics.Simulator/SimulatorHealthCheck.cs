using AivenMetrics.Simulator.Dns;
using AivenMetrics.Simulator.Nodes;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AivenMetrics.Simulator;

/// <summary>Healthy if the DNS server listens and every node that should serve metrics does.</summary>
internal sealed class SimulatorHealthCheck(DnsServer dns, NodeListeners listeners) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(
            dns.EndPoint is null ? HealthCheckResult.Unhealthy("The DNS server is not listening yet.")
            : listeners.Problem is { } problem ? HealthCheckResult.Unhealthy(problem)
            : HealthCheckResult.Healthy("DNS and every open metrics port response.")
        );
}
