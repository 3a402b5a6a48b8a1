using AivenMetrics.Broker.State;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb.Conformance;

/// <summary>Asynchronous operations and their polling. Each test has its own broker, whose binds stay in progress.</summary>
public abstract class OperationConformanceTests : IAsyncLifetime
{
    private const string Incomplete = "?accepts_incomplete=true";

    private readonly BrokerHost _broker;

    protected OperationConformanceTests(BrokerHost broker)
    {
        _broker = broker;
        broker.DecideBind = _ => null;
    }

    public sealed class OnSqlite() : OperationConformanceTests(new BrokerHost());

    public sealed class OnPostgres(PostgresDatabases databases) : OperationConformanceTests(new PostgresBroker(databases));

    public ValueTask InitializeAsync() => _broker.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await _broker.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Osb_40_a_bind_that_takes_time_is_202_with_an_operation()
    {
        var answer = await _broker.PutAsync(await NewPathAsync() + Incomplete, BrokerHost.Bind());

        Assert.Equal(202, answer.Status);
        Assert.InRange(answer.Json.GetProperty("operation").GetString()!.Length, 1, 10_000);
    }

    [Fact]
    public async Task Osb_41_without_accepts_incomplete_there_is_no_202_and_with_it_no_AsyncRequired()
    {
        await _broker.StopAsync();
        _broker.Options.BindBudget = TimeSpan.FromSeconds(0.2);
        await _broker.StartAsync();
        var path = await NewPathAsync();

        var whole = await _broker.PutAsync(path, BrokerHost.Bind());
        var refused = await _broker.PutAsync(path + "?accepts_incomplete=false", BrokerHost.Bind());
        var accepted = await _broker.PutAsync(path + Incomplete, BrokerHost.Bind());

        Assert.Equal(("AsyncRequired", "AsyncRequired"), (whole.Error, refused.Error));
        Assert.Equal((202, null), (accepted.Status, accepted.Error));
    }

    [Fact]
    public async Task Osb_43_every_bind_has_an_operation_of_its_own()
    {
        var first = await _broker.PutAsync(await NewPathAsync() + Incomplete, BrokerHost.Bind());
        var second = await _broker.PutAsync(await NewPathAsync() + Incomplete, BrokerHost.Bind());

        Assert.NotEqual(first.Json.GetProperty("operation").GetString(), second.Json.GetProperty("operation").GetString());
    }

    [Theory]
    [InlineData(null, "in progress")]
    [InlineData(OperationState.Succeeded, "succeeded")]
    [InlineData(OperationState.Failed, "failed")]
    public async Task Osb_48_every_state_is_described_and_has_no_member_that_only_updates_and_deletes_have(
        OperationState? outcome,
        string state
    )
    {
        var poll = await PolledAsync(outcome);

        var answer = await _broker.GetAsync(poll);

        Assert.Equal((200, state), (answer.Status, answer.Json.GetProperty("state").GetString()));
        Assert.NotEmpty(answer.Description!);
        Assert.Equal(["state", "description"], answer.Json.EnumerateObject().Select(member => member.Name));
    }

    [Fact]
    public async Task Osb_49_a_malformed_poll_is_400()
    {
        Assert.Equal(400, (await _broker.GetAsync("/v2/service_instances/%FF/last_operation")).Status);
        Assert.Equal(400, (await _broker.GetAsync($"{await _broker.InstanceAsync()}/service_bindings/%FF/last_operation")).Status);
    }

    [Fact]
    public async Task Osb_51_a_poll_is_never_410_because_no_delete_is_asynchronous()
    {
        var instance = await _broker.InstanceAsync();
        await _broker.DeleteAsync(BrokerHost.WithPlan(instance) + "&accepts_incomplete=true");

        Assert.Equal(404, (await _broker.GetAsync(instance + "/last_operation")).Status);
        Assert.Equal(404, (await _broker.GetAsync(instance + "/service_bindings/b/last_operation")).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?operation=another")]
    [InlineData("?operation=&service_id=&plan_id=")]
    [InlineData("?service_id=unknown&plan_id=unknown&operation=unknown")]
    public async Task Osb_52_a_poll_is_answered_whatever_the_hints(string query)
    {
        var poll = await PolledAsync(OperationState.Succeeded);

        Assert.Equal("succeeded", (await _broker.GetAsync(poll + query)).Json.GetProperty("state").GetString());
    }

    [Theory]
    [InlineData(OperationState.Succeeded)]
    [InlineData(OperationState.Failed)]
    public async Task Osb_54_every_poll_reports_the_outcome(OperationState outcome)
    {
        var poll = await PolledAsync(outcome);

        var reported = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            reported.Add((await _broker.GetAsync(poll)).Text);
        }

        Assert.Single(reported.Distinct());
    }

    [Fact]
    public async Task Osb_54_a_rejected_bind_keeps_the_outcome_of_the_previous_one()
    {
        var poll = await PolledAsync(OperationState.Failed);
        var before = (await _broker.GetAsync(poll)).Text;

        var refused = await _broker.PutAsync(poll[..poll.LastIndexOf('/')], BrokerHost.Bind(BrokerHost.ServicesPlan, "pg-1"));

        Assert.Equal((400, before), (refused.Status, (await _broker.GetAsync(poll)).Text));
    }

    private async Task<string> NewPathAsync() => $"{await _broker.InstanceAsync()}/service_bindings/b";

    /// <summary>Polls a bind with that outcome; null: it is in progress.</summary>
    private async Task<string> PolledAsync(OperationState? outcome)
    {
        var path = await NewPathAsync();
        Assert.Equal(202, (await _broker.PutAsync(path + Incomplete, BrokerHost.Bind())).Status);
        if (outcome is { } state)
        {
            _broker.DecideBind = _ => (state, "So it ended.");
            _broker.Service<StateSignals>().DesiredStateChanged.Notify();
            while ((await _broker.GetAsync(path + "/last_operation")).Json.GetProperty("state").GetString() == "in progress")
            {
                await Task.Delay(10);
            }
        }

        return path + "/last_operation";
    }
}
