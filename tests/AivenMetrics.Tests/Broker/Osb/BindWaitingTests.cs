using AivenMetrics.Broker.State;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb;

/// <summary>Binds that the reconciler does not decide immediately. Each test has its own broker.</summary>
public abstract class BindWaitingTests : IAsyncLifetime
{
    private readonly BrokerHost _broker;
    private string _path = "";

    protected BindWaitingTests(BrokerHost broker)
    {
        _broker = broker;
        broker.DecideBind = _ => null;
    }

    public sealed class OnSqlite() : BindWaitingTests(new BrokerHost());

    public sealed class OnPostgres(PostgresDatabases databases) : BindWaitingTests(new PostgresBroker(databases));

    public async ValueTask InitializeAsync()
    {
        await _broker.InitializeAsync();
        _path = $"{await _broker.InstanceAsync()}/service_bindings/b";
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return _broker.DisposeAsync();
    }

    [Fact]
    public async Task Osb_39_out_of_budget_without_accepts_incomplete_is_AsyncRequired_and_nothing_is_left()
    {
        await _broker.StopAsync();
        _broker.Options.BindBudget = TimeSpan.FromSeconds(0.3);
        await _broker.StartAsync();

        var answer = await _broker.PutAsync(_path, BrokerHost.Bind());

        Assert.Equal((422, "AsyncRequired"), (answer.Status, answer.Error));
        Assert.Empty(await _broker.Service<BindingStore>().LiveScopesAsync(default));
    }

    [Fact]
    public async Task Osb_39_a_replay_that_cannot_wait_for_the_running_bind_is_AsyncRequired_and_leaves_it_alone()
    {
        await _broker.StopAsync();
        _broker.Options.BindBudget = TimeSpan.FromSeconds(0.3);
        await _broker.StartAsync();
        Assert.Equal(202, (await _broker.PutAsync(_path + "?accepts_incomplete=true", BrokerHost.Bind())).Status);

        var replay = await _broker.PutAsync(_path, BrokerHost.Bind());

        Assert.Equal((422, "AsyncRequired"), (replay.Status, replay.Error));
        Assert.Equal("in progress", (await _broker.GetAsync(_path + "/last_operation")).Json.GetProperty("state").GetString());
    }

    [Fact]
    public async Task Osb_90_with_accepts_incomplete_it_is_202_without_credentials_and_a_replay_names_the_same_operation()
    {
        var first = await _broker.PutAsync(_path + "?accepts_incomplete=true", BrokerHost.Bind());
        var replay = await _broker.PutAsync(_path + "?accepts_incomplete=true", BrokerHost.Bind());

        Assert.Equal((202, 202), (first.Status, replay.Status));
        Assert.Equal(["operation"], first.Json.EnumerateObject().Select(member => member.Name));
        Assert.Equal(first.Text, replay.Text);
    }

    [Fact]
    public async Task Osb_92_another_bind_of_that_id_is_409_while_the_first_runs()
    {
        await _broker.PutAsync(_path + "?accepts_incomplete=true", BrokerHost.Bind());
        var other = BrokerHost.Bind();
        other["app_guid"] = "app-2";
        other["bind_resource"]!["app_guid"] = "app-2";

        Assert.Equal(409, (await _broker.PutAsync(_path + "?accepts_incomplete=true", other)).Status);
    }

    [Fact]
    public async Task Osb_111_a_binding_in_progress_can_be_polled_and_is_fetched_only_when_done()
    {
        await _broker.PutAsync(_path + "?accepts_incomplete=true", BrokerHost.Bind());
        Assert.Equal(404, (await _broker.GetAsync(_path)).Status);
        var running = await _broker.GetAsync(_path + "/last_operation");
        Assert.Equal("in progress", running.Json.GetProperty("state").GetString());
        Assert.NotEmpty(running.Description!);

        await DecideAsync(OperationState.Succeeded, "Done.");

        var done = await _broker.GetAsync(_path + "/last_operation?operation=x");
        Assert.Equal((200, """{"state":"succeeded","description":"Done."}"""), (done.Status, done.Text));
        var fetched = await _broker.GetAsync(_path);
        Assert.Equal(200, fetched.Status);
        Assert.NotEmpty(fetched.Json.GetProperty("credentials").GetProperty("password").GetString()!);
        Assert.Equal(200, (await _broker.PutAsync(_path, BrokerHost.Bind())).Status);
    }

