using AivenMetrics.Acceptance.State;
using AivenMetrics.Acceptance.Support;
using AivenMetrics.Testing.Programs;
using Npgsql;
using Xunit;

namespace AivenMetrics.Acceptance.Crashes;

/// <summary>A broker on PostgreSQL that can be killed at any of its writes, with a simulator and a gateway's polls.</summary>
public sealed class CrashingBrokerFixture : IAsyncLifetime
{
    private readonly PostgresFixture _postgres = new();
    private string _database = "";

    internal Stack Stack { get; private set; } = null!;

    internal FeedPoller Gateway { get; private set; } = null!;

    internal WriteTrap Trap { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await _postgres.InitializeAsync();
        _database = await _postgres.NewDatabaseAsync();
        // The integrations stay between the lifecycles, because this test does not cover Aiven.
        Stack = await Stack.StartAsync(
            new StackOptions
            {
                Database = _database,
                ReadPath = false,
                GracePeriod = "01:00:00",
            }
        );
        Gateway = new FeedPoller(Stack.Configuration.BrokerUrl(0), Stack.Configuration.Secret("feed-gateway"));
        Trap = await WriteTrap.InstallAsync(_database);
    }

    public async ValueTask DisposeAsync()
    {
        await Trap.DisposeAsync();
        await Gateway.DisposeAsync();
        await Stack.DisposeAsync();
        await _postgres.DisposeAsync();
    }

    /// <summary>Counts the rows that match a condition.</summary>
    internal async Task<long> CountAsync(string table, string condition = "true")
    {
        await using var connection = new NpgsqlConnection(_database + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"SELECT count(*) FROM {table} WHERE {condition}", connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}

/// <summary>A lifecycle whose broker is killed at its n-th write and restarted, as a platform sees it.</summary>
internal sealed class CrashedBroker : IAsyncDisposable
{
    private readonly CrashingBrokerFixture _broker;
    private readonly CrashMoment _moment;
    private readonly CancellationTokenSource _over = new();
    private readonly TaskCompletionSource _back = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _watching;

    private CrashedBroker(CrashingBrokerFixture broker, CrashMoment moment)
    {
        (_broker, _moment) = (broker, moment);
        _watching = WatchAsync();
    }

    /// <summary>True after the broker was killed.</summary>
    public bool Happened { get; private set; }

    public static async Task<CrashedBroker> AtWriteAsync(int write, CrashMoment moment, CrashingBrokerFixture broker)
    {
        await broker.Trap.SetAsync(moment, write);
        return new CrashedBroker(broker, moment);
    }

    /// <summary>Sends a request; null: the broker was killed before its response, and runs again.</summary>
    public async Task<OsbResponse?> SendAsync(Func<Platform, Task<OsbResponse>> request)
    {
        try
        {
            return await request(_broker.Stack.Platform);
        }
        catch (HttpRequestException)
        {
            await _back.Task.WaitAsync(TimeSpan.FromMinutes(1));
            return null;
        }
    }

    /// <summary>Removes the trap if the broker was not killed.</summary>
    public async Task CallOffAsync()
    {
        await _over.CancelAsync();
        await _watching;
        await _broker.Trap.RemoveAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await CallOffAsync();
        _over.Dispose();
    }

    private async Task WatchAsync()
    {
        while (!_over.IsCancellationRequested)
        {
            if (await _broker.Trap.HoldsAsync())
            {
                Happened = true;
                await _broker.Stack.KillAsync("broker");
                await _broker.Trap.FinishAsync(_moment);
                await _broker.Stack.RestartAsync("broker");
                _back.SetResult();
                return;
            }

            await Task.Delay(10, CancellationToken.None);
        }
    }
}
