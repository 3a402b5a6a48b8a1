using Microsoft.Extensions.DependencyInjection;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>Registers the reconciler and its access to Aiven.</summary>
internal static class ReconciliationServices
{
    public static IServiceCollection AddReconciliation(this IServiceCollection services, BrokerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return services;
    }
}
