using System.Text.Json.Nodes;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb;

/// <summary>PATCH /v2/service_instances/:i (OSB API v2.17, "Updating a Service Instance").</summary>
public abstract class UpdateTests(BrokerHost broker)
{
    public sealed class OnSqlite(BrokerHost broker) : UpdateTests(broker), IClassFixture<BrokerHost>;

    public sealed class OnPostgres(PostgresBroker broker) : UpdateTests(broker), IClassFixture<PostgresBroker>;

    private const string Unknown = "/v2/service_instances/unknown";

    private static JsonObject Patch(string? plan = null, string? parameters = null)
    {
        var body = new JsonObject { ["service_id"] = BrokerHost.OfferingId };
        if (plan is not null)
        {
            body["plan_id"] = plan;
        }
        if (parameters is not null)
        {
            body["parameters"] = JsonNode.Parse(parameters);
        }
        return body;
    }

    private Task<BrokerResponse> SendAsync(string path, JsonNode body) => broker.SendAsync(HttpMethod.Patch, path, body);

    private async Task<(string? Plan, string Parameters)> FetchedAsync(string path)
    {
        var json = (await broker.GetAsync(path)).Json;
        return (json.GetProperty("plan_id").GetString(), json.GetProperty("parameters").GetRawText());
    }

    [Fact]
    public async Task Osb_76_the_plan_of_an_instance_changes_there_and_back()
    {
        var path = await broker.InstanceAsync();

        Assert.Equal(200, (await SendAsync(path, Patch(BrokerHost.ServicesPlan))).Status);
        Assert.Equal((BrokerHost.ServicesPlan, "{}"), await FetchedAsync(path));
        Assert.Equal(200, (await SendAsync(path + "?accepts_incomplete=true", Patch(BrokerHost.SpacePlan))).Status);
        Assert.Equal((BrokerHost.SpacePlan, "{}"), await FetchedAsync(path));
    }

    [Fact]
    public async Task Osb_76_plan_and_parameters_change_in_one_request_and_the_response_has_the_new_scope()
    {
        var path = await broker.InstanceAsync();

        var answer = await SendAsync(path, Patch(BrokerHost.ServicesPlan, """{"services":["pg-1"]}"""));

        Assert.Equal(200, answer.Status);
        Assert.Equal("services", answer.Json.GetProperty("metadata").GetProperty("labels").GetProperty("aiven-metrics/scope").GetString());
        Assert.Equal((BrokerHost.ServicesPlan, """{"services":["pg-1"]}"""), await FetchedAsync(path));
    }

    [Fact]
    public async Task Osb_79_absent_or_empty_values_change_nothing_and_an_empty_list_clears_the_services()
    {
        var path = await broker.InstanceAsync(BrokerHost.ServicesPlan);
        await SendAsync(path, Patch(null, """{"services":["kafka-1"]}"""));

        foreach (var same in new[] { Patch(), Patch(null, "{}"), Patch(BrokerHost.ServicesPlan), Patch(BrokerHost.ServicesPlan, "{}") })
        {
            Assert.Equal(200, (await SendAsync(path, same)).Status);
            Assert.Equal((BrokerHost.ServicesPlan, """{"services":["kafka-1"]}"""), await FetchedAsync(path));
        }

        Assert.Equal(200, (await SendAsync(path, Patch(null, """{"services":[]}"""))).Status);
        Assert.Equal((BrokerHost.ServicesPlan, "{}"), await FetchedAsync(path));
    }

    [Fact]
    public async Task Osb_79_the_services_are_kept_on_a_plan_that_does_not_use_them()
    {
        var path = await broker.InstanceAsync(BrokerHost.ServicesPlan);
        await SendAsync(path, Patch(null, """{"services":["kafka-1"]}"""));

        await SendAsync(path, Patch(BrokerHost.SpacePlan));
        await SendAsync(path, Patch(BrokerHost.ServicesPlan));

        Assert.Equal((BrokerHost.ServicesPlan, """{"services":["kafka-1"]}"""), await FetchedAsync(path));
    }

    [Fact]
    public async Task Osb_86_a_rename_by_cloud_controller_changes_nothing_else()
    {
        var path = await broker.InstanceAsync();
        var body = Patch(BrokerHost.SpacePlan, "{}");
        body["previous_values"] = new JsonObject
        {
            ["plan_id"] = BrokerHost.SpacePlan,
            ["service_id"] = BrokerHost.OfferingId,
            ["organization_id"] = "org-1",
            ["space_id"] = "space-1",
            ["maintenance_info"] = null,
        };
        body["maintenance_info"] = null;

        Assert.Equal(200, (await SendAsync(path + "?accepts_incomplete=true", body)).Status);
        body["previous_values"] = null;
        Assert.Equal(200, (await SendAsync(path, body)).Status);
        Assert.Equal((BrokerHost.SpacePlan, "{}"), await FetchedAsync(path));
    }

