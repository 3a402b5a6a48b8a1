using AivenMetrics.Broker.State;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace AivenMetrics.Tests.Broker.State;

/// <summary>Expired rows are deleted.</summary>
public sealed class AuditRetentionTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("aivenmetrics-pruning-");
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
    private Database _database = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private AuditStore Audit => new(_database);

    public async ValueTask InitializeAsync()
    {
        _database = Database.Open($"Data Source={Path.Combine(_folder.FullName, "state.db")}");
        await _database.MigrateAsync(null, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private Task EntryAsync(TimeSpan age) =>
        Audit.AppendAsync(
            new AuditRecord(_time.GetUtcNow() - age, "Provision", new InstanceId("i"), null, Actor.Broker, AuditResult.Succeeded, "x"),
            Ct
        );

    private async Task EndedAsync(string binding, TimeSpan age)
    {
        await using var connection = new SqliteConnection(_database.ConnectionString);
        await connection.OpenAsync(Ct);
        await using var command = connection.CreateCommand();
        command.CommandText = "INSERT INTO ended_binding VALUES ('i', $binding, 'bind-1', 'Unbound.', $at)";
        command.Parameters.AddWithValue("$binding", binding);
        command.Parameters.AddWithValue("$at", (_time.GetUtcNow() - age).ToUnixTimeMilliseconds());
        await command.ExecuteNonQueryAsync(Ct);
    }

    private Task<IReadOnlyList<string>> EndedBindingsAsync() =>
        _database.QueryAsync<string>("SELECT binding_id FROM ended_binding", null, Ct);

    private AuditRetention Pruning(TimeSpan retention) => new(Audit, _time, NullLogger<AuditRetention>.Instance, retention);

    private static async Task UntilAsync(Func<Task<bool>> reached)
    {
        for (var i = 0; i < 1000 && !await reached(); i++)
        {
            await Task.Delay(10, Ct);
        }
        Assert.True(await reached());
    }

    [Fact]
    public async Task Expired_entries_are_deleted_at_start_and_every_hour()
    {
        await EntryAsync(TimeSpan.FromDays(31));
        await EntryAsync(TimeSpan.FromDays(30) - TimeSpan.FromMinutes(30));
        await EntryAsync(TimeSpan.FromDays(1));
        using var pruning = Pruning(TimeSpan.FromDays(30));

        await pruning.StartAsync(Ct);
        await UntilAsync(async () => (await Audit.FindByInstanceAsync(new InstanceId("i"), Ct)).Count == 2);
        // The test may advance the clock before the service waits for it, so it advances until the service has reacted.
        await UntilAsync(async () =>
        {
            _time.Advance(TimeSpan.FromMinutes(5));
            return (await Audit.FindByInstanceAsync(new InstanceId("i"), Ct)).Count == 1;
        });

        await pruning.StopAsync(Ct);
    }

    [Fact]
    public async Task More_than_one_batch_is_deleted_at_once_and_the_newest_entries_stay()
    {
        for (var i = 0; i < AuditRetention.BatchSize + 20; i++)
        {
            await EntryAsync(TimeSpan.FromDays(40) - TimeSpan.FromSeconds(i));
        }
        Assert.Equal(7, await Audit.DeleteEntriesBeforeAsync(_time.GetUtcNow() - TimeSpan.FromDays(30), 7, Ct));
        using var pruning = Pruning(TimeSpan.FromDays(30));

        await pruning.StartAsync(Ct);
        await UntilAsync(async () => (await Audit.FindByInstanceAsync(new InstanceId("i"), Ct)).Count == 0);

        await pruning.StopAsync(Ct);
    }

    [Fact]
    public async Task Without_a_retention_entries_never_expire_and_ended_binds_stay_for_a_week()
    {
        await EntryAsync(TimeSpan.FromDays(5000));
        await EndedAsync("old", TimeSpan.FromDays(8));
        await EndedAsync("young", TimeSpan.FromDays(6));
        using var pruning = Pruning(TimeSpan.Zero);

        await pruning.StartAsync(Ct);
        await UntilAsync(async () => (await EndedBindingsAsync()).Count == 1);

        Assert.Equal(["young"], await EndedBindingsAsync());
        Assert.Single(await Audit.FindByInstanceAsync(new InstanceId("i"), Ct));
        await pruning.StopAsync(Ct);
    }

    [Fact]
    public async Task A_query_returns_the_requested_number_of_newest_entries_oldest_first()
    {
        foreach (var (binding, age) in new[] { ("a", 3), ("b", 2), ("a", 1) })
        {
            await Audit.AppendAsync(
                new AuditRecord(
                    _time.GetUtcNow() - TimeSpan.FromDays(age),
                    "Bind",
                    new InstanceId("i"),
                    new BindingId(binding),
                    Actor.Broker,
                    AuditResult.Begun,
                    $"{age}"
                ),
                Ct
            );
        }
        await EntryAsync(TimeSpan.Zero);

        Assert.Equal(["1", "x"], await Descriptions(new AuditQuery(null, null, null, 2)));
        Assert.Equal(["3", "1"], await Descriptions(new AuditQuery(new InstanceId("i"), new BindingId("a"), null, 9)));
        Assert.Equal(["2", "1", "x"], await Descriptions(new AuditQuery(null, null, _time.GetUtcNow() - TimeSpan.FromDays(2), 9)));
        Assert.Empty(await Descriptions(new AuditQuery(new InstanceId("j"), null, null, 9)));

        async Task<IEnumerable<string>> Descriptions(AuditQuery query) =>
            (await Audit.FindAsync(query, Ct)).Select(entry => entry.Description);
    }
}
