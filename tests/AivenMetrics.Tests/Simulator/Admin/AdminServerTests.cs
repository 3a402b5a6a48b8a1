using System.Net;
using System.Text.Json.Nodes;
using AivenMetrics.Testing;
using Xunit;

namespace AivenMetrics.Tests.Simulator.Admin;

public class AdminServerTests
{
    [Fact]
    public async Task The_state_contains_the_DNS_address_projects_node_network_and_services()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("db-1", "pg", "business-4");
        var state = await simulator.CallAdminAsync("GET", "/state");
        Assert.Equal(simulator.Dns, IPEndPoint.Parse((string)state["dns"]!));
        Assert.Equal(["demo"], state["projects"].AsArray().GetValues<string>());
        Assert.Matches(@"^127\.\d+\.\d+\.0/24$", (string)state["node_network"]!);
        var service = Assert.Single(state["services"].AsArray())!;
        Assert.Equal("db-1-demo.a.aivencloud.com", (string)service["host"]!);
        Assert.Equal([false, true], service["nodes"]!.AsArray().Select(node => (bool)node!["standby"]!));
        Assert.Equal(2, service["nodes"]!.AsArray().Select(node => (string)node!["address"]!).Distinct().Count());
    }

    [Fact]
    public async Task Every_route_is_listed_and_documented()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        var guide = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "simulator.md"));
        var routes = (await simulator.CallAdminAsync("GET", ""))["routes"].AsArray();
        Assert.NotEmpty(routes);
        Assert.All(routes, route => Assert.Contains($"`{route!["method"]} {route["path"]}`", guide, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("GET", "/nothing", null, 404)]
    [InlineData("DELETE", "/state", null, 405)]
    [InlineData("POST", "/faults", "{", 400)]
    [InlineData("POST", "/faults", "{}", 400)]
    [InlineData("POST", "/faults", "{\"status\":99}", 400)]
    [InlineData("POST", "/faults", "{\"status\":600}", 400)]
    [InlineData("POST", "/faults", "{\"status\":503,\"count\":0}", 400)]
    [InlineData("POST", "/faults", "{\"status\":503,\"body\":\"cake\"}", 400)]
    [InlineData("POST", "/faults", "{\"delay_seconds\":-1}", 400)]
    [InlineData("DELETE", "/faults/7", null, 404)]
    [InlineData("POST", "/dns/faults", "{\"kind\":\"slow\"}", 400)]
    [InlineData("PUT", "/projects/Upper", null, 400)]
    [InlineData("POST", "/projects/demo/services", "{\"name\":\"x\"}", 400)]
    [InlineData("PATCH", "/projects/demo/services/none", "{}", 404)]
    [InlineData("PATCH", "/projects/demo/services/search-1", "{\"state\":\"HAPPY\"}", 400)]
    [InlineData("PUT", "/projects/demo/services/search-1/nodes/9/port", "{\"open\":false}", 404)]
    [InlineData("PUT", "/projects/demo/services/search-1/nodes/1/port", "{}", 400)]
    [InlineData("PUT", "/projects/demo/services/search-1/nodes/1/certificate", "{\"kind\":\"nice\"}", 400)]
    public async Task Invalid_requests_are_4xx_with_an_error_sentence(string method, string path, string? body, int status)
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("search-1");
        var answer = await simulator.SendAsync(method, "/simulator/v1" + path, body, null);
        Assert.True(answer.Status == status, answer.Text);
        Assert.NotEmpty((string)answer["error"]!);
    }

    [Fact]
    public async Task A_fault_applies_to_the_given_number_of_matching_calls()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CallAdminAsync(
            "POST",
            "/faults",
            new JsonObject
            {
                ["method"] = "get",
                ["path"] = "/v1/project/*/service",
                ["status"] = 503,
                ["count"] = 2,
                ["retry_after"] = 7,
            }
        );
        Assert.Equal(200, (await simulator.CallApiAsync("GET", "/project/demo")).Status);
        for (var call = 0; call < 2; call++)
        {
            var failed = await simulator.CallApiAsync("GET", "/project/demo/service");
            Assert.Equal((503, TimeSpan.FromSeconds(7)), (failed.Status, failed.Headers.RetryAfter!.Delta));
            Assert.Equal(503, (int)failed["errors"][0]!["status"]!);
        }

        Assert.Equal(200, (await simulator.CallApiAsync("GET", "/project/demo/service")).Status);
        Assert.Empty((await simulator.CallAdminAsync("GET", "/faults"))["faults"].AsArray());
    }

    [Fact]
    public async Task A_fault_can_be_an_HTML_page_or_an_empty_body()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CallAdminAsync("POST", "/faults", new JsonObject { ["status"] = 408, ["body"] = "html" });
        await simulator.CallAdminAsync("POST", "/faults", new JsonObject { ["status"] = 500, ["body"] = "empty" });
        var page = await simulator.CallApiAsync("GET", "/project/demo");
        Assert.Equal(408, page.Status);
        Assert.StartsWith("<html>", page.Text, StringComparison.Ordinal);
        Assert.Equal((500, ""), await simulator.CallApiAsync("GET", "/project/demo") is var empty ? (empty.Status, empty.Text) : default);
    }

    [Fact]
    public async Task A_fault_can_close_the_connection_before_or_after_the_call_takes_effect()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("search-1");
        var endpoint = await simulator.CreateEndpointAsync();
        await simulator.CallAdminAsync("POST", "/faults", new JsonObject { ["method"] = "POST", ["reset"] = true });
        await Assert.ThrowsAsync<HttpRequestException>(() => simulator.CreateIntegrationAsync("search-1", endpoint));
        Assert.Empty((await simulator.GetServiceAsync("search-1"))["integrations"]!.AsArray());

        await simulator.CallAdminAsync(
            "POST",
            "/faults",
            new JsonObject
            {
                ["method"] = "POST",
                ["reset"] = true,
                ["after"] = true,
            }
        );
        await Assert.ThrowsAsync<HttpRequestException>(() => simulator.CreateIntegrationAsync("search-1", endpoint));
        Assert.Single((await simulator.GetServiceAsync("search-1"))["integrations"]!.AsArray());
        Assert.Equal(409, (await simulator.CreateIntegrationAsync("search-1", endpoint)).Status);
    }

    [Fact]
    public async Task A_delay_fault_delays_the_response()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CallAdminAsync("POST", "/faults", new JsonObject { ["delay_seconds"] = 5 });
        var slow = simulator.CallApiAsync("GET", "/project/demo");
        while ((await simulator.CallAdminAsync("GET", "/faults"))["faults"].AsArray().Count > 0)
        {
            await Task.Delay(5);
        }
        await Task.Delay(50);
        Assert.False(slow.IsCompleted);
        simulator.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(200, (await slow).Status);
    }

    [Fact]
    public async Task A_call_takes_effect_after_a_client_timeout_if_only_its_response_is_delayed()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("search-1");
        var endpoint = await simulator.CreateEndpointAsync();
        foreach (var (after, integrations) in new[] { (false, 0), (true, 1) })
        {
            await simulator.CallAdminAsync("DELETE", "/calls");
            await simulator.CallAdminAsync("POST", "/faults", new JsonObject { ["delay_seconds"] = 60, ["after"] = after });
            using var impatient = new HttpClient { BaseAddress = simulator.Url, Timeout = TimeSpan.FromMilliseconds(300) };
            impatient.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", "aivenv1 " + SimulatorHost.Token);
            var body = new JsonObject { ["integration_type"] = "prometheus", ["source_service"] = "search-1" };
            body["dest_endpoint_id"] = endpoint;
            using var content = new StringContent(body.ToJsonString());
            await Assert.ThrowsAsync<TaskCanceledException>(() => impatient.PostAsync("/v1/project/demo/integration", content));
            while ((await simulator.CallAdminAsync("GET", "/calls"))["calls"].AsArray().Count == 0)
            {
                await Task.Delay(5);
            }
            Assert.Equal(0, (int)(await simulator.CallAdminAsync("GET", "/calls"))["calls"][0]!["status"]!);
            Assert.Equal(integrations, (await simulator.GetServiceAsync("search-1"))["integrations"]!.AsArray().Count);
        }
    }

    [Fact]
    public async Task A_permanent_fault_applies_until_it_is_removed()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        var fault = await simulator.CallAdminAsync("POST", "/faults", new JsonObject { ["status"] = 500, ["always"] = true });
        for (var call = 0; call < 5; call++)
        {
            Assert.Equal(500, (await simulator.CallApiAsync("GET", "/project/demo")).Status);
        }
        await simulator.CallAdminAsync("DELETE", "/faults/" + fault["id"]);
        Assert.Equal(200, (await simulator.CallApiAsync("GET", "/project/demo")).Status);
    }

    [Fact]
    public async Task Calls_are_recorded_with_their_status_and_without_secrets()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CallApiAsync("GET", "/project/demo/service?include_secrets=false");
        await simulator.CreateEndpointAsync(password: "very-secret-password");
        await simulator.CallApiAsync("GET", "/project/none");
        await simulator.CallAdminAsync("POST", "/faults", new JsonObject { ["status"] = 500 });
        await simulator.CallApiAsync("GET", "/project/demo/service");
        var all = await simulator.CallAdminAsync("GET", "/calls");
        Assert.Equal(
            [
                "GET /v1/project/demo/service 200",
                "POST /v1/project/demo/integration_endpoint 200",
                "GET /v1/project/none 404",
                "GET /v1/project/demo/service 500",
            ],
            all["calls"].AsArray().Select(call => $"{call!["method"]} {call["path"]} {call["status"]}")
        );
        Assert.DoesNotContain("secret-password", all.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(SimulatorHost.Token, all.Text, StringComparison.Ordinal);
        Assert.Equal(2, (await simulator.CallAdminAsync("GET", "/calls?method=GET&path=/v1/project/*/service"))["calls"].AsArray().Count);
        await simulator.CallAdminAsync("DELETE", "/calls");
        Assert.Empty((await simulator.CallAdminAsync("GET", "/calls"))["calls"].AsArray());
    }

    [Fact]
    public async Task State_plan_type_and_tags_are_set_immediately()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("cache-1", "redis");
        await simulator.CallAdminAsync(
            "PATCH",
            "/projects/demo/services/cache-1",
            new JsonObject
            {
                ["type"] = "valkey",
                ["plan"] = "business-4",
                ["state"] = "REBALANCING",
                ["tags"] = new JsonObject { ["space_id"] = "s" },
            }
        );
        var service = (await simulator.CallApiAsync("GET", "/project/demo/service"))["services"][0]!;
        Assert.Equal(
            ("valkey", "business-4", "REBALANCING", "s"),
            ((string)service["service_type"]!, (string)service["plan"]!, (string)service["state"]!, (string)service["tags"]!["space_id"]!)
        );
        simulator.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal("REBALANCING", (string)(await simulator.GetServiceAsync("cache-1"))["state"]!);
        await simulator.CallAdminAsync("DELETE", "/projects/demo/services/cache-1");
        Assert.Empty((await simulator.CallApiAsync("GET", "/project/demo/service"))["services"].AsArray());
    }

    [Fact]
    public async Task A_second_project_has_its_own_CA_and_services()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("search-1");
        await simulator.CallAdminAsync("PUT", "/projects/second");
        Assert.Empty((await simulator.CallApiAsync("GET", "/project/second/service"))["services"].AsArray());
        Assert.NotEqual(
            (string)(await simulator.CallApiAsync("GET", "/project/demo/kms/ca"))["certificate"]!,
            (string)(await simulator.CallApiAsync("GET", "/project/second/kms/ca"))["certificate"]!
        );
    }

    [Fact]
    public async Task Changed_delays_apply_to_services_and_integrations_created_afterwards()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CallAdminAsync(
            "PUT",
            "/settings",
            new JsonObject
            {
                ["integration_delay_seconds"] = 0,
                ["listener_delay_seconds"] = 0.5,
                ["not_found_window_seconds"] = 0,
                ["build_time_seconds"] = 0,
            }
        );
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
        var created = (await simulator.CreateIntegrationAsync("search-1", await simulator.CreateEndpointAsync()))["service_integration"];
        Assert.True((bool)created["active"]!);
        Assert.Equal(200, (await simulator.CallApiAsync("GET", "/project/demo/integration/" + created["service_integration_id"])).Status);
        await simulator.AdvanceTimeAsync(TimeSpan.FromSeconds(0.5));
        Assert.True((bool)(await simulator.GetServiceAsync("search-1"))["nodes"]![0]!["listening"]!);
    }
}