    [Theory]
    [InlineData("""{"services":["others-pg"]}""", "'others-pg'")]
    [InlineData("""{"services":["same-space-other-organization"]}""", "'same-space-other-organization'")]
    [InlineData("""{"services":"pg-1"}""", "'services'")]
    [InlineData("""{"pasword":"hunter2-secret"}""", "'pasword'")]
    public async Task Osb_84_wrong_parameters_are_400_named_and_nothing_of_the_request_is_applied(string parameters, string named)
    {
        var path = await broker.InstanceAsync();
        var body = Patch(BrokerHost.ServicesPlan, parameters);
        body["context"] = new JsonObject { ["platform"] = "cloudfoundry", ["instance_name"] = "renamed" };

        var answer = await SendAsync(path, body);

        Assert.Equal(400, answer.Status);
        Assert.Contains(named, answer.Description, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2-secret", answer.Text, StringComparison.Ordinal);
        Assert.Equal((BrokerHost.SpacePlan, "{}"), await FetchedAsync(path));
        Assert.DoesNotContain("renamed", (await broker.GetAsync(path)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Osb_84_services_that_only_the_other_plan_accepts_are_400()
    {
        var path = await broker.InstanceAsync();

        Assert.Equal(400, (await SendAsync(path, Patch(null, """{"services":["pg-1"]}"""))).Status);
        Assert.Equal((BrokerHost.SpacePlan, "{}"), await FetchedAsync(path));
    }

    [Fact]
    public async Task Osb_78_an_update_without_a_known_service_or_with_an_unknown_plan_is_400()
    {
        var path = await broker.InstanceAsync();

        Assert.Equal(400, (await SendAsync(path, new JsonObject())).Status);
        Assert.Equal(400, (await SendAsync(path, new JsonObject { ["service_id"] = "unknown" })).Status);
        Assert.Equal(400, (await SendAsync(path, new JsonObject { ["service_id"] = 7 })).Status);
        Assert.Equal(400, (await SendAsync(path, Patch("x"))).Status);
        Assert.Equal(400, (await SendAsync(path, Patch(""))).Status);
    }

    [Theory]
    [InlineData("context")]
    [InlineData("parameters")]
    [InlineData("previous_values")]
    [InlineData("maintenance_info")]
    public async Task Osb_78_an_object_of_another_type_is_400_and_named(string field)
    {
        var body = Patch();
        body[field] = new JsonArray();

        var answer = await SendAsync(await broker.InstanceAsync(), body);

        Assert.Equal(400, answer.Status);
        Assert.Contains(field, answer.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Osb_88_an_update_of_an_unknown_instance_is_404() => Assert.Equal(404, (await SendAsync(Unknown, Patch())).Status);

    [Fact]
    public async Task Osb_42_twenty_equal_updates_at_once_are_all_200_and_applied()
    {
        var path = await broker.InstanceAsync();
        var body = Patch(BrokerHost.ServicesPlan, """{"services":["pg-1"]}""");

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => SendAsync(path, body.DeepClone())));

        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
        Assert.Equal((BrokerHost.ServicesPlan, """{"services":["pg-1"]}"""), await FetchedAsync(path));
    }

    [Fact]
    public async Task Osb_42_updates_binds_and_a_deprovision_at_once_leave_a_consistent_state()
    {
        for (var round = 0; round < 5; round++)
        {
            var path = await broker.InstanceAsync();
            var updates = Enumerable
                .Range(0, 6)
                .Select(i => SendAsync(path, Patch(i % 2 == 0 ? BrokerHost.ServicesPlan : BrokerHost.SpacePlan)));
            var binds = Enumerable.Range(0, 3).Select(i => broker.PutAsync($"{path}/service_bindings/b{i}", BrokerHost.Bind()));
            var deletes = new[] { broker.DeleteAsync(BrokerHost.WithPlan(path)) };

            var answers = await Task.WhenAll(updates.Concat(binds).Concat(deletes).ToList());

            Assert.All(answers, answer => Assert.InRange(answer.Status, 200, 422));
            var gone = answers[^1].Status == 200;
            Assert.Equal(gone ? 404 : 200, (await broker.GetAsync(path)).Status);
            Assert.All(answers[6..9].Index().Where(bind => gone && bind.Item.Status == 201), _ =>
                Assert.Fail("An instance with a binding is gone.")
            );
        }
    }
}
