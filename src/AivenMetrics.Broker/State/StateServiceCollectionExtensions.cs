using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.State;

/// <summary>Registers the database, its stores, the key ring and the signals of the process.</summary>
internal static class StateServiceCollectionExtensions
{
    public static IServiceCollection AddState(this IServiceCollection services, string connectionString, IReadOnlyList<EncryptionKey> keys)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddHealthChecks().AddCheck<DatabaseHealthCheck>("database");
        return services
            .AddSingleton(_ => Database.Open(connectionString))
            .AddSingleton(new SecretProtector(keys))
            .AddSingleton(provider => new StateSignals(provider.GetRequiredService<TimeProvider>()))
            .AddSingleton<InstanceStore>()
            .AddSingleton<BindingStore>()
            .AddSingleton<InventoryStore>()
            .AddSingleton<IntegrationStore>()
            .AddSingleton<ReportedValueStore>()
            .AddSingleton<AuditStore>()
            .AddSingleton<GatewayStore>()
            .AddSingleton<GatewayAcknowledgements>()
            .AddSingleton<ReconcilerLock>()
            .AddHostedService<MigrationService>();
    }

    /// <summary>Registers the deletion of expired rows; requires <see cref="AddState"/>.</summary>
    /// <param name="auditRetention">Retention period of the audit trail; zero: entries are never deleted.</param>
    public static IServiceCollection AddAuditRetention(this IServiceCollection services, TimeSpan auditRetention) =>
        services.AddHostedService(provider => ActivatorUtilities.CreateInstance<AuditRetention>(provider, auditRetention));
}

/// <summary>
/// Migrates the database before other services of the role start. Hosted services start in the order of their registration.
/// </summary>
internal sealed class MigrationService(Database database, ILogger<MigrationService> logger) : IHostedService, IProgress<string>
{
    public Task StartAsync(CancellationToken cancellationToken) => database.MigrateAsync(this, cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Report(string value) => logger.MigrationProgress(value);
}

/// <summary>Healthy if the database is reachable and has the current schema.</summary>
internal sealed class DatabaseHealthCheck(Database database) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            return await database.IsMigratedAsync(cancellationToken)
                ? HealthCheckResult.Healthy("The database is reachable and has the current schema.")
                : HealthCheckResult.Unhealthy("The database has missing migrations. Run aiven-metrics migrate.");
        }
        catch (DbException e)
        {
            return HealthCheckResult.Unhealthy("The database is unreachable.", e);
        }
    }
}
