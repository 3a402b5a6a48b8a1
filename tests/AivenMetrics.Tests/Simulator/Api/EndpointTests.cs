using System.Text.Json.Nodes;
using Xunit;

namespace AivenMetrics.Tests.Simulator.Api;

public class EndpointTests
{
    private const string Endpoints = "/project/demo/integration_endpoint";

    [Fact]
    public async Task The_password_is_shown_only_by_id_and_only_when_asked_for()
    {
        await using var simulator = await SimulatorHost.Start();
        var id = await simulator.Endpoint(password: "secret-password");
        Assert.Equal("secret-password", Password(await Shown(simulator, id)));
        var redacted = (await simulator.Api("GET", $"{Endpoints}/{id}"))["service_integration_endpoint"];
        Assert.Equal("<redacted>", Password(redacted));
        Assert.Equal("prom1234", (string)redacted["user_config"]!["basic_auth_username"]!);
        Assert.Equal(9273, (int)redacted["endpoint_config"]!["client_port"]!);
        var list = await simulator.Api("GET", Endpoints + "?include_secrets=true");
        Assert.Equal("<redacted>", Password(Assert.Single(list["service_integration_endpoints"].AsArray())!));
    }

    [Theory]
    [InlineData("ABCDE", "long-enough")]
    [InlineData("abcd", "long-enough")]
    [InlineData("a1234567890123456789012345678901x", "long-enough")]
    [InlineData("prom1234", "short")]
    public async Task Credentials_are_validated(string user, string password)
    {
        await using var simulator = await SimulatorHost.Start();
        Assert.Equal(400, (await simulator.Api("POST", Endpoints, Wanted("metrics", Config(user, password)))).Status);
        var id = await simulator.Endpoint();
        Assert.Equal(400, (await Change(simulator, id, user, password)).Status);
    }

    [Fact]
    public async Task Names_are_1_to_40_characters_and_unique_by_type()
    {
        await using var simulator = await SimulatorHost.Start();
        Assert.Equal(400, (await simulator.Api("POST", Endpoints, Wanted("", []))).Status);
        Assert.Equal(400, (await simulator.Api("POST", Endpoints, Wanted(new string('n', 41), []))).Status);
        Assert.Equal(200, (await simulator.Api("POST", Endpoints, Wanted(new string('n', 40), []))).Status);
        Assert.Equal(409, (await simulator.Api("POST", Endpoints, Wanted(new string('n', 40), []))).Status);
        Assert.Equal(400, (await simulator.Api("POST", Endpoints, Wanted("other", new JsonObject { ["colour"] = "red" }))).Status);
        var withoutConfig = new JsonObject { ["endpoint_name"] = "x", ["endpoint_type"] = "prometheus" };
        Assert.Equal(400, (await simulator.Api("POST", Endpoints, withoutConfig)).Status);
        Assert.Equal(400, (await simulator.Api("POST", Endpoints, new JsonObject
        {
            ["endpoint_name"] = "x",
            ["endpoint_type"] = "carrier-pigeon",
            ["user_config"] = new JsonObject(),
        })).Status);
    }

    [Fact]
    public async Task Missing_credentials_are_made_up()
    {
        await using var simulator = await SimulatorHost.Start();
        var made = (await simulator.Api("POST", Endpoints, Wanted("metrics", [])))["service_integration_endpoint"];
        var shown = await Shown(simulator, (string)made["endpoint_id"]!);
        Assert.Matches("^prom[0-9]{4}$", (string)shown["user_config"]!["basic_auth_username"]!);
        Assert.True(Password(shown).Length >= 8);
    }

    [Fact]
    public async Task An_update_that_changes_nothing_is_400()
    {
        await using var simulator = await SimulatorHost.Start();
        var id = await simulator.Endpoint(user: "prom1234", password: "secret-password");
        var same = await Change(simulator, id, "prom1234", "secret-password");
        Assert.Equal((400, "User config not changed"), (same.Status, same.Message));
        var other = await Change(simulator, id, "prom1234", "other-password");
        Assert.Equal(200, other.Status);
        Assert.Equal("other-password", Password(await Shown(simulator, id)));
    }

    [Fact]
    public async Task Deleting_an_endpoint_deletes_its_integrations()
    {
        await using var simulator = await SimulatorHost.Start();
        await simulator.Service("search-1");
        var id = await simulator.Endpoint();
        var integration = await simulator.Integrate("search-1", id);
        Assert.Equal(200, (await simulator.Api("DELETE", $"{Endpoints}/{id}")).Status);
        var gone = await simulator.Api("GET", $"{Endpoints}/{id}");
        Assert.Equal((404, "service_integration_endpoint_not_found"), (gone.Status, gone.Code));
        Assert.Equal(404, (await simulator.Api("DELETE", $"{Endpoints}/{id}")).Status);
        Assert.Empty((await simulator.Api("GET", "/project/demo/service"))["services"][0]!["service_integrations"]!.AsArray());
        var path = "/project/demo/integration/" + (string)integration["service_integration"]["service_integration_id"]!;
        Assert.Equal(404, (await simulator.Api("DELETE", path)).Status);
    }

    [Fact]
    public async Task Deleting_an_endpoint_in_use_can_be_switched_to_409()
    {
        await using var simulator = await SimulatorHost.Start();
        await simulator.Admin("PUT", "/settings", new JsonObject { ["endpoint_delete_cascades"] = false });
        await simulator.Service("search-1");
        var id = await simulator.Endpoint();
        await simulator.Integrate("search-1", id);
        Assert.Equal(409, (await simulator.Api("DELETE", $"{Endpoints}/{id}")).Status);
    }

    private static JsonObject Wanted(string name, JsonObject userConfig) =>
        new() { ["endpoint_name"] = name, ["endpoint_type"] = "prometheus", ["user_config"] = userConfig };

    private static async Task<JsonNode> Shown(SimulatorHost simulator, string id) =>
        (await simulator.Api("GET", $"{Endpoints}/{id}?include_secrets=true"))["service_integration_endpoint"];

    private static Task<Answer> Change(SimulatorHost simulator, string id, string user, string password) =>
        simulator.Api("PUT", $"{Endpoints}/{id}", new JsonObject { ["user_config"] = Config(user, password) });

    private static JsonObject Config(string user, string password) =>
        new() { ["basic_auth_username"] = user, ["basic_auth_password"] = password };

    private static string Password(JsonNode endpoint) => (string)endpoint["user_config"]!["basic_auth_password"]!;
}
