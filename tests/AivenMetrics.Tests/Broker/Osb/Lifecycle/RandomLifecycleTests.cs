using System.Globalization;
using AivenMetrics.Broker.State;
using CsCheck;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb.Lifecycle;

/// <summary>
/// Random requests, valid and odd, in random orders. A failure prints the seed and the shortest calls that show it; CsCheck_Seed
/// repeats it. LONG_TESTS=&lt;seconds&gt; runs each test for so long instead of a few seconds.
/// </summary>
public abstract partial class RandomLifecycleTests : IAsyncLifetime
{
    private const string BadReason = "The plan of pg-1 has no metrics.";

    private readonly BrokerHost broker;
    private readonly Invariants invariants = new();

    protected RandomLifecycleTests(BrokerHost broker)
    {
        this.broker = broker;
        broker.Verdict = scope => scope.BindingId.Value == World.BindingId(World.Slow) ? null
            : scope.BindingId.Value == World.BindingId(World.Bad) ? (OperationState.Failed, BadReason)
            : (OperationState.Succeeded, "Metrics are collected.");
    }

    public sealed class OnSqlite() : RandomLifecycleTests(new BrokerHost());

    public sealed class OnPostgres(PostgresDatabases databases) : RandomLifecycleTests(new PostgresBroker(databases));

    public async ValueTask InitializeAsync()
    {
        await broker.InitializeAsync();
        broker.Client.DefaultRequestHeaders.Remove("X-Broker-API-Version");
        // An inventory that is newer than every request: no bind waits for what might just have been made.
        var inventory = broker.Service<InventoryStore>();
        var demo = new AivenProject("demo");
        await inventory.SaveInventory(demo, DateTimeOffset.UtcNow.AddDays(1), await inventory.Services(demo, default), default);
    }

    public async ValueTask DisposeAsync()
    {
        await broker.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task One_client_gets_what_the_model_of_the_protocol_expects()
    {
        await Sample(Call.Any.Array[1, 40], 60, OneClient, Print);
        await NoPasswordIsKept();
    }

    private async Task OneClient(Call[] calls)
    {
        var (model, world) = (new LifecycleModel(), new World());
        var client = new Client(broker, world, invariants);
        foreach (var call in calls)
            await Step(model, client, call);

        foreach (var instance in model.Instances.ToList())
        {
            foreach (var binding in model.Bindings(instance).ToList())
                await Step(model, client, new Call(Verb.Unbind, instance, binding, 0, false, true, Spoil.Nothing));
            await Step(model, client, new Call(Verb.Deprovision, instance, 0, 0, false, true, Spoil.Nothing));
        }

        Assert.Empty(model.Instances);
        await client.NothingIsLeft();
        NoPasswordIsLogged();
    }

    private static async Task Step(LifecycleModel model, Client client, Call call)
    {
        var expected = model.Expected(call);
        var answer = await client.Send(call, model.Plan(call), model.Space(call));
        if (SpoiltRequests.Status(call.Spoil, call.Verb) is { } spoilt)
        {
            // Two faults at once: either is a right answer, and neither changes anything.
            int[] faults = [spoilt, .. expected.Where(status => status >= 400)];
            Assert.True(faults.Contains(answer.Status), $"{call} was answered {answer.Status} {answer.Text}");
            return;
        }

        Assert.True(expected.Contains(answer.Status), $"{call} was answered {answer.Status} {answer.Text}, not {string.Join(" or ", expected)}");
        model.Learn(call, answer);
        if (answer.Status == 202 && call.Binding != World.Slow)
            model.Settle(call, await client.Poll(call));
    }

    private void NoPasswordIsLogged()
    {
        while (broker.Log.TryDequeue(out var line))
            invariants.CheckNoPassword(line);
    }

    private async Task NoPasswordIsKept()
    {
        Assert.NotEqual(0, invariants.Passwords);
        var stored = await StoredRows.All(broker.Service<Database>());
        foreach (var row in stored["audit_entry"].Concat(stored["ended_binding"]))
            invariants.CheckNoPassword(row);
    }

    private static string Print(Call[] calls) => string.Join('\n', calls.AsEnumerable());

    private static async Task Sample<T>(Gen<T> gen, int iterations, Func<T, Task> test, Func<T, string> print)
    {
        var seconds = int.Parse(Environment.GetEnvironmentVariable("LONG_TESTS") ?? "-1", CultureInfo.InvariantCulture);
        await gen.SampleAsync(test, line => TestContext.Current.TestOutputHelper?.WriteLine(line), iter: iterations, time: seconds, threads: 4, print: print);
    }
}