    [Fact]
    public async Task Osb_128_a_failed_bind_is_reported_by_the_poll_cannot_be_fetched_and_can_be_retried()
    {
        var first = await _broker.PutAsync(_path + "?accepts_incomplete=true", BrokerHost.Bind());
        await DecideAsync(OperationState.Failed, "The plan of pg-1 has no metrics.");

        var failed = await _broker.GetAsync(_path + "/last_operation");
        Assert.Equal(("failed", "The plan of pg-1 has no metrics."), (failed.Json.GetProperty("state").GetString(), failed.Description));
        Assert.Equal(404, (await _broker.GetAsync(_path)).Status);
        var again = await _broker.PutAsync(_path + "?accepts_incomplete=true", BrokerHost.Bind());
        Assert.Equal(202, again.Status);
        Assert.NotEqual(first.Text, again.Text);
    }

    [Fact]
    public async Task A_bind_that_fails_while_the_platform_waits_is_400_with_the_reason_and_leaves_nothing()
    {
        _broker.DecideBind = _ => (OperationState.Failed, "The plan of pg-1 has no metrics.");

        var answer = await _broker.PutAsync(_path, BrokerHost.Bind());

        Assert.Equal((400, "The plan of pg-1 has no metrics."), (answer.Status, answer.Description));
        Assert.Equal(404, (await _broker.GetAsync(_path + "/last_operation")).Status);
    }

    [Fact]
    public async Task Osb_119_an_unbind_is_accepted_while_the_bind_runs_and_ends_it()
    {
        await _broker.PutAsync(_path + "?accepts_incomplete=true", BrokerHost.Bind());

        Assert.Equal(200, (await _broker.DeleteAsync(BrokerHost.WithPlan(_path))).Status);

        var ended = await _broker.GetAsync(_path + "/last_operation");
        Assert.Equal((200, "failed"), (ended.Status, ended.Json.GetProperty("state").GetString()));
        Assert.Contains("unbound while it was being created", ended.Description, StringComparison.Ordinal);
        Assert.Empty(await _broker.Service<BindingStore>().LiveScopesAsync(default));
    }

    [Fact]
    public async Task Osb_119_a_bind_whose_platform_unbinds_meanwhile_answers_a_concurrency_error()
    {
        var bind = _broker.PutAsync(_path, BrokerHost.Bind());
        await RowIsThereAsync();

        Assert.Equal(200, (await _broker.DeleteAsync(BrokerHost.WithPlan(_path))).Status);

        Assert.Equal((422, "ConcurrencyError"), ((await bind).Status, (await bind).Error));
    }

    [Fact]
    public async Task A_platform_that_disconnects_gets_the_same_binding_again()
    {
        using (var gone = new CancellationTokenSource())
        {
            using var body = new StringContent(BrokerHost.Bind().ToJsonString(), System.Text.Encoding.UTF8, "application/json");
            var bind = _broker.Client.PutAsync(_path, body, gone.Token);
            await RowIsThereAsync();
            await gone.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => bind);
        }

        var row = Assert.Single(await _broker.Service<BindingStore>().LiveCredentialsAsync(default));
        await DecideAsync(OperationState.Succeeded, "Done.");
        var replay = await _broker.PutAsync(_path, BrokerHost.Bind());

