using System.Text.Json.Nodes;
using Xunit;

namespace AivenMetrics.Tests.Simulator.Api;

public class ServiceTests
{
    private const string Services = "/project/demo/service";

    [Fact]
    public async Task A_new_service_is_first_404_by_name_and_builds_until_the_build_time_has_passed()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        var created = await simulator.CallApiAsync("POST", Services, Wanted("search-1", "opensearch", "business-4"));
        Assert.Equal((200, "REBUILDING"), (created.Status, State(created["service"])));

        Assert.Equal(404, (await simulator.CallApiAsync("GET", Services + "/search-1")).Status);
        Assert.Equal("REBUILDING", State((await simulator.CallApiAsync("GET", Services))["services"][0]!));
        Assert.Equal(200, (await simulator.CallApiAsync("GET", Services + "/search-1/tags")).Status);

        simulator.Time.Advance(TimeSpan.FromSeconds(1));
        var building = (await simulator.CallApiAsync("GET", Services + "/search-1"))["service"];
        Assert.Equal("REBUILDING", State(building));
        Assert.All(building["node_states"]!.AsArray(), node => Assert.Equal("setting_up_vm", (string)node!["state"]!));

        simulator.Time.Advance(TimeSpan.FromMinutes(3));
        var running = (await simulator.CallApiAsync("GET", Services + "/search-1"))["service"];
        Assert.Equal("RUNNING", State(running));
        Assert.Equal(3, (int)running["node_count"]!);
        Assert.Equal(["search-1-1", "search-1-2", "search-1-3"], running["node_states"]!.AsArray().Select(node => (string)node!["name"]!));
    }

    [Fact]
    public async Task A_service_has_the_required_fields_of_the_Aiven_API()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("db-1", "pg", "business-4");
        var service = (await simulator.CallApiAsync("GET", Services + "/db-1?include_secrets=false"))["service"].AsObject();
        Assert.Superset(
            new HashSet<string>
            {
                "service_name",
                "service_type",
                "state",
                "plan",
                "cloud_name",
                "node_count",
                "node_states",
                "service_uri",
                "service_uri_params",
                "components",
                "service_integrations",
                "tags",
                "user_config",
                "project_vpc_id",
                "create_time",
                "update_time",
                "termination_protection",
                "group_list",
            },
            service.Select(field => field.Key).ToHashSet()
        );
        Assert.Equal("db-1-demo.a.aivencloud.com", (string)service["service_uri_params"]!["host"]!);
        Assert.Matches("^[0-9]+$", (string)service["service_uri_params"]!["port"]!);
        Assert.Equal(
            ["primary", "replica"],
            service["components"]!.AsArray().Where(row => (string)row!["component"]! == "pg").Select(row => (string)row!["usage"]!)
        );
        Assert.Equal(["master", "standby"], service["node_states"]!.AsArray().Select(node => (string)node!["role"]!));
        Assert.True(DateTimeOffset.TryParse((string)service["create_time"]!, null, out _));
        Assert.True(DateTimeOffset.TryParse((string)service["update_time"]!, null, out _));
        Assert.DoesNotContain("prometheus", service["components"]!.AsArray().Select(row => (string)row!["component"]!));
    }

    [Fact]
    public async Task Secrets_are_shown_only_on_request()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("db-1", "pg");
        Assert.Contains("<redacted>", (await simulator.CallApiAsync("GET", Services + "/db-1")).Text, StringComparison.Ordinal);
        Assert.Contains("<redacted>", (await simulator.CallApiAsync("GET", Services)).Text, StringComparison.Ordinal);
        var open = await simulator.CallApiAsync("GET", Services + "?include_secrets=true");
        Assert.DoesNotContain("<redacted>", open.Text, StringComparison.Ordinal);
        Assert.Equal(400, (await simulator.CallApiAsync("GET", Services + "?include_secrets=yes")).Status);
    }

    [Theory]
    [InlineData("Search")]
    [InlineData("1search")]
    [InlineData("")]
    [InlineData("a.b")]
    [InlineData("a123456789012345678901234567890123456789012345678901234567890123x")]
    public async Task A_bad_name_is_400(string name)
    {
        await using var simulator = await SimulatorHost.StartAsync();
        var answer = await simulator.CallApiAsync("POST", Services, Wanted(name, "pg", "startup-4"));
        Assert.Equal((400, "Service name must consist of 1-64 alphanumerical characters"), (answer.Status, answer.Message));
    }

    [Fact]
    public async Task Unknown_types_and_plans_are_400_and_a_used_name_is_409()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        Assert.Equal(400, (await simulator.CallApiAsync("POST", Services, Wanted("a", "oracle", "startup-4"))).Status);
        Assert.Equal(400, (await simulator.CallApiAsync("POST", Services, Wanted("a", "pg", "huge"))).Status);
        Assert.Equal(200, (await simulator.CallApiAsync("POST", Services, Wanted("a", "pg", "startup-4"))).Status);
        Assert.Equal(409, (await simulator.CallApiAsync("POST", Services, Wanted("a", "pg", "startup-4"))).Status);
    }

    [Fact]
    public async Task Powering_off_removes_the_nodes_and_powering_on_creates_new_nodes()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("search-1");
        var off = (await simulator.CallApiAsync("PUT", Services + "/search-1", new JsonObject { ["powered"] = false }))["service"];
        Assert.Equal("POWEROFF", State(off));
        Assert.Empty(off["node_states"]!.AsArray());
        Assert.Empty(off["components"]!.AsArray());
        Assert.Null(off["service_uri"]);

        var on = (await simulator.CallApiAsync("PUT", Services + "/search-1", new JsonObject { ["powered"] = true }))["service"];
        Assert.Equal("REBUILDING", State(on));
        simulator.Time.Advance(TimeSpan.FromMinutes(3));
        var running = (await simulator.CallApiAsync("GET", Services + "/search-1"))["service"];
        Assert.Equal("RUNNING", State(running));
        Assert.Equal("search-1-2", (string)running["node_states"]![0]!["name"]!);
    }

    [Fact]
    public async Task A_change_of_plan_rebalances_on_new_nodes()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("search-1", plan: "startup-4");
        var changed = (await simulator.CallApiAsync("PUT", Services + "/search-1", new JsonObject { ["plan"] = "business-4" }))["service"];
        Assert.Equal(("REBALANCING", 3), (State(changed), (int)changed["node_count"]!));
        simulator.Time.Advance(TimeSpan.FromSeconds(100));
        var moving = (await simulator.CallApiAsync("GET", Services + "/search-1"))["service"];
        Assert.Equal(
            ["leaving", "running", "running", "running"],
            moving["node_states"]!.AsArray().Select(node => (string)node!["state"]!)
        );
        simulator.Time.Advance(TimeSpan.FromSeconds(80));
        var settled = (await simulator.CallApiAsync("GET", Services + "/search-1"))["service"];
        Assert.Equal("RUNNING", State(settled));
        Assert.Equal(["search-1-2", "search-1-3", "search-1-4"], settled["node_states"]!.AsArray().Select(node => (string)node!["name"]!));
    }

    [Fact]
    public async Task User_config_is_merged_and_an_empty_change_changes_nothing()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("search-1");
        var body = new JsonObject { ["user_config"] = new JsonObject { ["opensearch_version"] = "2" } };
        var changed = (await simulator.CallApiAsync("PUT", Services + "/search-1", body))["service"];
        Assert.Equal("2", (string)changed["user_config"]!["opensearch_version"]!);
        Assert.Equal("0.0.0.0/0", (string)changed["user_config"]!["ip_filter"]![0]!);
        Assert.Equal("RUNNING", State((await simulator.CallApiAsync("PUT", Services + "/search-1", new JsonObject()))["service"]));
        Assert.Equal(400, (await simulator.CallApiAsync("PUT", Services + "/search-1", new JsonObject { ["powered"] = "no" })).Status);
    }

    [Fact]
    public async Task A_protected_service_cannot_be_deleted_or_powered_off()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("search-1");
        await simulator.CallApiAsync("PUT", Services + "/search-1", new JsonObject { ["termination_protection"] = true });
        var deleted = await simulator.CallApiAsync("DELETE", Services + "/search-1");
        Assert.Equal(403, deleted.Status);
        Assert.StartsWith("Service is protected against termination", deleted.Message, StringComparison.Ordinal);
        Assert.Equal(403, (await simulator.CallApiAsync("PUT", Services + "/search-1", new JsonObject { ["powered"] = false })).Status);
        await simulator.CallApiAsync("PUT", Services + "/search-1", new JsonObject { ["termination_protection"] = false });
        Assert.Equal(200, (await simulator.CallApiAsync("DELETE", Services + "/search-1")).Status);
        var gone = await simulator.CallApiAsync("GET", Services + "/search-1");
        Assert.Equal((404, "Service search-1 does not exist", "service_does_not_exist"), (gone.Status, gone.Message, gone.Code));
    }

    [Fact]
    public async Task An_inline_integration_and_its_service_are_created_together_or_not_at_all()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        var endpoint = await simulator.CreateEndpointAsync();
        var wanted = Wanted("search-1", "opensearch", "startup-4");
        wanted["service_integrations"] = new JsonArray(
            new JsonObject { ["integration_type"] = "prometheus", ["dest_endpoint_id"] = endpoint }
        );
        var created = (await simulator.CallApiAsync("POST", Services, wanted))["service"];
        Assert.Equal(endpoint, (string)Assert.Single(created["service_integrations"]!.AsArray())!["dest_endpoint_id"]!);

        wanted["service_name"] = "scratch-1";
        wanted["plan"] = "hobbyist";
        Assert.Equal(403, (await simulator.CallApiAsync("POST", Services, wanted)).Status);
        Assert.Single((await simulator.CallApiAsync("GET", Services))["services"].AsArray());
    }

    [Fact]
    public async Task Tags_are_replaced_merged_and_validated()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("search-1");
        const string tags = Services + "/search-1/tags";
        var put = await simulator.CallApiAsync("PUT", tags, Tags(("space_id", "s"), ("empty", "")));
        Assert.Equal((200, "tags updated"), (put.Status, put.Message));
        Assert.Null(put.Body!["tags"]);
        Assert.Equal(200, (await simulator.CallApiAsync("PATCH", tags, Tags(("space_id", null), ("plan_id", "p")))).Status);
        Assert.Equal("{\"empty\":\"\",\"plan_id\":\"p\"}", (await simulator.CallApiAsync("GET", tags))["tags"].ToJsonString());

        Assert.Equal(400, (await simulator.CallApiAsync("PUT", tags, Tags(("1st", "x")))).Status);
        Assert.Equal(400, (await simulator.CallApiAsync("PUT", tags, Tags(("a:b", "x")))).Status);
        Assert.Equal(400, (await simulator.CallApiAsync("PUT", tags, Tags((new string('k', 65), "x")))).Status);
        Assert.Equal(400, (await simulator.CallApiAsync("PATCH", tags, Tags(("key", new string('v', 65))))).Status);
        Assert.Equal(400, (await simulator.CallApiAsync("PUT", tags, Tags(("key", null)))).Status);
        Assert.Equal(400, (await simulator.CallApiAsync("PUT", tags, new JsonObject())).Status);
        Assert.Equal("{\"empty\":\"\",\"plan_id\":\"p\"}", (await simulator.CallApiAsync("GET", tags))["tags"].ToJsonString());
    }

    private static JsonObject Wanted(string name, string type, string plan) =>
        new()
        {
            ["service_name"] = name,
            ["service_type"] = type,
            ["plan"] = plan,
            ["project_vpc_id"] = null,
        };

    private static JsonObject Tags(params (string Key, string? Value)[] tags) =>
        new() { ["tags"] = new JsonObject([.. tags.Select(tag => KeyValuePair.Create<string, JsonNode?>(tag.Key, tag.Value))]) };

    private static string State(JsonNode service) => (string)service["state"]!;
}
