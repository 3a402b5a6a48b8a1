using AivenMetrics.Acceptance.State;
using AivenMetrics.Acceptance.Support;
using AivenMetrics.Testing.Programs;
using Npgsql;
using Xunit;

namespace AivenMetrics.Acceptance.Crashes;

/// <summary>A broker on PostgreSQL that can be killed at any of its writes, with a simulator and a gateway's polls.</summary>
public sealed class DyingBroker : IAsyncLifetime
{
    private readonly PostgresFixture postgres = new();
    private string database = "";

    internal Stack Stack { get; private set; } = null!;

    internal GatewayPoll Gateway { get; private set; } = null!;

    internal WriteTrap Trap { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await postgres.InitializeAsync();
        database = await postgres.NewDatabase();
        // The integrations stay between the lifecycles: what Aiven does is not what is tested here.
        Stack = await Stack.Start(new StackOptions { Database = database, ReadPath = false, GracePeriod = "01:00:00" });
        Gateway = new GatewayPoll(Stack.At.BrokerUrl(0), Stack.At.Secret("feed-gateway"));
        Trap = await WriteTrap.Install(database);
    }

    public async ValueTask DisposeAsync()
    {
        await Trap.DisposeAsync();
        await Gateway.DisposeAsync();
        await Stack.DisposeAsync();
        await postgres.DisposeAsync();
    }

    /// <summary>Rows that a condition finds.</summary>
    internal async Task<long> Count(string table, string condition = "true")
    {
        await using var connection = new NpgsqlConnection(database + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"SELECT count(*) FROM {table} WHERE {condition}", connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}

/// <summary>One life of the broker until its n-th write, and the next one, as a platform sees them.</summary>
internal sealed class Death : IAsyncDisposable
{
    private readonly DyingBroker broker;
    private readonly Moment moment;
    private readonly CancellationTokenSource over = new();
    private readonly TaskCompletionSource back = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task watching;

    private Death(DyingBroker broker, Moment moment)
    {
        (this.broker, this.moment) = (broker, moment);
        watching = Watch();
    }

    /// <summary>True from the kill on.</summary>
    public bool Happened { get; private set; }

    public static async Task<Death> AtWrite(int write, Moment moment, DyingBroker broker)
    {
        await broker.Trap.Set(moment, write);
        return new Death(broker, moment);
    }

    /// <summary>Sends a request; null: the broker died before it answered, and is back.</summary>
    public async Task<OsbAnswer?> Ask(Func<Platform, Task<OsbAnswer>> request)
    {
        try
        {
            return await request(broker.Stack.Platform);
        }
        catch (HttpRequestException)
        {
            await back.Task.WaitAsync(TimeSpan.FromMinutes(1));
            return null;
        }
    }

    /// <summary>Lets the broker live on if it has not died yet.</summary>
    public async Task CallOff()
    {
        await over.CancelAsync();
        await watching;
        await broker.Trap.Remove();
    }

    public async ValueTask DisposeAsync()
    {
        await CallOff();
        over.Dispose();
    }

    private async Task Watch()
    {
        while (!over.IsCancellationRequested)
        {
            if (await broker.Trap.Holds())
            {
                Happened = true;
                await broker.Stack.Kill("broker");
                await broker.Trap.Finish(moment);
                await broker.Stack.Restart("broker");
                back.SetResult();
                return;
            }

            await Task.Delay(10, CancellationToken.None);
        }
    }
}
