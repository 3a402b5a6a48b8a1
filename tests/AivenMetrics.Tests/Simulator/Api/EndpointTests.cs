using System.Text.Json.Nodes;
using Xunit;

namespace AivenMetrics.Tests.Simulator.Api;

public class EndpointTests
{
    private const string Endpoints = "/project/demo/integration_endpoint";

    [Fact]
    public async Task The_password_is_shown_only_by_id_and_only_on_request()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        var id = await simulator.CreateEndpointAsync(password: "secret-password");
        Assert.Equal("secret-password", Password(await ShownAsync(simulator, id)));
        var redacted = (await simulator.CallApiAsync("GET", $"{Endpoints}/{id}"))["service_integration_endpoint"];
        Assert.Equal("<redacted>", Password(redacted));
        Assert.Equal("prom1234", (string)redacted["user_config"]!["basic_auth_username"]!);
        Assert.Equal(9273, (int)redacted["endpoint_config"]!["client_port"]!);
        var list = await simulator.CallApiAsync("GET", Endpoints + "?include_secrets=true");
        Assert.Equal("<redacted>", Password(Assert.Single(list["service_integration_endpoints"].AsArray())!));
    }

    [Theory]
    [InlineData("ABCDE", "long-enough")]
    [InlineData("abcd", "long-enough")]
    [InlineData("a1234567890123456789012345678901x", "long-enough")]
    [InlineData("prom1234", "short")]
    public async Task Credentials_are_validated(string user, string password)
    {
        await using var simulator = await SimulatorHost.StartAsync();
        Assert.Equal(400, (await simulator.CallApiAsync("POST", Endpoints, Wanted("metrics", Config(user, password)))).Status);
        var id = await simulator.CreateEndpointAsync();
        Assert.Equal(400, (await ChangeAsync(simulator, id, user, password)).Status);
    }

    [Fact]
    public async Task Names_have_1_to_40_characters_and_are_unique_per_type()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        Assert.Equal(400, (await simulator.CallApiAsync("POST", Endpoints, Wanted("", []))).Status);
        Assert.Equal(400, (await simulator.CallApiAsync("POST", Endpoints, Wanted(new string('n', 41), []))).Status);
        Assert.Equal(200, (await simulator.CallApiAsync("POST", Endpoints, Wanted(new string('n', 40), []))).Status);
        Assert.Equal(409, (await simulator.CallApiAsync("POST", Endpoints, Wanted(new string('n', 40), []))).Status);
        Assert.Equal(400, (await simulator.CallApiAsync("POST", Endpoints, Wanted("other", new JsonObject { ["colour"] = "red" }))).Status);
        var withoutConfig = new JsonObject { ["endpoint_name"] = "x", ["endpoint_type"] = "prometheus" };
        Assert.Equal(400, (await simulator.CallApiAsync("POST", Endpoints, withoutConfig)).Status);
        Assert.Equal(
            400,
            (
                await simulator.CallApiAsync(
                    "POST",
                    Endpoints,
                    new JsonObject
                    {
                        ["endpoint_name"] = "x",
                        ["endpoint_type"] = "carrier-pigeon",
                        ["user_config"] = new JsonObject(),
                    }
                )
            ).Status
        );
    }

    [Fact]
    public async Task Missing_credentials_are_generated()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        var made = (await simulator.CallApiAsync("POST", Endpoints, Wanted("metrics", [])))["service_integration_endpoint"];
        var shown = await ShownAsync(simulator, (string)made["endpoint_id"]!);
        Assert.Matches("^prom[0-9]{4}$", (string)shown["user_config"]!["basic_auth_username"]!);
        Assert.True(Password(shown).Length >= 8);
    }

    [Fact]
    public async Task An_update_that_changes_nothing_is_400()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        var id = await simulator.CreateEndpointAsync(user: "prom1234", password: "secret-password");
        var same = await ChangeAsync(simulator, id, "prom1234", "secret-password");
        Assert.Equal((400, "User config not changed"), (same.Status, same.Message));
        var other = await ChangeAsync(simulator, id, "prom1234", "other-password");
        Assert.Equal(200, other.Status);
        Assert.Equal("other-password", Password(await ShownAsync(simulator, id)));
    }

    [Fact]
    public async Task Deleting_an_endpoint_deletes_its_integrations()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("search-1");
        var id = await simulator.CreateEndpointAsync();
        var integration = await simulator.CreateIntegrationAsync("search-1", id);
        Assert.Equal(200, (await simulator.CallApiAsync("DELETE", $"{Endpoints}/{id}")).Status);
        var gone = await simulator.CallApiAsync("GET", $"{Endpoints}/{id}");
        Assert.Equal((404, "service_integration_endpoint_not_found"), (gone.Status, gone.Code));
        Assert.Equal(404, (await simulator.CallApiAsync("DELETE", $"{Endpoints}/{id}")).Status);
        Assert.Empty((await simulator.CallApiAsync("GET", "/project/demo/service"))["services"][0]!["service_integrations"]!.AsArray());
        var path = "/project/demo/integration/" + (string)integration["service_integration"]["service_integration_id"]!;
        Assert.Equal(404, (await simulator.CallApiAsync("DELETE", path)).Status);
    }

    [Fact]
    public async Task Deleting_an_endpoint_in_use_can_be_configured_to_be_409()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CallAdminAsync("PUT", "/settings", new JsonObject { ["endpoint_delete_cascades"] = false });
        await simulator.CreateServiceAsync("search-1");
        var id = await simulator.CreateEndpointAsync();
        await simulator.CreateIntegrationAsync("search-1", id);
        Assert.Equal(409, (await simulator.CallApiAsync("DELETE", $"{Endpoints}/{id}")).Status);
    }

    private static JsonObject Wanted(string name, JsonObject userConfig) =>
        new()
        {
            ["endpoint_name"] = name,
            ["endpoint_type"] = "prometheus",
            ["user_config"] = userConfig,
        };

    private static async Task<JsonNode> ShownAsync(SimulatorHost simulator, string id) =>
        (await simulator.CallApiAsync("GET", $"{Endpoints}/{id}?include_secrets=true"))["service_integration_endpoint"];

    private static Task<SimulatorResponse> ChangeAsync(SimulatorHost simulator, string id, string user, string password) =>
        simulator.CallApiAsync("PUT", $"{Endpoints}/{id}", new JsonObject { ["user_config"] = Config(user, password) });

    private static JsonObject Config(string user, string password) =>
        new() { ["basic_auth_username"] = user, ["basic_auth_password"] = password };

    private static string Password(JsonNode endpoint) => (string)endpoint["user_config"]!["basic_auth_password"]!;
}
