using System.Globalization;
using AivenMetrics.Broker.State;
using CsCheck;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb.Lifecycle;

/// <summary>
/// Random requests, valid and faulty, in random order. A failure prints the seed and the shortest calls that reproduce it; set CsCheck_Seed
/// to repeat it. LONG_TESTS=&lt;seconds&gt; sets the duration of each test.
/// </summary>
public abstract partial class RandomLifecycleTests : IAsyncLifetime
{
    private const string BadReason = "The plan of pg-1 has no metrics.";

    private readonly BrokerHost _broker;
    private readonly ResponseInvariants _invariants = new();

    protected RandomLifecycleTests(BrokerHost broker)
    {
        _broker = broker;
        broker.DecideBind = scope =>
            scope.BindingId.Value == LifecycleIds.BindingId(LifecycleIds.Slow) ? null
            : scope.BindingId.Value == LifecycleIds.BindingId(LifecycleIds.Bad) ? (OperationState.Failed, BadReason)
            : (OperationState.Succeeded, "Metrics are collected.");
    }

    public sealed class OnSqlite() : RandomLifecycleTests(new BrokerHost());

    public sealed class OnPostgres(PostgresDatabases databases) : RandomLifecycleTests(new PostgresBroker(databases));

    public async ValueTask InitializeAsync()
    {
        await _broker.InitializeAsync();
        _broker.Client.DefaultRequestHeaders.Remove("X-Broker-API-Version");
        // An inventory newer than every request, so that no bind waits for services that were just created.
        var inventory = _broker.Service<InventoryStore>();
        var demo = new AivenProject("demo");
        await inventory.SaveInventoryAsync(
            demo,
            DateTimeOffset.UtcNow.AddDays(1),
            await inventory.ServicesOfProjectAsync(demo, default),
            default
        );
    }

    public async ValueTask DisposeAsync()
    {
        await _broker.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task One_client_gets_what_the_model_of_the_protocol_expects()
    {
        await SampleAsync(LifecycleCall.Any.Array[1, 40], 60, OneClientAsync, Print);
        await NoPasswordIsKeptAsync();
    }

    private async Task OneClientAsync(LifecycleCall[] calls)
    {
        var (model, world) = (new LifecycleModel(), new LifecycleIds());
        var client = new LifecycleClient(_broker, world, _invariants);
        foreach (var call in calls)
        {
            await StepAsync(model, client, call);
        }

        foreach (var instance in model.Instances.ToList())
        {
            foreach (var binding in model.Bindings(instance).ToList())
            {
                await StepAsync(model, client, new LifecycleCall(Verb.Unbind, instance, binding, 0, false, true, RequestFault.None));
            }
            await StepAsync(model, client, new LifecycleCall(Verb.Deprovision, instance, 0, 0, false, true, RequestFault.None));
        }

        Assert.Empty(model.Instances);
        await client.CheckNothingRemainsAsync();
        NoPasswordIsLogged();
    }

    private static async Task StepAsync(LifecycleModel model, LifecycleClient client, LifecycleCall call)
    {
        var expected = model.Expected(call);
        var answer = await client.SendAsync(call, model.Plan(call), model.Space(call));
        if (FaultyRequests.Status(call.Fault, call.Verb) is { } spoilt)
        {
            // With two faults, either response is correct, and nothing changes.
            int[] faults = [spoilt, .. expected.Where(status => status >= 400)];
            Assert.True(faults.Contains(answer.Status), $"{call} was answered {answer.Status} {answer.Text}");
            return;
        }

        Assert.True(
            expected.Contains(answer.Status),
            $"{call} was answered {answer.Status} {answer.Text}, not {string.Join(" or ", expected)}"
        );
        model.Learn(call, answer);
        if (answer.Status == 202 && call.Binding != LifecycleIds.Slow)
        {
            model.Settle(call, await client.PollAsync(call));
        }
    }

    private void NoPasswordIsLogged()
    {
        while (_broker.Log.TryDequeue(out var line))
        {
            _invariants.CheckNoPassword(line);
        }
    }

    private async Task NoPasswordIsKeptAsync()
    {
        Assert.NotEqual(0, _invariants.Passwords);
        var stored = await StoredRows.AllAsync(_broker.Service<Database>());
        foreach (var row in stored["audit_entry"].Concat(stored["ended_binding"]))
        {
            _invariants.CheckNoPassword(row);
        }
    }

    private static string Print(LifecycleCall[] calls) => string.Join('\n', calls.AsEnumerable());

    private static async Task SampleAsync<T>(Gen<T> gen, int iterations, Func<T, Task> test, Func<T, string> print)
    {
        var seconds = int.Parse(Environment.GetEnvironmentVariable("LONG_TESTS") ?? "-1", CultureInfo.InvariantCulture);
        await gen.SampleAsync(
            test,
            line => TestContext.Current.TestOutputHelper?.WriteLine(line),
            iter: iterations,
            time: seconds,
            threads: 4,
            print: print
        );
    }
}
