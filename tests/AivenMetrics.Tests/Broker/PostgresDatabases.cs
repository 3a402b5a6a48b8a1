using AivenMetrics.Broker.State;
using AivenMetrics.Testing.Programs;
using AivenMetrics.Tests.Broker;
using Xunit;

[assembly: AssemblyFixture(typeof(PostgresDatabases))]

namespace AivenMetrics.Tests.Broker;

/// <summary>
/// One PostgreSQL server for the whole run, started on first use. Without PostgreSQL, its tests fail; tests/run.sh installs it.
/// </summary>
public sealed class PostgresDatabases : IAsyncDisposable
{
    private const string Template = "migrated";

    private readonly SemaphoreSlim _gate = new(1, 1);
    private PostgresServer? _server;

    /// <summary>
    /// Returns the connection string of a new, migrated database. It is a copy of a template, which is faster than migrating.
    /// </summary>
    public async Task<string> NewAsync()
    {
        await _gate.WaitAsync();
        try
        {
            return await (_server ??= await StartAsync()).CreateDatabaseAsync(Template);
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _gate.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    private static async Task<PostgresServer> StartAsync()
    {
        var started = await PostgresServer.StartAsync();
        await started.ExecuteAsync($"CREATE DATABASE {Template}");
        await using var database = Database.Open(started.ConnectionString(Template) + ";Pooling=false");
        await database.MigrateAsync(null, CancellationToken.None);
        return started;
    }
}
