using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.State;

/// <summary>Registers the state: one database, its stores, the key ring and the process's signals.</summary>
internal static class StateServices
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
            .AddSingleton<FactStore>()
            .AddSingleton<AuditStore>()
            .AddSingleton<GatewayStore>()
            .AddSingleton<GatewayAcknowledgements>()
            .AddSingleton<ReconcilerLock>()
            .AddHostedService<MigrationService>();
    }

    /// <summary>Adds the forgetting of what is too old; needs <see cref="AddState"/> before it.</summary>
    /// <param name="auditRetention">How long the audit trail is kept; zero: for ever.</param>
    public static IServiceCollection AddAuditRetention(this IServiceCollection services, TimeSpan auditRetention) =>
        services.AddHostedService(provider => ActivatorUtilities.CreateInstance<AuditRetention>(provider, auditRetention));
}

/// <summary>Migrates before any other service of the role starts: hosted services start in the order of their registration.</summary>
internal sealed partial class MigrationService(Database database, ILogger<MigrationService> logger) : IHostedService, IProgress<string>
{
    public Task StartAsync(CancellationToken cancellationToken) => database.MigrateAsync(this, cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Report(string value) => MigrationProgress(value);

    [LoggerMessage(1101, LogLevel.Information, "Migration: {Line}")]
    private partial void MigrationProgress(string line);
}

/// <summary>Ready when the database answers and has our schema.</summary>
internal sealed class DatabaseHealthCheck(Database database) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            return await database.IsMigratedAsync(cancellationToken)
                ? HealthCheckResult.Healthy("The database answers and has the current schema.")
                : HealthCheckResult.Unhealthy("The database lacks migrations: run aiven-metrics migrate.");
        }
        catch (DbException e)
        {
            return HealthCheckResult.Unhealthy("The database is out of reach.", e);
        }
    }
}
