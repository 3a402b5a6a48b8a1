using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.Broker.State;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb.Conformance;

/// <summary>Further rules for instances.</summary>
public abstract class InstanceConformanceTests(BrokerHost broker)
{
    public sealed class OnSqlite(BrokerHost broker) : InstanceConformanceTests(broker), IClassFixture<BrokerHost>;

    public sealed class OnPostgres(PostgresBroker broker) : InstanceConformanceTests(broker), IClassFixture<PostgresBroker>;

    [Fact]
    public async Task Osb_68_an_empty_id_is_no_instance_and_an_id_may_be_used_again()
    {
        var path = await broker.InstanceAsync();
        await broker.DeleteAsync(BrokerHost.WithPlan(path));

        Assert.Equal(404, (await broker.PutAsync("/v2/service_instances/", BrokerHost.Provision())).Status);
        Assert.Equal(404, (await broker.PutAsync("/v2/service_instances//service_bindings/b", BrokerHost.Bind())).Status);
        Assert.Equal(201, (await broker.PutAsync(path, BrokerHost.Provision(BrokerHost.ServicesPlan))).Status);
    }

    [Fact]
    public async Task Osb_73_a_fetched_instance_has_strings_and_objects_and_never_null()
    {
        var answer = await broker.GetAsync(await broker.InstanceAsync());

        Assert.Equal(
            (BrokerHost.OfferingId, BrokerHost.SpacePlan),
            (answer.Json.GetProperty("service_id").GetString(), answer.Json.GetProperty("plan_id").GetString())
        );
        foreach (var member in answer.Json.EnumerateObject())
        {
            Assert.Equal(
                member.Name is "parameters" or "metadata" or "maintenance_info" ? JsonValueKind.Object : JsonValueKind.String,
                member.Value.ValueKind
            );
        }
    }

    [Theory]
    [InlineData("?service_id=unknown&plan_id=unknown")]
    [InlineData("?service_id=&plan_id=")]
    public async Task Osb_74_an_instance_is_fetched_whatever_the_hints(string query)
    {
        var path = await broker.InstanceAsync();

        Assert.Equal((await broker.GetAsync(path)).Text, (await broker.GetAsync(path + query)).Text);
    }

    [Fact]
    public async Task Osb_75_a_deleted_instance_is_404()
    {
        var path = await broker.InstanceAsync();
        await broker.DeleteAsync(BrokerHost.WithPlan(path));

        Assert.Equal((404, 404), ((await broker.GetAsync(path)).Status, (await broker.GetAsync(path + "/last_operation")).Status));
    }

    [Theory]
    [InlineData("\"unknown\"")]
    [InlineData("\"\"")]
    [InlineData("42")]
    public async Task Osb_80_an_update_to_a_plan_that_is_not_of_the_offering_is_400_and_named(string plan)
    {
        var path = await broker.InstanceAsync();

        var answer = await UpdateAsync(path, new JsonObject { ["plan_id"] = JsonNode.Parse(plan) });

        Assert.Equal(400, answer.Status);
        Assert.Contains("plan_id", answer.Description, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"parameters":{"services":["no-such-service"]}}""")]
    [InlineData("""{"parameters":{"services":["pg-1"],"other":1}}""")]
    [InlineData("""{"maintenance_info":{"version":"47.11.0"}}""")]
    [InlineData("""{"context":{"platform":"cloudfoundry","instance_name":42}}""")]
    public async Task Osb_83_an_update_with_one_error_applies_nothing(string fault)
    {
        await NewInventoryAsync();
        var path = await broker.InstanceAsync();
        var before = (await broker.GetAsync(path)).Text;
        var body = JsonNode.Parse(fault)!.AsObject();
        body["plan_id"] = BrokerHost.ServicesPlan;

        var answer = await UpdateAsync(path, body);

        Assert.InRange(answer.Status, 400, 422);
        Assert.Equal(before, (await broker.GetAsync(path)).Text);
    }

    [Fact]
    public async Task Osb_18_a_rejected_deprovision_changes_neither_the_instance_nor_its_binding()
    {
        var binding = await broker.BindingAsync();
        var instance = binding[..binding.IndexOf("/service_bindings", StringComparison.Ordinal)];
        var before = ((await broker.GetAsync(instance)).Text, (await broker.GetAsync(binding)).Text);

        Assert.Equal(400, (await broker.DeleteAsync(BrokerHost.WithPlan(instance))).Status);

        Assert.Equal(before, ((await broker.GetAsync(instance)).Text, (await broker.GetAsync(binding)).Text));
    }

    private Task<BrokerResponse> UpdateAsync(string path, JsonObject body)
    {
        body["service_id"] = BrokerHost.OfferingId;
        return broker.SendAsync(HttpMethod.Patch, path, body);
    }

    /// <summary>Newer than every request, so that no bind waits for services that were just created.</summary>
    private async Task NewInventoryAsync()
    {
        var demo = new AivenProject("demo");
        var inventory = broker.Service<InventoryStore>();
        await inventory.SaveInventoryAsync(
            demo,
            DateTimeOffset.UtcNow.AddMinutes(5),
            await inventory.ServicesOfProjectAsync(demo, default),
            default
        );
    }
}
