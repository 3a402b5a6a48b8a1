using System.Text.Json.Nodes;
using Xunit;

namespace AivenMetrics.Tests.Simulator.Api;

public class ApiServerTests
{
    [Theory]
    [InlineData("aivenv1 test-token")]
    [InlineData("AivenV1 test-token")]
    [InlineData("Bearer test-token")]
    public async Task Both_forms_of_the_token_are_accepted(string authorization)
    {
        await using var simulator = await SimulatorHost.StartAsync();
        Assert.Equal(200, (await simulator.CallApiAsync("GET", "/project/demo", authorization: authorization)).Status);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("aivenv1 wrong")]
    [InlineData("aivenv1")]
    [InlineData("Basic test-token")]
    [InlineData("test-token")]
    public async Task Any_other_authorization_is_401_Invalid_token(string? authorization)
    {
        await using var simulator = await SimulatorHost.StartAsync();
        var answer = await simulator.CallApiAsync("GET", "/project/demo", authorization: authorization);
        Assert.Equal((401, "Invalid token"), (answer.Status, answer.Message));
    }

    [Fact]
    public async Task The_status_for_an_invalid_token_can_be_configured_to_be_403()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CallAdminAsync("PUT", "/settings", new JsonObject { ["bad_token_forbidden"] = true });
        var answer = await simulator.CallApiAsync("GET", "/project/demo", authorization: "aivenv1 wrong");
        Assert.Equal((403, "Authentication failed", "authentication_failed"), (answer.Status, answer.Message, answer.Code));
    }

    [Fact]
    public async Task Errors_have_the_error_envelope_of_Aiven()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        var answer = await simulator.CallApiAsync("GET", "/project/nowhere/service");
        Assert.Equal(404, answer.Status);
        var error = Assert.Single(answer["errors"].AsArray())!;
        Assert.Equal("Project does not exist", (string)error["message"]!);
        Assert.Equal("Project does not exist", answer.Message);
        Assert.Equal(404, (int)error["status"]!);
        Assert.Equal("project_does_not_exist", answer.Code);
    }

    [Theory]
    [InlineData("GET", "/nothing", 404)]
    [InlineData("GET", "/project/demo/integration", 405)]
    [InlineData("DELETE", "/project/demo/service", 405)]
    [InlineData("POST", "/project/demo/service/x/tags", 405)]
    [InlineData("GET", "/project/demo/service/x/user/y/z", 404)]
    [InlineData("GET", "/project/demo/service//tags", 404)]
    public async Task Unknown_routes_are_404_and_wrong_methods_405(string method, string path, int status)
    {
        await using var simulator = await SimulatorHost.StartAsync();
        var answer = await simulator.CallApiAsync(method, path);
        Assert.Equal(status, answer.Status);
        Assert.Equal(status, (int)answer["errors"][0]!["status"]!);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("{\"service_name\":\"a\",\"service_name\":\"b\"}")]
    [InlineData("{\"service_name\":\"\\ud800\",\"service_type\":\"pg\",\"plan\":\"startup-4\"}")]
    [InlineData("{\"\\ud800\":1,\"service_name\":\"a\",\"service_type\":\"pg\",\"plan\":\"startup-4\"}")]
    [InlineData("{\"service_name\":1,\"service_type\":\"pg\",\"plan\":\"startup-4\"}")]
    [InlineData("{\"service_name\":\"a\",\"service_type\":\"pg\",\"plan\":[]}")]
    [InlineData("{\"service_name\":\"a\",\"service_type\":\"pg\",\"plan\":\"startup-4\",\"tags\":[]}")]
    [InlineData("{\"service_name\":\"a\",\"service_type\":\"pg\",\"plan\":\"startup-4\",\"service_integrations\":[1]}")]
    [InlineData("{\"service_type\":\"pg\",\"plan\":\"startup-4\"}")]
    public async Task A_bad_body_is_400_and_changes_nothing(string body)
    {
        await using var simulator = await SimulatorHost.StartAsync();
        var answer = await simulator.SendAsync("POST", "/v1/project/demo/service", body, "aivenv1 " + SimulatorHost.Token);
        Assert.True(answer.Status == 400, answer.Text);
        Assert.NotEmpty(answer.Message);
        Assert.Empty((await simulator.CallApiAsync("GET", "/project/demo/service"))["services"].AsArray());
    }

    [Fact]
    public async Task A_deep_body_is_400()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        var body = string.Concat(Enumerable.Repeat("{\"a\":", 5000));
        Assert.Equal(400, (await simulator.SendAsync("POST", "/v1/project/demo/service", body, "aivenv1 " + SimulatorHost.Token)).Status);
    }

    [Fact]
    public async Task A_body_over_one_mebibyte_is_413()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        var body = new JsonObject { ["service_name"] = new string('a', 1 << 20) };
        Assert.Equal(413, (await simulator.CallApiAsync("POST", "/project/demo/service", body)).Status);
    }

    [Theory]
    [InlineData("250", 200)]
    [InlineData("251", 400)]
    [InlineData("999", 400)]
    [InlineData("many", 400)]
    public async Task A_limit_above_250_is_rejected(string limit, int status)
    {
        await using var simulator = await SimulatorHost.StartAsync();
        var answer = await simulator.CallApiAsync("GET", "/project/demo/service?limit=" + limit);
        Assert.Equal(status, answer.Status);
        if (limit == "999")
        {
            Assert.Equal("Invalid value for limit parameter: maximum allowed value is 250", answer.Message);
        }
    }

    [Fact]
    public async Task Calls_above_the_rate_limit_are_429_with_the_documented_text_until_the_window_has_passed()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        for (var call = 0; call < 120; call++)
        {
            Assert.Equal(200, (await simulator.CallApiAsync("GET", "/project/demo")).Status);
            simulator.Time.Advance(TimeSpan.FromMilliseconds(250));
        }

        var refused = await simulator.CallApiAsync("GET", "/project/demo");
        Assert.Equal(429, refused.Status);
        Assert.Equal(
            "The user has sent too many requests in a given amount of time: Rate limit 120 exceeded - try again in 30s",
            refused.Message
        );
        Assert.Null(refused.Headers.RetryAfter);
        simulator.Time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(200, (await simulator.CallApiAsync("GET", "/project/demo")).Status);
    }

    [Fact]
    public async Task The_rate_limit_can_be_changed_and_can_send_Retry_After()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CallAdminAsync("PUT", "/rate-limit", new JsonObject { ["requests_per_minute"] = 1, ["retry_after"] = true });
        Assert.Equal(200, (await simulator.CallApiAsync("GET", "/project/demo")).Status);
        var refused = await simulator.CallApiAsync("GET", "/project/demo");
        Assert.Equal((429, TimeSpan.FromSeconds(60)), (refused.Status, refused.Headers.RetryAfter!.Delta));
        await simulator.CallAdminAsync("PUT", "/rate-limit", new JsonObject { ["requests_per_minute"] = 0 });
        for (var call = 0; call < 200; call++)
        {
            Assert.Equal(200, (await simulator.CallApiAsync("GET", "/project/demo")).Status);
        }
    }

    [Fact]
    public async Task The_prometheus_types_list_the_same_service_types_without_influxdb()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        var integration = (await simulator.CallApiAsync("GET", "/project/demo/integration_types"))["integration_types"]
            .AsArray()
            .Single(type => (string)type!["integration_type"]! == "prometheus")!["source_service_types"]!.AsArray();
        var endpoint = (await simulator.CallApiAsync("GET", "/project/demo/integration_endpoint_types"))["endpoint_types"]
            .AsArray()
            .Single(type => (string)type!["endpoint_type"]! == "prometheus")!["service_types"]!.AsArray();
        var types = endpoint.GetValues<string>().ToHashSet();
        Assert.Equal(integration.ToJsonString(), endpoint.ToJsonString());
        Assert.Superset(new HashSet<string> { "opensearch", "pg", "valkey", "kafka", "mysql" }, types);
        Assert.DoesNotContain("influxdb", types);
        Assert.DoesNotContain("grafana", types);
        var known = (await simulator.CallApiAsync("GET", "/project/demo/service_types"))["service_types"].AsObject();
        Assert.Contains("influxdb", known.Select(type => type.Key));
    }

    [Fact]
    public async Task A_project_and_its_CA_can_be_read()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        Assert.Equal("demo", (string)(await simulator.CallApiAsync("GET", "/project/demo"))["project"]["project_name"]!);
        Assert.Single((await simulator.CallApiAsync("GET", "/project"))["projects"].AsArray());
        var pem = (string)(await simulator.CallApiAsync("GET", "/project/demo/kms/ca"))["certificate"]!;
        Assert.StartsWith("-----BEGIN CERTIFICATE-----\n", pem, StringComparison.Ordinal);
        Assert.Equal(pem, (string)(await simulator.CallAdminAsync("GET", "/state"))["ca_certificate"]!);
    }

    [Fact]
    public async Task The_simulator_is_ready_once_started()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        var ready = await simulator.SendAsync("GET", "/readyz", null, null);
        Assert.Equal((200, "Healthy"), (ready.Status, ready.Text));
    }
}
