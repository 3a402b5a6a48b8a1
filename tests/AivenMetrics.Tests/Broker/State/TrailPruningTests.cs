using AivenMetrics.Broker.State;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace AivenMetrics.Tests.Broker.State;

/// <summary>What is too old is forgotten.</summary>
public sealed class TrailPruningTests : IAsyncLifetime
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("aivenmetrics-pruning-");
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
    private Database database = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private AuditStore Audit => new(database);

    public async ValueTask InitializeAsync()
    {
        database = Database.Open($"Data Source={Path.Combine(folder.FullName, "state.db")}");
        await database.Migrate(null, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await database.DisposeAsync();
        folder.Delete(recursive: true);
    }

    private Task Entry(TimeSpan age) => Audit.Append(
        new AuditRecord(time.GetUtcNow() - age, "Provision", new InstanceId("i"), null, Actor.Broker, AuditResult.Succeeded, "x"), Ct);

    private async Task Ended(string binding, TimeSpan age)
    {
        await using var connection = new SqliteConnection(database.ConnectionString);
        await connection.OpenAsync(Ct);
        await using var command = connection.CreateCommand();
        command.CommandText = "INSERT INTO ended_binding VALUES ('i', $binding, 'bind-1', 'Unbound.', $at)";
        command.Parameters.AddWithValue("$binding", binding);
        command.Parameters.AddWithValue("$at", (time.GetUtcNow() - age).ToUnixTimeMilliseconds());
        await command.ExecuteNonQueryAsync(Ct);
    }

    private Task<IReadOnlyList<string>> EndedBindings() => database.Query<string>("SELECT binding_id FROM ended_binding", null, Ct);

    private TrailPruning Pruning(TimeSpan retention) => new(Audit, time, NullLogger<TrailPruning>.Instance, retention);

    private static async Task Until(Func<Task<bool>> reached)
    {
        for (var i = 0; i < 1000 && !await reached(); i++)
            await Task.Delay(10, Ct);
        Assert.True(await reached());
    }

    [Fact]
    public async Task Entries_beyond_the_retention_are_forgotten_at_the_start_and_every_hour()
    {
        await Entry(TimeSpan.FromDays(31));
        await Entry(TimeSpan.FromDays(30) - TimeSpan.FromMinutes(30));
        await Entry(TimeSpan.FromDays(1));
        using var pruning = Pruning(TimeSpan.FromDays(30));

        await pruning.StartAsync(Ct);
        await Until(async () => (await Audit.Of(new InstanceId("i"), Ct)).Count == 2);
        // The clock of the test may move before the service waits for it: it is moved until the service has seen it.
        await Until(async () =>
        {
            time.Advance(TimeSpan.FromMinutes(5));
            return (await Audit.Of(new InstanceId("i"), Ct)).Count == 1;
        });

        await pruning.StopAsync(Ct);
    }

    [Fact]
    public async Task More_than_a_batch_is_forgotten_at_once_and_the_newest_stay()
    {
        for (var i = 0; i < TrailPruning.Batch + 20; i++)
            await Entry(TimeSpan.FromDays(40) - TimeSpan.FromSeconds(i));
        Assert.Equal(7, await Audit.Prune(time.GetUtcNow() - TimeSpan.FromDays(30), 7, Ct));
        using var pruning = Pruning(TimeSpan.FromDays(30));

        await pruning.StartAsync(Ct);
        await Until(async () => (await Audit.Of(new InstanceId("i"), Ct)).Count == 0);

        await pruning.StopAsync(Ct);
    }

    [Fact]
    public async Task Without_a_retention_entries_stay_for_ever_and_ended_binds_for_a_week()
    {
        await Entry(TimeSpan.FromDays(5000));
        await Ended("old", TimeSpan.FromDays(8));
        await Ended("young", TimeSpan.FromDays(6));
        using var pruning = Pruning(TimeSpan.Zero);

        await pruning.StartAsync(Ct);
        await Until(async () => (await EndedBindings()).Count == 1);

        Assert.Equal(["young"], await EndedBindings());
        Assert.Single(await Audit.Of(new InstanceId("i"), Ct));
        await pruning.StopAsync(Ct);
    }

    [Fact]
    public async Task A_query_takes_the_newest_that_it_asks_for_and_tells_the_oldest_first()
    {
        foreach (var (binding, age) in new[] { ("a", 3), ("b", 2), ("a", 1) })
            await Audit.Append(
                new AuditRecord(time.GetUtcNow() - TimeSpan.FromDays(age), "Bind", new InstanceId("i"), new BindingId(binding), Actor.Broker, AuditResult.Begun, $"{age}"),
                Ct);
        await Entry(TimeSpan.Zero);

        Assert.Equal(["1", "x"], await Descriptions(new AuditQuery(null, null, null, 2)));
        Assert.Equal(["3", "1"], await Descriptions(new AuditQuery(new InstanceId("i"), new BindingId("a"), null, 9)));
        Assert.Equal(["2", "1", "x"], await Descriptions(new AuditQuery(null, null, time.GetUtcNow() - TimeSpan.FromDays(2), 9)));
        Assert.Empty(await Descriptions(new AuditQuery(new InstanceId("j"), null, null, 9)));

        async Task<IEnumerable<string>> Descriptions(AuditQuery query) => (await Audit.Find(query, Ct)).Select(entry => entry.Description);
    }
}
