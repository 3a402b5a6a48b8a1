using AivenMetrics.Broker.State;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb;

/// <summary>Fetching and deleting a binding (OSB API v2.17, "Fetching a Service Binding" and "Unbinding").</summary>
public abstract class BindingTests(BrokerHost broker)
{
    public sealed class OnSqlite(BrokerHost broker) : BindingTests(broker), IClassFixture<BrokerHost>;

    public sealed class OnPostgres(PostgresBroker broker) : BindingTests(broker), IClassFixture<PostgresBroker>;

    [Fact]
    public async Task Osb_110_a_fetched_binding_has_the_credentials_of_the_bind_and_its_parameters()
    {
        var path = $"{await broker.InstanceAsync(BrokerHost.ServicesPlan)}/service_bindings/b";
        var bound = await broker.PutAsync(path, BrokerHost.Bind(BrokerHost.ServicesPlan, "pg-1"));

        var fetched = await broker.GetAsync(path + "?service_id=hint");

        Assert.Equal(200, fetched.Status);
        Assert.Equal(bound.Json.GetProperty("credentials").GetRawText(), fetched.Json.GetProperty("credentials").GetRawText());
        Assert.Equal("""{"services":["pg-1"]}""", fetched.Json.GetProperty("parameters").GetRawText());
    }

    [Fact]
    public async Task Osb_111_an_unknown_binding_is_404_also_under_another_instance()
    {
        var path = await broker.BindingAsync();
        var binding = path[path.LastIndexOf('/')..];

        Assert.Equal(404, (await broker.GetAsync($"{await broker.InstanceAsync()}/service_bindings{binding}")).Status);
        Assert.Equal(404, (await broker.GetAsync($"/v2/service_instances/unknown/service_bindings{binding}")).Status);
        Assert.Equal(404, (await broker.GetAsync($"{await broker.InstanceAsync()}/service_bindings{binding}/last_operation")).Status);
    }

    [Fact]
    public async Task Osb_114_an_unbind_is_200_with_an_object_and_the_credential_is_gone()
    {
        var path = await broker.BindingAsync();
        var id = new InstanceId(path.Split('/')[3]);

        var answer = await broker.DeleteAsync(BrokerHost.WithPlan(path) + "&accepts_incomplete=true");

        Assert.Equal((200, "{}"), (answer.Status, answer.Text));
        Assert.Equal(404, (await broker.GetAsync(path)).Status);
        Assert.DoesNotContain(await broker.Service<BindingStore>().LiveScopesAsync(default), scope => scope.InstanceId == id);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?service_id=" + BrokerHost.OfferingId)]
    [InlineData("?plan_id=" + BrokerHost.SpacePlan)]
    [InlineData("?service_id=&plan_id=")]
    public async Task Osb_116_an_unbind_without_service_and_plan_is_400_and_deletes_nothing(string query)
    {
        var path = await broker.BindingAsync();

        Assert.Equal(400, (await broker.DeleteAsync(path + query)).Status);
        Assert.Equal(200, (await broker.GetAsync(path)).Status);
    }

    [Fact]
    public async Task Osb_117_an_unbind_of_a_missing_binding_is_410_also_without_the_instance()
    {
        var path = await broker.BindingAsync();
        await broker.DeleteAsync(BrokerHost.WithPlan(path));

        Assert.Equal(410, (await broker.DeleteAsync(BrokerHost.WithPlan(path))).Status);
        Assert.Equal(410, (await broker.DeleteAsync(BrokerHost.WithPlan("/v2/service_instances/unknown/service_bindings/b"))).Status);
    }

    [Fact]
    public async Task Osb_120_an_unbind_with_another_plan_is_never_410_while_the_binding_is_there()
    {
        var path = await broker.BindingAsync();

        Assert.Equal(400, (await broker.DeleteAsync(BrokerHost.WithPlan(path, BrokerHost.ServicesPlan))).Status);
        Assert.Equal(200, (await broker.GetAsync(path)).Status);
    }

    [Fact]
    public async Task A_binding_id_can_be_used_again_and_gets_another_password()
    {
        var path = await broker.BindingAsync();
        var old = await broker.GetAsync(path);
        await broker.DeleteAsync(BrokerHost.WithPlan(path));

        var again = await broker.PutAsync(path, BrokerHost.Bind());

        Assert.Equal(201, again.Status);
        Assert.NotEqual(
            old.Json.GetProperty("credentials").GetProperty("password").GetString(),
            again.Json.GetProperty("credentials").GetProperty("password").GetString()
        );
    }
}
