using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.State;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>Registers the reconciler.</summary>
internal static class ReconciliationServices
{
    /// <summary>Adds the reconciler as a hosted service; needs <c>AddState</c> and <c>AddAiven</c>.</summary>
    public static IServiceCollection AddReconciliation(this IServiceCollection services, AivenOptions options)
    {
        services.AddSingleton<ReconcilerTelemetry>();
        services.AddSingleton<ProjectSteps>();
        services.AddSingleton<IntegrationSteps>();
        services.AddSingleton(provider => new BindingDecisions(
            [.. options.Projects.Select(name => new AivenProject(name))],
            provider.GetRequiredService<BindingStore>(),
            provider.GetRequiredService<ILogger<Reconciler>>()));
        services.AddSingleton<Func<AivenProject, ProjectCycle>>(provider => project => new ProjectCycle(
            project,
            options,
            provider.GetRequiredService<AivenClient>(),
            provider.GetRequiredService<BindingStore>(),
            provider.GetRequiredService<InventoryStore>(),
            provider.GetRequiredService<IntegrationStore>(),
            provider.GetRequiredService<ProjectSteps>(),
            provider.GetRequiredService<IntegrationSteps>(),
            provider.GetRequiredService<ReconcilerTelemetry>(),
            provider.GetRequiredService<ILogger<Reconciler>>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddHostedService<Reconciler>();
        return services;
    }
}
