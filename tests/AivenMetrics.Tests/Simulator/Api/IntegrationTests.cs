using System.Text.Json.Nodes;
using Xunit;

namespace AivenMetrics.Tests.Simulator.Api;

public class IntegrationTests
{
    [Fact]
    public async Task A_new_integration_is_first_404_by_id_then_starting_then_active()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("search-1");
        var created = await simulator.CreateIntegrationAsync("search-1", await simulator.CreateEndpointAsync());
        Assert.Equal(200, created.Status);
        var path = "/project/demo/integration/" + (string)created["service_integration"]["service_integration_id"]!;

        var early = await simulator.CallApiAsync("GET", path);
        Assert.Equal((404, "service_integration_not_found"), (early.Status, early.Code));
        Assert.False((bool)Embedded(await simulator.CallApiAsync("GET", "/project/demo/service")).Single()!["active"]!);

        simulator.Time.Advance(TimeSpan.FromSeconds(1));
        var starting = (await simulator.CallApiAsync("GET", path))["service_integration"];
        Assert.Equal((true, false), ((bool)starting["enabled"]!, (bool)starting["active"]!));
        Assert.Equal("starting", (string)starting["integration_status"]!["state"]!["status"]!);

        simulator.Time.Advance(TimeSpan.FromSeconds(9));
        var active = (await simulator.CallApiAsync("GET", path))["service_integration"];
        Assert.True((bool)active["active"]!);
        Assert.Equal("running", (string)active["integration_status"]!["state"]!["status"]!);
        Assert.Equal(
            ("search-1", "opensearch", "metrics"),
            ((string)active["source_service"]!, (string)active["source_service_type"]!, (string)active["dest_endpoint"]!)
        );
    }

    [Fact]
    public async Task A_duplicate_is_409_and_so_is_a_second_integration_to_another_endpoint()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("search-1");
        var (first, second) = (await simulator.CreateEndpointAsync("first"), await simulator.CreateEndpointAsync("second"));
        await simulator.CreateIntegrationAsync("search-1", first);
        var duplicate = await simulator.CreateIntegrationAsync("search-1", first);
        Assert.Equal((409, "Service integration already exists"), (duplicate.Status, duplicate.Message));
        var other = await simulator.CreateIntegrationAsync("search-1", second);
        Assert.Equal((409, "Only 1 integration(s) of this type allowed per service"), (other.Status, other.Message));
    }

    [Theory]
    [InlineData("hobbyist")]
    [InlineData("free-1-5gb")]
    [InlineData("developer-1")]
    public async Task Plans_without_integrations_are_403(string plan)
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("db-1", "pg", plan);
        var answer = await simulator.CreateIntegrationAsync("db-1", await simulator.CreateEndpointAsync());
        Assert.Equal((403, "Service integrations are not available for this service"), (answer.Status, answer.Message));
    }

    [Fact]
    public async Task An_integration_of_a_powered_off_service_is_409_by_default()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("search-1");
        await simulator.CallAdminAsync("POST", "/projects/demo/services/search-1/power-off");
        var endpoint = await simulator.CreateEndpointAsync();
        var refused = await simulator.CreateIntegrationAsync("search-1", endpoint);
        Assert.Equal((409, "not_powered"), (refused.Status, refused.Code));
        await simulator.CallAdminAsync("PUT", "/settings", new JsonObject { ["powered_off_conflicts"] = false });
        Assert.Equal(200, (await simulator.CreateIntegrationAsync("search-1", endpoint)).Status);
    }

    [Fact]
    public async Task A_type_without_prometheus_is_rejected()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("history-1", "influxdb");
        var answer = await simulator.CreateIntegrationAsync("history-1", await simulator.CreateEndpointAsync());
        Assert.Equal((400, "service_type_not_allowed"), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task Unknown_services_endpoints_and_integrations_are_404()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("search-1");
        var service = await simulator.CreateIntegrationAsync("search-2", await simulator.CreateEndpointAsync());
        Assert.Equal((404, "Service search-2 does not exist", "service_does_not_exist"), (service.Status, service.Message, service.Code));
        var endpoint = await simulator.CreateIntegrationAsync("search-1", Guid.NewGuid().ToString());
        Assert.Equal((404, "service_integration_endpoint_not_found"), (endpoint.Status, endpoint.Code));
        foreach (var method in new[] { "GET", "DELETE" })
        {
            Assert.Equal(
                (404, "service_integration_not_found"),
                await simulator.CallApiAsync(method, "/project/demo/integration/none") is var answer
                    ? (answer.Status, answer.Code)
                    : default
            );
        }
    }

    [Fact]
    public async Task Bad_requests_are_400()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("search-1");
        var endpoint = await simulator.CreateEndpointAsync();
        foreach (
            var (field, value) in new (string, JsonNode?)[]
            {
                ("integration_type", null),
                ("integration_type", "pigeon"),
                ("integration_type", 1),
                ("source_service", null),
                ("source_project", "other"),
                ("dest_project", "other"),
                ("dest_service", "search-1"),
                ("dest_endpoint_id", null),
                ("user_config", "x"),
                ("user_config", new JsonObject { ["x"] = 1 }),
            }
        )
        {
            var body = new JsonObject { ["integration_type"] = "prometheus", ["source_service"] = "search-1" };
            body["dest_endpoint_id"] = endpoint;
            body[field] = value;
            Assert.Equal(400, (await simulator.CallApiAsync("POST", "/project/demo/integration", body)).Status);
        }

        Assert.Empty(Embedded(await simulator.CallApiAsync("GET", "/project/demo/service")));
    }

    [Fact]
    public async Task An_integration_of_a_building_service_becomes_active_when_the_service_runs()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CallApiAsync(
            "POST",
            "/project/demo/service",
            new JsonObject
            {
                ["service_name"] = "search-1",
                ["service_type"] = "opensearch",
                ["plan"] = "startup-4",
            }
        );
        Assert.Equal(200, (await simulator.CreateIntegrationAsync("search-1", await simulator.CreateEndpointAsync())).Status);
        simulator.Time.Advance(TimeSpan.FromSeconds(170));
        Assert.False((bool)Embedded(await simulator.CallApiAsync("GET", "/project/demo/service")).Single()!["active"]!);
        simulator.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.True((bool)Embedded(await simulator.CallApiAsync("GET", "/project/demo/service")).Single()!["active"]!);
    }

    [Fact]
    public async Task The_integration_list_of_a_service_contains_placeholders_and_the_service_does_not()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("search-1");
        var endpoint = await simulator.CreateEndpointAsync();
        const string path = "/project/demo/service/search-1/integration";
        var possible = (await simulator.CallApiAsync("GET", path))["service_integrations"]
            .AsArray()
            .Single(row => (string)row!["integration_type"]! == "prometheus")!;
        Assert.Null(possible["service_integration_id"]);
        Assert.Equal((false, false), ((bool)possible["enabled"]!, (bool)possible["active"]!));
        Assert.Equal(endpoint, (string)possible["dest_endpoint_id"]!);
        Assert.Empty(Embedded(await simulator.CallApiAsync("GET", "/project/demo/service")));

        await simulator.CreateIntegrationAsync("search-1", endpoint);
        var rows = (await simulator.CallApiAsync("GET", path))["service_integrations"].AsArray();
        Assert.True((bool)rows.Single(row => (string)row!["integration_type"]! == "prometheus")!["enabled"]!);
        Assert.Contains(rows, row => row!["service_integration_id"] is null);
    }

    [Fact]
    public async Task The_prometheus_component_exists_while_the_service_is_integrated_and_powered()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("db-1", "pg", "business-4");
        Assert.Empty(await Components());
        var created = await simulator.CreateIntegrationAsync("db-1", await simulator.CreateEndpointAsync());
        Assert.Equal(["primary db-1-demo.a.aivencloud.com 9273", "replica replica-db-1-demo.a.aivencloud.com 9273"], await Components());
        await simulator.CallAdminAsync("POST", "/projects/demo/services/db-1/power-off");
        Assert.Empty(await Components());
        var kept = Embedded(await simulator.CallApiAsync("GET", "/project/demo/service")).Single()!;
        Assert.Equal((true, false), ((bool)kept["enabled"]!, (bool)kept["active"]!));
        await simulator.CallAdminAsync("POST", "/projects/demo/services/db-1/power-on");
        Assert.Equal(2, (await Components()).Count);
        await simulator.CallApiAsync(
            "DELETE",
            "/project/demo/integration/" + (string)created["service_integration"]["service_integration_id"]!
        );
        Assert.Empty(await Components());

        async Task<List<string>> Components() =>
            [
                .. (await simulator.CallApiAsync("GET", "/project/demo/service"))["services"][0]!["components"]!
                    .AsArray()
                    .Where(row => (string)row!["component"]! == "prometheus")
                    .Select(row => $"{row!["usage"]} {row["host"]} {row["port"]}"),
            ];
    }

    [Fact]
    public async Task The_user_config_of_an_integration_can_be_changed_but_not_to_the_same_value()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        var path = "/project/demo/integration/" + await simulator.CreateScrapedServiceAsync("db-1", "mysql");
        var userConfig = new JsonObject { ["source_mysql"] = new JsonObject { ["telegraf"] = new JsonObject() } };
        var wanted = new JsonObject { ["user_config"] = userConfig };
        Assert.Equal(200, (await simulator.CallApiAsync("PUT", path, wanted)).Status);
        var same = await simulator.CallApiAsync("PUT", path, wanted);
        Assert.Equal((400, "User config not changed"), (same.Status, same.Message));
    }

    [Fact]
    public async Task Deleting_a_service_deletes_its_integrations()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        var id = await simulator.CreateScrapedServiceAsync("search-1");
        await simulator.CallApiAsync("DELETE", "/project/demo/service/search-1");
        Assert.Equal(404, (await simulator.CallApiAsync("GET", "/project/demo/integration/" + id)).Status);
        await simulator.CreateServiceAsync("search-1");
        Assert.Empty(Embedded(await simulator.CallApiAsync("GET", "/project/demo/service")));
    }

    [Fact]
    public async Task A_datadog_integration_can_exist_beside_the_prometheus_integration()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("search-1");
        var datadog = await simulator.CallApiAsync(
            "POST",
            "/project/demo/integration_endpoint",
            new JsonObject
            {
                ["endpoint_name"] = "dd",
                ["endpoint_type"] = "datadog",
                ["user_config"] = new JsonObject { ["datadog_api_key"] = "key" },
            }
        );
        var made = await simulator.CallApiAsync(
            "POST",
            "/project/demo/integration",
            new JsonObject
            {
                ["integration_type"] = "datadog",
                ["source_service"] = "search-1",
                ["dest_endpoint_id"] = (string)datadog["service_integration_endpoint"]["endpoint_id"]!,
            }
        );
        Assert.Equal(200, made.Status);
        Assert.Equal(200, (await simulator.CreateIntegrationAsync("search-1", await simulator.CreateEndpointAsync())).Status);
        Assert.Equal(2, Embedded(await simulator.CallApiAsync("GET", "/project/demo/service")).Count);
    }

    private static JsonArray Embedded(SimulatorResponse list) => list["services"][0]!["service_integrations"]!.AsArray();
}
