using System.Net;
using System.Text.Json.Nodes;
using AivenMetrics.Acceptance.Support;
using AivenMetrics.Simulator;
using AivenMetrics.Testing.Programs;
using Xunit;

namespace AivenMetrics.Acceptance.Journeys;

/// <summary>The credentials and integrations that an unbind removes, and those that it must keep.</summary>
public sealed class UnbindTests(FullStack stack) : IClassFixture<FullStack>
{
    // The stacks' grace period is two seconds and their cycle one.
    private const int CyclesBeyondTheGracePeriod = 5;

    private Stack Stack => stack.Stack;

    [Fact]
    public async Task An_integration_stays_while_a_second_binding_needs_it_and_is_deleted_with_the_last()
    {
        var database = SeededServices.Service("beacons-db");
        var search = SeededServices.Service("beacons-search");
        using var space = await Tenant.CreateAsync(Stack, SeededServices.Beacons);
        var instance = await Stack.Platform.ProvisionAsync(
            SeededServices.Beacons.OrganizationId,
            SeededServices.Beacons.Id,
            Platform.ServicesPlan
        );
        var binding = Guid.NewGuid().ToString();
        using var one = QueryClient.For(await Stack.Platform.BindAsync(instance, binding, Platform.ServicesPlan, database.Name));
        await space.WaitUntilAllAreUpAsync();
        var needed = await Stack.Simulator.IntegrationsAsync(database);
        Assert.Single(needed);

        Assert.Equal(HttpStatusCode.OK, (await space.UnbindAsync()).Status);

        var died = await Stack.WaitUntilAsync(
            "the first credential is refused",
            async () => (await space.Query.GetAsync("/api/v1/labels")).Status == HttpStatusCode.Unauthorized,
            TimeSpan.FromSeconds(15)
        );
        TestContext.Current.TestOutputHelper?.WriteLine($"credential dead {died.TotalSeconds:0.0} s after the unbind");
        await Stack.WaitUntilAsync("what nobody needs is deleted", async () =>
            (await Stack.Simulator.IntegrationsAsync(search)).Length == 0
        );
        await Stack.BrokerCyclesAsync(CyclesBeyondTheGracePeriod);
        Assert.Equal(needed, await Stack.Simulator.IntegrationsAsync(database));
        Assert.Equal([database.Name], await one.ValuesOfAsync("aiven_service_name", "up == 1"));

        Assert.Equal(HttpStatusCode.OK, (await Stack.Platform.UnbindAsync(instance, binding, Platform.ServicesPlan)).Status);

        await Stack.WaitUntilAsync("the last binding takes the integration with it", async () =>
            (await Stack.Simulator.IntegrationsAsync(database)).Length == 0
        );
        Assert.Equal(HttpStatusCode.OK, (await Stack.Platform.DeprovisionAsync(instance, Platform.ServicesPlan)).Status);
    }

    [Fact]
    public async Task Within_the_grace_period_a_new_bind_finds_the_same_integrations()
    {
        await using var patient = await Stack.StartAsync(new StackOptions { ReadPath = false, GracePeriod = "00:01:00" });
        var services = SeededServices.Scraped(SeededServices.Forecast);
        var first = await Tenant.CreateAsync(patient, SeededServices.Forecast);
        var before = await patient.Simulator.IntegrationsAsync(services);

        await first.UnbindAsync();
        await patient.BrokerCyclesAsync(3);
        await Tenant.CreateAsync(patient, SeededServices.Forecast);

        Assert.Equal(before, await patient.Simulator.IntegrationsAsync(services));
        Assert.Equal(services.Length, await patient.Simulator.CallsAsync("POST", "/v1/project/demo/integration", 200));
        Assert.Equal(0, await patient.Simulator.CallsAsync("DELETE", "*"));
    }

    [Fact]
    public async Task Integrations_and_endpoints_that_others_created_are_never_deleted()
    {
        (var events, var database) = (SeededServices.Service("website-events"), SeededServices.Service("website-db"));
        var theirs = await CreateEndpointAsync("theirs");
        var elsewhere = await IntegrateAsync(events, theirs);
        var ours = (await EndpointsAsync()).Single(endpoint => endpoint["endpoint_name"]!.GetValue<string>() == "aiven-metrics")[
            "endpoint_id"
        ]!.GetValue<string>();
        var byHand = await IntegrateAsync(database, ours);

        using var tenant = await Tenant.CreateAsync(Stack, SeededServices.Website);
        await Stack.WaitUntilAsync("the service that an operator integrated by hand delivers", async () =>
            await tenant.CountUpNodesAsync() == 1
        );
        await tenant.UnbindAsync();
        await Stack.BrokerCyclesAsync(CyclesBeyondTheGracePeriod);

        Assert.Equal([elsewhere], await Stack.Simulator.IntegrationsAsync(events));
        Assert.Equal([byHand], await Stack.Simulator.IntegrationsAsync(database));
        Assert.Contains(theirs, (await EndpointsAsync()).Select(endpoint => endpoint["endpoint_id"]!.GetValue<string>()));
        Assert.Equal(0, await Stack.Simulator.CallsAsync("DELETE", "*/integration_endpoint/*"));
    }

    private async Task<IEnumerable<JsonNode>> EndpointsAsync() =>
        (await Stack.Simulator.AivenAsync(HttpMethod.Get, "/project/demo/integration_endpoint"))["service_integration_endpoints"]!
            .AsArray()
            .Select(endpoint => endpoint!);

    private async Task<string> CreateEndpointAsync(string name) =>
        (
            await Stack.Simulator.AivenAsync(
                HttpMethod.Post,
                "/project/demo/integration_endpoint",
                new JsonObject
                {
                    ["endpoint_name"] = name,
                    ["endpoint_type"] = "prometheus",
                    ["user_config"] = new JsonObject { ["basic_auth_username"] = "somebody", ["basic_auth_password"] = "somebody-else" },
                }
            )
        )["service_integration_endpoint"]!["endpoint_id"]!.GetValue<string>();

    private async Task<string> IntegrateAsync(DemoService service, string endpoint) =>
        (
            await Stack.Simulator.AivenAsync(
                HttpMethod.Post,
                "/project/demo/integration",
                new JsonObject
                {
                    ["integration_type"] = "prometheus",
                    ["source_service"] = service.Name,
                    ["dest_endpoint_id"] = endpoint,
                }
            )
        )["service_integration"]!["service_integration_id"]!.GetValue<string>();
}
