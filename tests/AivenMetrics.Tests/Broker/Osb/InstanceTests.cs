using System.Text.Json.Nodes;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb;

/// <summary>Fetching, polling and deleting an instance.</summary>
public abstract class InstanceTests(BrokerHost broker)
{
    public sealed class OnSqlite(BrokerHost broker) : InstanceTests(broker), IClassFixture<BrokerHost>;

    public sealed class OnPostgres(PostgresBroker broker) : InstanceTests(broker), IClassFixture<PostgresBroker>;

    private const string Unknown = "/v2/service_instances/unknown";

    [Fact]
    public async Task Osb_70_an_instance_is_fetched_at_once_and_without_nulls()
    {
        var path = await broker.InstanceAsync(BrokerHost.ServicesPlan);

        var answer = await broker.GetAsync($"{path}?service_id=hint&plan_id=hint");

        Assert.Equal(200, answer.Status);
        Assert.Equal(["service_id", "plan_id", "parameters", "metadata"], answer.Json.EnumerateObject().Select(member => member.Name));
        Assert.Equal(
            (BrokerHost.OfferingId, BrokerHost.ServicesPlan, "{}"),
            (
                answer.Json.GetProperty("service_id").GetString(),
                answer.Json.GetProperty("plan_id").GetString(),
                answer.Json.GetProperty("parameters").GetRawText()
            )
        );
        Assert.DoesNotContain("null", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Osb_71_an_unknown_instance_is_404() => Assert.Equal(404, (await broker.GetAsync(Unknown)).Status);

    [Fact]
    public async Task Osb_47_the_last_operation_of_an_instance_has_succeeded_whatever_the_hints()
    {
        var path = await broker.InstanceAsync();

        var answer = await broker.GetAsync(path + "/last_operation?operation=whatever&plan_id=x");

        Assert.Equal((200, """{"state":"succeeded"}"""), (answer.Status, answer.Text));
    }

    [Fact]
    public async Task Osb_50_the_last_operation_of_an_unknown_instance_is_404() =>
        Assert.Equal(404, (await broker.GetAsync(Unknown + "/last_operation")).Status);

    [Fact]
    public async Task Osb_121_a_deprovision_is_200_with_an_object_and_then_410()
    {
        var path = await broker.InstanceAsync();

        var first = await broker.DeleteAsync(BrokerHost.WithPlan(path) + "&accepts_incomplete=true");
        var second = await broker.DeleteAsync(BrokerHost.WithPlan(path));

        Assert.Equal((200, "{}"), (first.Status, first.Text));
        Assert.Equal(410, second.Status);
        Assert.Equal(404, (await broker.GetAsync(path)).Status);
        Assert.Equal(201, (await broker.PutAsync(path, BrokerHost.Provision())).Status);
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
        var path = await broker.InstanceAsync();

        Assert.Equal(400, (await broker.DeleteAsync(path + query)).Status);
        Assert.Equal(200, (await broker.GetAsync(path)).Status);
    }

    [Fact]
    public async Task Osb_123_a_deprovision_of_an_instance_with_bindings_is_rejected_with_the_reason()
    {
        var binding = await broker.BindingAsync();
        var path = binding[..binding.IndexOf("/service_bindings", StringComparison.Ordinal)];

        var answer = await broker.DeleteAsync(BrokerHost.WithPlan(path));

        Assert.Equal(400, answer.Status);
        Assert.True(answer.Json.GetProperty("instance_usable").GetBoolean());
        Assert.False(answer.Json.TryGetProperty("update_repeatable", out _));
        Assert.Contains("bindings", answer.Description, StringComparison.Ordinal);
        Assert.Equal(200, (await broker.GetAsync(binding)).Status);
        Assert.Equal(200, (await broker.DeleteAsync(BrokerHost.WithPlan(binding))).Status);
        Assert.Equal(200, (await broker.DeleteAsync(BrokerHost.WithPlan(path))).Status);
    }

    [Fact]
    public async Task Osb_125_every_deprovision_of_an_instance_that_never_existed_is_410_even_without_a_user()
    {
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(410, (await broker.DeleteAsync(BrokerHost.WithPlan(Unknown) + "&accepts_incomplete=true")).Status);
        }
    }

    [Fact]
    public async Task Osb_69_twenty_equal_deprovisions_at_once_have_one_effect()
    {
        var path = await broker.InstanceAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => broker.DeleteAsync(BrokerHost.WithPlan(path))));

        Assert.Single(answers, answer => answer.Status == 200);
        Assert.Equal(19, answers.Count(answer => answer.Status == 410));
    }

    [Fact]
    public async Task Osb_17_no_other_error_states_whether_an_instance_is_usable_or_an_update_repeatable()
    {
        var path = await broker.InstanceAsync();
        var binding = path + "/service_bindings/b";
        var another = BrokerHost.Provision(BrokerHost.ServicesPlan);
        BrokerResponse[] errors =
        [
            await broker.PutAsync(path, another),
            await broker.PutAsync(path, new JsonObject()),
            await broker.GetAsync(Unknown),
            await broker.GetAsync(Unknown + "/last_operation"),
            await broker.PutAsync(binding, new JsonObject()),
            await broker.GetAsync(binding),
            await broker.DeleteAsync(binding),
            await broker.DeleteAsync(BrokerHost.WithPlan(binding)),
            await broker.GetAsync(binding + "/last_operation"),
            await broker.GetAsync("/v2/nothing"),
        ];

        Assert.All(errors, error =>
        {
            Assert.InRange(error.Status, 400, 499);
            Assert.Equal(["description"], error.Json.EnumerateObject().Select(member => member.Name));
        });
    }
}