        Assert.Equal(200, replay.Status);
        Assert.Equal(row.Username, replay.Json.GetProperty("credentials").GetProperty("username").GetString());
    }

    [Fact]
    public async Task A_broker_killed_before_its_response_returns_the_same_operation_after_its_restart()
    {
        var before = await _broker.PutAsync(_path + "?accepts_incomplete=true", BrokerHost.Bind());

        await _broker.StopAsync();
        await _broker.StartAsync();

        Assert.Equal(before.Text, (await _broker.PutAsync(_path + "?accepts_incomplete=true", BrokerHost.Bind())).Text);
        await DecideAsync(OperationState.Succeeded, "Done.");
        Assert.Equal(200, (await _broker.PutAsync(_path, BrokerHost.Bind())).Status);
    }

    [Fact]
    public async Task A_service_created_after_the_last_inventory_is_found_by_waking_the_reconciler()
    {
        _broker.DecideBind = _ => (OperationState.Succeeded, "Done.");
        var services = $"{await _broker.InstanceAsync(BrokerHost.ServicesPlan)}/service_bindings/b";
        _broker.ReconcilerWoken = () =>
            _broker
                .Service<InventoryStore>()
                .SaveInventoryAsync(
                    new AivenProject("demo"),
                    DateTimeOffset.UtcNow,
                    [BrokerHost.Aiven("just-made", BrokerHost.Owner)],
                    default
                );

        var answer = await _broker.PutAsync(services, BrokerHost.Bind(BrokerHost.ServicesPlan, "just-made"));

        Assert.Equal(201, answer.Status);
    }

    [Fact]
    public async Task Osb_53_a_poll_of_a_running_bind_has_a_retry_time()
    {
        var accepted = await _broker.PutAsync(_path + "?accepts_incomplete=true", BrokerHost.Bind());

        Assert.Equal(TimeSpan.FromSeconds(5), accepted.Response.Headers.RetryAfter?.Delta);
        Assert.Equal(TimeSpan.FromSeconds(5), (await _broker.GetAsync(_path + "/last_operation")).Response.Headers.RetryAfter?.Delta);
        await DecideAsync(OperationState.Succeeded, "Done.");
        Assert.Null((await _broker.GetAsync(_path + "/last_operation")).Response.Headers.RetryAfter);
    }

    [Fact]
    public async Task Osb_39_the_error_states_what_the_bind_was_waiting_for()
    {
        await _broker.StopAsync();
        _broker.Options.BindBudget = TimeSpan.FromSeconds(0.3);
        await _broker.StartAsync();

        var answer = await _broker.PutAsync(_path, BrokerHost.Bind());

        Assert.EndsWith("Waiting for the metrics of the services.", answer.Description, StringComparison.Ordinal);
        Assert.Equal(404, (await _broker.GetAsync(_path + "/last_operation")).Status);
    }

    [Fact]
    public async Task Osb_119_a_bind_after_an_unbind_starts_again_without_the_outcome_of_the_first()
    {
        var first = await _broker.PutAsync(_path + "?accepts_incomplete=true", BrokerHost.Bind());
        await _broker.DeleteAsync(BrokerHost.WithPlan(_path));
        Assert.Equal(410, (await _broker.DeleteAsync(BrokerHost.WithPlan(_path))).Status);

        var second = await _broker.PutAsync(_path + "?accepts_incomplete=true", BrokerHost.Bind());
        Assert.Equal(202, second.Status);
        Assert.NotEqual(first.Text, second.Text);
        Assert.Equal("in progress", (await _broker.GetAsync(_path + "/last_operation")).Json.GetProperty("state").GetString());
        await DecideAsync(OperationState.Succeeded, "Done.");
        await _broker.DeleteAsync(BrokerHost.WithPlan(_path));
        Assert.Equal(404, (await _broker.GetAsync(_path + "/last_operation")).Status);
    }

    [Fact]
    public async Task Osb_125_a_delete_cleans_up_before_during_and_after_a_create_that_failed()
    {
        Assert.Equal(410, (await _broker.DeleteAsync(BrokerHost.WithPlan(_path))).Status);
        await _broker.PutAsync(_path + "?accepts_incomplete=true", BrokerHost.Bind());
        Assert.Equal(200, (await _broker.DeleteAsync(BrokerHost.WithPlan(_path))).Status);
        await _broker.PutAsync(_path + "?accepts_incomplete=true", BrokerHost.Bind());
        await DecideAsync(OperationState.Failed, "No.");
        Assert.Equal(200, (await _broker.DeleteAsync(BrokerHost.WithPlan(_path))).Status);
        Assert.Equal(410, (await _broker.DeleteAsync(BrokerHost.WithPlan(_path))).Status);

        Assert.Equal(404, (await _broker.GetAsync(_path + "/last_operation")).Status);
        Assert.Equal(
            0,
            (await _broker.Service<Database>().QueryAsync<long>("SELECT COUNT(*) FROM service_binding", null, default)).Single()
        );
    }

    private async Task RowIsThereAsync()
    {
        while ((await _broker.Service<BindingStore>().PendingBindsAsync(default)).Count == 0)
        {
            await Task.Delay(10);
        }
    }

    private async Task DecideAsync(OperationState state, string description)
    {
        var bind = Assert.Single(await _broker.Service<BindingStore>().PendingBindsAsync(default));
        await _broker
            .Service<BindingStore>()
            .RecordOutcomesAsync([new BindOutcome(bind, state, description)], DateTimeOffset.UtcNow, default);
    }
}
