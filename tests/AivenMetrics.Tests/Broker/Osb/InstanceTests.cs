using System.Text.Json.Nodes;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb;

/// <summary>osb.md A4, A6, A7, A12: reading, changing and deleting an instance.</summary>
public abstract class InstanceTests(BrokerHost broker)
{
    public sealed class OnSqlite(BrokerHost broker) : InstanceTests(broker), IClassFixture<BrokerHost>;

    public sealed class OnPostgres(PostgresBroker broker) : InstanceTests(broker), IClassFixture<PostgresBroker>;

    private const string Unknown = "/v2/service_instances/unknown";

    [Fact]
    public async Task Osb_70_an_instance_is_fetched_at_once_and_without_nulls()
    {
        var path = await broker.Instance(BrokerHost.ServicesPlan);

        var answer = await broker.Get($"{path}?service_id=hint&plan_id=hint");

        Assert.Equal(200, answer.Status);
        Assert.Equal(
            "{\"service_id\":\"" + BrokerHost.OfferingId + "\",\"plan_id\":\"" + BrokerHost.ServicesPlan + "\",\"parameters\":{}}", answer.Text);
    }

    [Fact]
    public async Task Osb_71_an_unknown_instance_is_404() => Assert.Equal(404, (await broker.Get(Unknown)).Status);

    [Fact]
    public async Task Osb_47_the_last_operation_of_an_instance_has_succeeded_whatever_the_hints()
    {
        var path = await broker.Instance();

        var answer = await broker.Get(path + "/last_operation?operation=whatever&plan_id=x");

        Assert.Equal((200, """{"state":"succeeded"}"""), (answer.Status, answer.Text));
    }

    [Fact]
    public async Task Osb_50_the_last_operation_of_an_unknown_instance_is_404() =>
        Assert.Equal(404, (await broker.Get(Unknown + "/last_operation")).Status);

    [Fact]
    public async Task Osb_81_another_plan_or_parameters_are_422_with_a_sentence_and_nothing_changes()
    {
        var path = await broker.Instance();
        var plan = new JsonObject { ["service_id"] = BrokerHost.OfferingId, ["plan_id"] = BrokerHost.ServicesPlan };
        var parameters = new JsonObject { ["service_id"] = BrokerHost.OfferingId, ["parameters"] = new JsonObject { ["a"] = 1 } };

        foreach (var body in new[] { plan, parameters })
        {
            var answer = await broker.Send(HttpMethod.Patch, path, body);
            Assert.Equal((422, null), (answer.Status, answer.Error));
            Assert.Contains("not supported", answer.Description, StringComparison.Ordinal);
        }

        Assert.Contains(BrokerHost.SpacePlan, (await broker.Get(path)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Osb_76_an_update_that_changes_nothing_is_200_also_with_what_cloud_controller_sends()
    {
        var path = await broker.Instance();
        var body = new JsonObject
        {
            ["service_id"] = BrokerHost.OfferingId,
            ["plan_id"] = BrokerHost.SpacePlan,
            ["parameters"] = new JsonObject(),
            ["previous_values"] = new JsonObject { ["plan_id"] = BrokerHost.SpacePlan, ["maintenance_info"] = null },
        };

        var answer = await broker.Send(HttpMethod.Patch, path + "?accepts_incomplete=true", body);

        Assert.Equal((200, "{}"), (answer.Status, answer.Text));
    }

    [Fact]
    public async Task Osb_78_an_update_without_a_known_service_is_400()
    {
        var path = await broker.Instance();

        Assert.Equal(400, (await broker.Send(HttpMethod.Patch, path, new JsonObject())).Status);
        Assert.Equal(400, (await broker.Send(HttpMethod.Patch, path, new JsonObject { ["service_id"] = "unknown" })).Status);
        Assert.Equal(
            400,
            (await broker.Send(HttpMethod.Patch, path, new JsonObject { ["service_id"] = BrokerHost.OfferingId, ["plan_id"] = "x" })).Status);
    }

    [Fact]
    public async Task Osb_88_an_update_of_an_unknown_instance_is_404() =>
        Assert.Equal(404, (await broker.Send(HttpMethod.Patch, Unknown, new JsonObject { ["service_id"] = BrokerHost.OfferingId })).Status);

    [Fact]
    public async Task Osb_121_a_deprovision_is_200_with_an_object_and_then_410()
    {
        var path = await broker.Instance();

        var first = await broker.Delete(BrokerHost.WithPlan(path) + "&accepts_incomplete=true");
        var second = await broker.Delete(BrokerHost.WithPlan(path));

        Assert.Equal((200, "{}"), (first.Status, first.Text));
        Assert.Equal(410, second.Status);
        Assert.Equal(404, (await broker.Get(path)).Status);
        Assert.Equal(201, (await broker.Put(path, BrokerHost.Provision())).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?service_id=" + BrokerHost.OfferingId)]
    [InlineData("?plan_id=" + BrokerHost.SpacePlan)]
    [InlineData("?service_id=&plan_id=")]
    [InlineData("?service_id=a&service_id=b&plan_id=c")]
    [InlineData("?service_id=" + BrokerHost.OfferingId + "&plan_id=" + BrokerHost.ServicesPlan)]
    public async Task Osb_121_a_deprovision_without_the_right_service_and_plan_is_400_and_deletes_nothing(string query)
    {
        var path = await broker.Instance();

        Assert.Equal(400, (await broker.Delete(path + query)).Status);
        Assert.Equal(200, (await broker.Get(path)).Status);
    }

    [Fact]
    public async Task Osb_123_an_instance_with_bindings_is_kept_and_told_so()
    {
        var binding = await broker.Binding();
        var path = binding[..binding.IndexOf("/service_bindings", StringComparison.Ordinal)];

        var answer = await broker.Delete(BrokerHost.WithPlan(path));

        Assert.Equal(400, answer.Status);
        Assert.Contains("bindings", answer.Description, StringComparison.Ordinal);
        Assert.Equal(200, (await broker.Get(binding)).Status);
        Assert.Equal(200, (await broker.Delete(BrokerHost.WithPlan(binding))).Status);
        Assert.Equal(200, (await broker.Delete(BrokerHost.WithPlan(path))).Status);
    }
}
