using System.Net;
using System.Text.Json.Nodes;
using AivenMetrics.Acceptance.Support;
using AivenMetrics.Lab.Demo;
using AivenMetrics.Testing.Programs;
using Xunit;

namespace AivenMetrics.Acceptance.Cli;

/// <summary>Each role alone, without the other programs: health checks, metrics, logs and SIGTERM.</summary>
public sealed class RoleTests : TemporaryFolderTestBase
{
    [Theory]
    [InlineData("broker", true)]
    [InlineData("discovery", false)]
    [InlineData("gateway", true)]
    [InlineData("simulator", true)]
    public async Task A_role_has_internal_health_checks_logs_JSON_and_exits_cleanly_on_SIGTERM(string role, bool servesClients)
    {
        var folder = new DemoFolder(Root);
        var at = new StackConfiguration(new StackOptions(), folder);
        (var configuration, var inside, var outside) = role switch
        {
            "broker" => (at.Broker(0), at.BrokerInternalUrl(0), at.BrokerUrl(0)),
            "discovery" => (at.Discovery("127.0.0.1:9"), at.DiscoveryInternalUrl, ""),
            "gateway" => (at.Gateway(), at.GatewayInternalUrl, at.GatewayUrl),
            _ => (at.Simulator(), at.SimulatorInternalUrl, at.SimulatorUrl),
        };
        var file = folder.WriteConfiguration(role, new JsonObject { [char.ToUpperInvariant(role[0]) + role[1..]] = configuration });
        await using var running = Executable.Start(Root, role, "--config", file);
        using var http = new HttpClient();

        await Stack.WaitUntilAsync("it is healthy", () => Task.FromResult(Status(http, inside + "/healthz") == HttpStatusCode.OK));
        // Without the broker's feed the gateway is not ready. The broker is ready while Aiven is unreachable.
        using var ready = await http.GetAsync(inside + "/readyz");
        Assert.Equal(role is "simulator" or "broker" ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        var checks = JsonNode.Parse(await ready.Content.ReadAsStringAsync())!["checks"]!.AsObject();
        Assert.NotEmpty(checks);
        Assert.All(checks, check => Assert.NotEmpty(check.Value!["description"]!.GetValue<string>()));
        var metrics = await http.GetStringAsync(inside + "/metrics");
        Assert.Contains("# TYPE ", metrics, StringComparison.Ordinal);
        Assert.Contains("dotnet_", metrics, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, Status(http, inside + "/v2/catalog"));
        Assert.Equal(HttpStatusCode.NotFound, Status(http, inside + "/api/v1/query?query=up"));
        if (servesClients)
        {
            foreach (var path in (string[])["/healthz", "/readyz", "/metrics"])
            {
                Assert.Equal(HttpStatusCode.NotFound, Status(http, outside + path));
            }

            // The listener of a connection decides, not the host name that the client sends.
            using var disguised = new HttpRequestMessage(HttpMethod.Get, outside + "/metrics");
            disguised.Headers.Host = new Uri(inside).Authority;
            using var answer = await http.SendAsync(disguised);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }

        running.Signal("TERM");
        var result = await running.WaitForExitAsync(TimeSpan.FromSeconds(20));
        Assert.True(result.ExitCode == 0, $"{result.ExitCode}: {result.Output} {result.Error}");
        var lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.Contains(lines, line =>
            JsonNode.Parse(line)!["Message"]!.GetValue<string>().Contains("listens on", StringComparison.Ordinal)
        );
        Assert.All(lines, line => Assert.NotNull(JsonNode.Parse(line)!["Timestamp"]));
        Assert.Equal("", result.Error.Trim());
    }

    [Theory]
    [InlineData("broker", "/v2/catalog")]
    [InlineData("gateway", "/api/v1/query?query=up")]
    public async Task The_log_lines_of_a_request_contain_the_id_in_its_response(string role, string path)
    {
        var folder = new DemoFolder(Root);
        var at = new StackConfiguration(new StackOptions(), folder);
        var file = folder.WriteConfiguration(
            role,
            new JsonObject { [role == "broker" ? "Broker" : "Gateway"] = role == "broker" ? at.Broker(0) : at.Gateway() }
        );
        await using var running = Executable.Start(Root, role, "--config", file);
        using var http = new HttpClient();
        var outside = role == "broker" ? at.BrokerUrl(0) : at.GatewayUrl;
        await Stack.WaitUntilAsync("it answers", () => Task.FromResult(Status(http, outside + "/nothing") is not null));

        using var request = new HttpRequestMessage(HttpMethod.Get, outside + path);
        request.Headers.Add("X-Request-Id", "from-the-router-17");
        using var given = await http.SendAsync(request);
        using var forged = new HttpRequestMessage(HttpMethod.Get, outside + path);
        forged.Headers.TryAddWithoutValidation("X-Request-Id", "\"},{\"evil\":\"");
        using var made = await http.SendAsync(forged);

        Assert.Equal("from-the-router-17", Assert.Single(given.Headers.GetValues("X-Request-Id")));
        var own = Assert.Single(made.Headers.GetValues("X-Request-Id"));
        Assert.Matches("^[0-9a-f]{32}$", own);
        foreach (var id in (string[])["from-the-router-17", own])
        {
            await Stack.WaitUntilAsync($"a log line carries {id}", () =>
                Task.FromResult(running.Output.Split('\n').Any(line => line.Contains($"\"RequestId\":\"{id}\"", StringComparison.Ordinal)))
            );
        }
    }

    private static HttpStatusCode? Status(HttpClient http, string url)
    {
        try
        {
            using var response = http.Send(new HttpRequestMessage(HttpMethod.Get, url));
            return response.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }
}
