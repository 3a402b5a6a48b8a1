using AivenMetrics.Broker.State;
using AivenMetrics.Testing.Programs;
using Xunit;

namespace AivenMetrics.Acceptance.State;

/// <summary>What only a server can do to a broker.</summary>
public sealed class PostgresLockTests(PostgresFixture fixture) : IClassFixture<PostgresFixture>
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task The_reconciler_lock_is_lost_with_its_connection_and_its_holder_can_tell()
    {
        var connectionString = await fixture.NewDatabase();
        await using var first = await Stores.Open(connectionString);
        await using var second = await Stores.Open(connectionString);
        await using var lease = await first.ReconcilerLock.TryAcquire(None);

        await fixture.Server.Execute(
            "SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database "
            + $"WHERE l.locktype = 'advisory' AND d.datname = '{connectionString.Split("Database=")[1]}'");

        Assert.False(await lease!.IsHeld(None));
        await using var next = await second.ReconcilerLock.TryAcquire(None);
        Assert.NotNull(next);
    }

    [Fact]
    public async Task A_broker_goes_on_by_itself_after_the_server_was_away()
    {
        await using var server = await PostgresServer.Start();
        await using var stores = await Stores.Open(await server.CreateDatabase());
        await stores.Instances.TryInsert(Some.Instance(), None);

        await server.Stop();
        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => stores.Instances.Find(new InstanceId("instance-1"), None));
        await server.Restart();

        Assert.Equal(Some.Instance(), await stores.Instances.Find(new InstanceId("instance-1"), None));
    }
}
