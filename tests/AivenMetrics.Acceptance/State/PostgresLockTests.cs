using AivenMetrics.Broker.State;
using AivenMetrics.Testing.Programs;
using Xunit;

namespace AivenMetrics.Acceptance.State;

/// <summary>Failures that only a database server can cause.</summary>
public sealed class PostgresLockTests(PostgresFixture fixture) : IClassFixture<PostgresFixture>
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task The_reconciler_lock_is_lost_with_its_connection_and_its_holder_detects_it()
    {
        var connectionString = await fixture.NewDatabaseAsync();
        await using var first = await StateStores.OpenAsync(connectionString);
        await using var second = await StateStores.OpenAsync(connectionString);
        await using var lease = await first.ReconcilerLock.TryAcquireAsync(None);

        await fixture.Server.ExecuteAsync(
            "SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database "
                + $"WHERE l.locktype = 'advisory' AND d.datname = '{connectionString.Split("Database=")[1]}'"
        );

        Assert.False(await lease!.IsHeldAsync(None));
        await using var next = await second.ReconcilerLock.TryAcquireAsync(None);
        Assert.NotNull(next);
    }

    [Fact]
    public async Task A_broker_recovers_by_itself_after_an_outage_of_the_server()
    {
        await using var server = await PostgresServer.StartAsync();
        await using var stores = await StateStores.OpenAsync(await server.CreateDatabaseAsync());
        await stores.Instances.TryInsertAsync(StateData.Instance(), None);

        await server.StopAsync();
        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => stores.Instances.FindAsync(new InstanceId("instance-1"), None));
        await server.RestartAsync();

        Assert.Equal(StateData.Instance(), await stores.Instances.FindAsync(new InstanceId("instance-1"), None));
    }
}
