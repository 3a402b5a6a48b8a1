using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.State;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>Registers the reconciler.</summary>
internal static class ReconciliationServiceCollectionExtensions
{
    // Maximum expected duration of a cycle. Until it ends, the previous outcome is the most recent.
    private static readonly TimeSpan MaximumCycleDuration = TimeSpan.FromSeconds(15);

    /// <summary>Registers the reconciler as a hosted service; requires <c>AddState</c> and <c>AddAiven</c>.</summary>
    /// <param name="services">The services.</param>
    /// <param name="options">Options for accessing Aiven.</param>
    /// <param name="bindsWaitForSamples">True: a bind waits until every running service delivers metrics.</param>
    public static IServiceCollection AddReconciliation(this IServiceCollection services, AivenOptions options, bool bindsWaitForSamples)
    {
        services.AddSingleton<ReconcilerMetrics>();
        services.AddSingleton<ProjectStepExecutor>();
        services.AddSingleton<IntegrationStepExecutor>();
        services.AddSingleton(provider => new BindEvaluator(
            new BindEvaluatorConfig(
                [.. options.Projects.Select(name => new AivenProject(name))],
                options.Interval + MaximumCycleDuration,
                bindsWaitForSamples
            ),
            provider.GetRequiredService<BindingStore>(),
            provider.GetRequiredService<GatewayStore>(),
            provider.GetRequiredService<ReportedValueStore>(),
            provider.GetRequiredService<StateSignals>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<Reconciler>>()
        ));
        services.AddSingleton<Func<AivenProject, ProjectCycle>>(provider =>
            project => new ProjectCycle(
                project,
                options,
                provider.GetRequiredService<AivenClient>(),
                provider.GetRequiredService<BindingStore>(),
                provider.GetRequiredService<InventoryStore>(),
                provider.GetRequiredService<IntegrationStore>(),
                provider.GetRequiredService<ProjectStepExecutor>(),
                provider.GetRequiredService<IntegrationStepExecutor>(),
                provider.GetRequiredService<ReconcilerMetrics>(),
                provider.GetRequiredService<ILogger<Reconciler>>(),
                provider.GetRequiredService<TimeProvider>()
            )
        );
        services.AddHostedService<Reconciler>();
        return services;
    }
}
