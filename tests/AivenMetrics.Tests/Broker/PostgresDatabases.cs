using AivenMetrics.Broker.State;
using AivenMetrics.Testing.Programs;
using AivenMetrics.Tests.Broker;
using Xunit;

[assembly: AssemblyFixture(typeof(PostgresDatabases))]

namespace AivenMetrics.Tests.Broker;

/// <summary>
/// One PostgreSQL server for the whole run, started by the first test that needs it. A machine without PostgreSQL fails those
/// tests: tests/run.sh installs it.
/// </summary>
public sealed class PostgresDatabases : IAsyncDisposable
{
    private const string Template = "migrated";

    private readonly SemaphoreSlim gate = new(1, 1);
    private PostgresServer? server;

    /// <summary>Connection string of a new database with every migration applied: a copy, which is quicker than migrating.</summary>
    public async Task<string> New()
    {
        await gate.WaitAsync();
        try
        {
            return await (server ??= await Start()).CreateDatabase(Template);
        }
        finally
        {
            gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        gate.Dispose();
        if (server is not null)
            await server.DisposeAsync();
    }

    private static async Task<PostgresServer> Start()
    {
        var started = await PostgresServer.Start();
        await started.Execute($"CREATE DATABASE {Template}");
        await using var database = Database.Open(started.ConnectionString(Template) + ";Pooling=false");
        await database.Migrate(null, CancellationToken.None);
        return started;
    }
}
