using System.Net;
using System.Text.Json.Nodes;
using AivenMetrics.Acceptance.Support;
using AivenMetrics.Simulator;
using AivenMetrics.Testing.Programs;
using Xunit;

namespace AivenMetrics.Acceptance.Journeys;

/// <summary>What an unbind takes away, and what it must leave.</summary>
public sealed class UnbindTests(WholeProduct stack) : IClassFixture<WholeProduct>
{
    // The stacks' grace period is two seconds and their cycle one.
    private static readonly TimeSpan LongerThanTheGracePeriod = TimeSpan.FromSeconds(6);

    private Stack Stack => stack.Stack;

    [Fact]
    public async Task An_integration_stays_while_a_second_binding_needs_it_and_goes_with_the_last()
    {
        DemoService database = Seed.Service("beacons-db");
        DemoService search = Seed.Service("beacons-search");
        using Tenant space = await Tenant.Order(Stack, Seed.Beacons);
        string instance = await Stack.Platform.Provision(Seed.Beacons.OrganizationId, Seed.Beacons.Id, Platform.ServicesPlan);
        string binding = Guid.NewGuid().ToString();
        using QueryClient one = QueryClient.Of(await Stack.Platform.Bind(instance, binding, Platform.ServicesPlan, database.Name));
        await space.UntilAllAreUp();
        string[] needed = await Stack.Simulator.Integrations(database);
        Assert.Single(needed);

        Assert.Equal(HttpStatusCode.OK, (await space.Unbind()).Status);

        TimeSpan died = await Stack.Until(
            "the first credential is refused", async () => (await space.Query.Get("/api/v1/labels")).Status == HttpStatusCode.Unauthorized, TimeSpan.FromSeconds(15));
        TestContext.Current.TestOutputHelper?.WriteLine($"credential dead {died.TotalSeconds:0.0} s after the unbind");
        await Stack.Until("what nobody needs is deleted", async () => (await Stack.Simulator.Integrations(search)).Length == 0);
        await Task.Delay(LongerThanTheGracePeriod);
        Assert.Equal(needed, await Stack.Simulator.Integrations(database));
        Assert.Equal([database.Name], await one.ValuesOf("aiven_service_name", "up == 1"));

        Assert.Equal(HttpStatusCode.OK, (await Stack.Platform.Unbind(instance, binding, Platform.ServicesPlan)).Status);

        await Stack.Until("the last binding takes the integration with it", async () => (await Stack.Simulator.Integrations(database)).Length == 0);
        Assert.Equal(HttpStatusCode.OK, (await Stack.Platform.Deprovision(instance, Platform.ServicesPlan)).Status);
    }

    [Fact]
    public async Task Within_the_grace_period_a_new_bind_finds_the_same_integrations()
    {
        await using Stack patient = await Stack.Start(new StackOptions { ReadPath = false, GracePeriod = "00:01:00" });
        DemoService[] services = Seed.Scraped(Seed.Forecast);
        Tenant first = await Tenant.Order(patient, Seed.Forecast);
        string[] before = await patient.Simulator.Integrations(services);

        await first.Unbind();
        await Task.Delay(TimeSpan.FromSeconds(3));
        await Tenant.Order(patient, Seed.Forecast);

        Assert.Equal(before, await patient.Simulator.Integrations(services));
        Assert.Equal(services.Length, await patient.Simulator.Calls("POST", "/v1/project/demo/integration", 200));
        Assert.Equal(0, await patient.Simulator.Calls("DELETE", "*"));
    }

    [Fact]
    public async Task Integrations_and_endpoints_that_others_made_are_never_deleted()
    {
        (DemoService events, DemoService database) = (Seed.Service("website-events"), Seed.Service("website-db"));
        string theirs = await CreateEndpoint("theirs");
        string elsewhere = await Integrate(events, theirs);
        string ours = (await Endpoints()).Single(endpoint => endpoint["endpoint_name"]!.GetValue<string>() == "aiven-metrics")["endpoint_id"]!.GetValue<string>();
        string byHand = await Integrate(database, ours);

        using Tenant tenant = await Tenant.Order(Stack, Seed.Website);
        await Stack.Until("the service that an operator integrated by hand delivers", async () => await tenant.UpNodes() == 1);
        await tenant.Unbind();
        await Task.Delay(LongerThanTheGracePeriod);

        Assert.Equal([elsewhere], await Stack.Simulator.Integrations(events));
        Assert.Equal([byHand], await Stack.Simulator.Integrations(database));
        Assert.Contains(theirs, (await Endpoints()).Select(endpoint => endpoint["endpoint_id"]!.GetValue<string>()));
        Assert.Equal(0, await Stack.Simulator.Calls("DELETE", "*/integration_endpoint/*"));
    }

    private async Task<IEnumerable<JsonNode>> Endpoints() =>
        (await Stack.Simulator.Aiven(HttpMethod.Get, "/project/demo/integration_endpoint"))["service_integration_endpoints"]!.AsArray().Select(endpoint => endpoint!);

    private async Task<string> CreateEndpoint(string name) =>
        (await Stack.Simulator.Aiven(HttpMethod.Post, "/project/demo/integration_endpoint", new JsonObject
        {
            ["endpoint_name"] = name,
            ["endpoint_type"] = "prometheus",
            ["user_config"] = new JsonObject { ["basic_auth_username"] = "somebody", ["basic_auth_password"] = "somebody-else" },
        }))["service_integration_endpoint"]!["endpoint_id"]!.GetValue<string>();

    private async Task<string> Integrate(DemoService service, string endpoint) =>
        (await Stack.Simulator.Aiven(HttpMethod.Post, "/project/demo/integration", new JsonObject
        {
            ["integration_type"] = "prometheus",
            ["source_service"] = service.Name,
            ["dest_endpoint_id"] = endpoint,
        }))["service_integration"]!["service_integration_id"]!.GetValue<string>();
}
