using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AivenMetrics.Broker.State;

/// <summary>Registers the state: one database, its stores, the key ring and the process's two signals.</summary>
internal static class StateServices
{
    public static IServiceCollection AddState(this IServiceCollection services, string connectionString, IReadOnlyList<EncryptionKey> keys)
    {
        services.TryAddSingleton(TimeProvider.System);
        return services
            .AddSingleton(_ => Database.Open(connectionString))
            .AddSingleton(new Secrets(keys))
            .AddSingleton(provider => new StateSignals(provider.GetRequiredService<TimeProvider>()))
            .AddSingleton<InstanceStore>()
            .AddSingleton<BindingStore>()
            .AddSingleton<InventoryStore>()
            .AddSingleton<IntegrationStore>()
            .AddSingleton<FactStore>()
            .AddSingleton<ReconcilerLock>();
    }
}
