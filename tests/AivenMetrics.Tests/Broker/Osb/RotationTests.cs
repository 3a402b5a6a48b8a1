using System.Text.Json.Nodes;
using AivenMetrics.Broker.State;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb;

/// <summary>Rotation: a PUT with a predecessor (OSB API v2.17, "Binding Rotation").</summary>
public abstract class RotationTests(BrokerHost broker) : IAsyncLifetime
{
    public sealed class OnSqlite() : RotationTests(new BrokerHost());

    public sealed class OnPostgres(PostgresDatabases databases) : RotationTests(new PostgresBroker(databases));

    private string _bindings = "";

    public async ValueTask InitializeAsync()
    {
        await broker.InitializeAsync();
        _bindings = $"{await broker.InstanceAsync(BrokerHost.ServicesPlan)}/service_bindings";
        Assert.Equal(201, (await broker.PutAsync($"{_bindings}/old", BrokerHost.Bind(BrokerHost.ServicesPlan, "pg-1", "kafka-1"))).Status);
    }

    public async ValueTask DisposeAsync()
    {
        await broker.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Osb_31_every_plan_declares_its_bindings_rotatable()
    {
        var plans = (await broker.GetAsync("/v2/catalog")).Json.GetProperty("services")[0].GetProperty("plans");

        Assert.All(plans.EnumerateArray(), plan => Assert.True(plan.GetProperty("binding_rotatable").GetBoolean()));
    }

    [Fact]
    public async Task Osb_105_106_107_a_rotation_makes_new_credentials_for_the_same_services_and_both_stay_valid()
    {
        var old = await broker.GetAsync($"{_bindings}/old");

        var answer = await broker.PutAsync($"{_bindings}/new", Rotation("old"));

        Assert.Equal(201, answer.Status);
        Assert.Equal(Scope(old), Scope(answer));
        Assert.NotEqual(Username(old), Username(answer));
        var usernames = (await broker.Service<BindingStore>().LiveCredentialsAsync(default))
            .Select(credential => credential.Username)
            .ToList();
        Assert.Contains(Username(old), usernames);
        Assert.Contains(Username(answer), usernames);
        Assert.Equal(
            """{"services":["pg-1","kafka-1"]}""",
            (await broker.GetAsync($"{_bindings}/new")).Json.GetProperty("parameters").GetRawText()
        );
    }

    [Fact]
    public async Task A_scope_that_the_plan_no_longer_includes_is_not_granted_again_but_stays_valid()
    {
        var instance = await broker.InstanceAsync();
        var spaceWide = $"{instance}/service_bindings/wide";
        Assert.Equal(201, (await broker.PutAsync(spaceWide, BrokerHost.Bind())).Status);
        var update = new JsonObject { ["service_id"] = BrokerHost.OfferingId, ["plan_id"] = BrokerHost.ServicesPlan };
        Assert.Equal(200, (await broker.SendAsync(HttpMethod.Patch, instance, update)).Status);

        var rotated = await broker.PutAsync($"{instance}/service_bindings/new", Rotation("wide"));

        Assert.Equal(400, rotated.Status);
        Assert.Contains("whole space", rotated.Description, StringComparison.Ordinal);
        Assert.Equal(200, (await broker.GetAsync(spaceWide)).Status);
    }

    [Fact]
    public async Task Osb_108_the_service_and_the_plan_are_optional()
    {
        var whole = Rotation("old");
        whole["service_id"] = BrokerHost.OfferingId;
        whole["plan_id"] = BrokerHost.ServicesPlan;
        Assert.Equal(201, (await broker.PutAsync($"{_bindings}/a", whole)).Status);
        whole["plan_id"] = BrokerHost.SpacePlan;
        Assert.Equal(400, (await broker.PutAsync($"{_bindings}/b", whole)).Status);
        whole["plan_id"] = "unknown";
        Assert.Equal(400, (await broker.PutAsync($"{_bindings}/b", whole)).Status);
        Assert.Equal(201, (await broker.PutAsync($"{_bindings}/b", Rotation("old"))).Status);
    }

    [Fact]
    public async Task Osb_109_an_equal_rotation_is_200_also_without_its_predecessor_and_another_is_409()
    {
        var first = await broker.PutAsync($"{_bindings}/new", Rotation("old"));
        await broker.PutAsync($"{_bindings}/other", Rotation("old"));

        Assert.Equal((200, first.Text), Of(await broker.PutAsync($"{_bindings}/new", Rotation("old"))));
        Assert.Equal(409, (await broker.PutAsync($"{_bindings}/new", Rotation("other"))).Status);
        Assert.Equal(409, (await broker.PutAsync($"{_bindings}/new", BrokerHost.Bind(BrokerHost.ServicesPlan, "pg-1", "kafka-1"))).Status);
        Assert.Equal(409, (await broker.PutAsync($"{_bindings}/old", Rotation("new"))).Status);
        await broker.DeleteAsync(BrokerHost.WithPlan($"{_bindings}/old", BrokerHost.ServicesPlan));
        Assert.Equal((200, first.Text), Of(await broker.PutAsync($"{_bindings}/new", Rotation("old"))));
    }

    [Fact]
    public async Task Osb_69_twenty_equal_rotations_at_once_make_one_credential()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => broker.PutAsync($"{_bindings}/new", Rotation("old"))));

        Assert.Single(answers, answer => answer.Status == 201);
        Assert.Single(answers.Select(answer => answer.Text).Distinct());
    }

    [Fact]
    public async Task Osb_104_a_predecessor_that_is_unknown_of_another_instance_unfinished_failed_or_expired_is_400_with_the_reason()
    {
        Assert.Contains("names no binding of this service instance", await RefusedAsync("unknown"), StringComparison.Ordinal);
        var foreign = (await broker.BindingAsync()).Split('/')[^1];
        Assert.Contains("names no binding of this service instance", await RefusedAsync(foreign), StringComparison.Ordinal);

        await SetStateAsync("operation_state = 'in progress'");
        broker.DecideBind = _ => null;
        Assert.Contains("still being created", await RefusedAsync("old"), StringComparison.Ordinal);
        await SetStateAsync("operation_state = 'failed'");
        Assert.Contains(
            "names a binding that failed. Create a new binding without a predecessor",
            await RefusedAsync("old"),
            StringComparison.Ordinal
        );
        await SetStateAsync("operation_state = 'succeeded', expires_at = 1, renew_before = 1");
        Assert.Contains("has expired", await RefusedAsync("old"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Osb_107_parameters_that_are_sent_must_be_the_predecessors()
    {
        var body = Rotation("old");
        body["parameters"] = new JsonObject { ["services"] = new JsonArray("pg-1") };
        var answer = await broker.PutAsync($"{_bindings}/new", body);

        Assert.Equal(400, answer.Status);
        Assert.Contains("parameters", answer.Description, StringComparison.Ordinal);
        body["parameters"] = new JsonObject { ["services"] = new JsonArray("pg-1", "kafka-1") };
        Assert.Equal(201, (await broker.PutAsync($"{_bindings}/new", body)).Status);
        Assert.Equal(200, (await broker.PutAsync($"{_bindings}/new", body)).Status);
    }

    [Fact]
    public async Task Osb_104_an_empty_predecessor_is_400_and_named()
    {
        var answer = await broker.PutAsync($"{_bindings}/new", Rotation(""));

        Assert.Equal(400, answer.Status);
        Assert.Contains("predecessor_binding_id", answer.Description, StringComparison.Ordinal);
    }

    private async Task<string> RefusedAsync(string predecessor)
    {
        var answer = await broker.PutAsync($"{_bindings}/new", Rotation(predecessor));
        Assert.Equal(400, answer.Status);
        Assert.Contains("predecessor_binding_id", answer.Description, StringComparison.Ordinal);
        Assert.Equal(404, (await broker.GetAsync($"{_bindings}/new")).Status);
        return answer.Description!;
    }

    private Task<int> SetStateAsync(string set) =>
        broker.Service<Database>().ExecuteAsync($"UPDATE service_binding SET {set} WHERE binding_id = 'old'", null, default);

    private static JsonObject Rotation(string predecessor) => new() { ["predecessor_binding_id"] = predecessor };

    private static (int, string) Of(BrokerResponse answer) => (answer.Status, answer.Text);

    private static string? Username(BrokerResponse answer) => answer.Json.GetProperty("credentials").GetProperty("username").GetString();

    private static string Scope(BrokerResponse answer) => answer.Json.GetProperty("credentials").GetProperty("scope").GetRawText();
}
