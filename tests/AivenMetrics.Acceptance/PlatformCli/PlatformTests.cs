using System.Net;
using System.Text.Json.Nodes;
using AivenMetrics.Acceptance.Support;
using Xunit;

namespace AivenMetrics.Acceptance.PlatformCli;

/// <summary><c>aiven-metrics-lab platform</c> against the real broker and everything behind it.</summary>
public sealed class PlatformTests(FullStack product) : PlatformTestBase(product)
{
    [Fact]
    public async Task A_developer_orders_uses_and_returns_metrics_by_name()
    {
        var space = SeededServices.Forecast;
        var created = await JsonAsync(
            0,
            "create-service",
            "metrics",
            "space",
            "my-metrics",
            "--organization",
            space.OrganizationId,
            "--space",
            space.Id
        );
        var bound = await JsonAsync(0, "bind", "my-metrics", "my-app", "--user", "683ea748-3092-4ff4-b656-39cacc4d5360");
        using var query = QueryClient.For(new Credentials(bound["body"]!["credentials"]!.AsObject()));
        await Stack.WaitUntilAsync("the gateway takes the credentials", async () =>
            (await query.GetAsync("/api/v1/query?query=up")).Status == HttpStatusCode.OK
        );

        Assert.Equal("succeeded", created["outcome"]!.GetValue<string>());
        Assert.Equal(
            bound["body"]!["credentials"]!.ToJsonString(),
            (await JsonAsync(0, "fetch", "my-metrics", "my-app"))["body"]!["credentials"]!.ToJsonString()
        );
        Assert.Equal("succeeded", (await JsonAsync(0, "last-operation", "my-metrics", "my-app"))["body"]!["state"]!.GetValue<string>());
        await JsonAsync(0, "service-key", "my-metrics", "my-key");
        await JsonAsync(1, "delete-service", "my-metrics");
        await JsonAsync(0, "unbind", "my-metrics", "my-key");
        await JsonAsync(0, "unbind", "my-metrics", "my-app");
        await Stack.WaitUntilAsync("the gateway refuses them", async () =>
            (await query.GetAsync("/api/v1/query?query=up")).Status == HttpStatusCode.Unauthorized
        );
        await JsonAsync(0, "delete-service", "my-metrics");
        Assert.DoesNotContain(
            Stack.Configuration.Secret("broker-password"),
            await File.ReadAllTextAsync(Path.Combine(Root, "state.json")),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task An_unknown_name_and_a_missing_password_are_command_line_errors()
    {
        var unknown = await RunAsync("unbind", "nothing", "at-all");
        var noPassword = await Executable.RunAsync(Root, "platform", "catalog", "--url", Stack.Configuration.BrokerUrl(0));

        Assert.Equal((2, 2), (unknown.ExitCode, noPassword.ExitCode));
        Assert.Contains("AIVENMETRICS_PLATFORM_PASSWORD", noPassword.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invalid_numbers_and_unknown_requirements_are_command_line_errors()
    {
        var timeout = await RunAsync("catalog", "--timeout", "abc");
        var requirement = await RunAsync("conformance", "--requirement", "999");

        Assert.Equal((2, 2), (timeout.ExitCode, requirement.ExitCode));
        Assert.DoesNotContain("   at ", timeout.Error, StringComparison.Ordinal);
        Assert.Contains("--requirement", requirement.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parameters_can_come_from_a_file()
    {
        var file = Path.Combine(Root, "parameters.json");
        await File.WriteAllTextAsync(file, """{ "unknown": true }""");

        var result = await RunAsync("create-service", "metrics", "space", "from-a-file", "-c", $"@{file}");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("'unknown'", result.Output + result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_catalog_without_a_terminal_is_plain_text()
    {
        var result = await RunAsync("catalog");

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("metrics   space", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', result.Output);
    }

    private async Task<JsonObject> JsonAsync(int exitCode, params string[] arguments)
    {
        var result = await RunAsync([.. arguments, "--json"]);
        Assert.True(result.ExitCode == exitCode, $"{result.ExitCode}: {result.Output}{result.Error}");
        return JsonNode.Parse(result.Output)!.AsObject();
    }
}
