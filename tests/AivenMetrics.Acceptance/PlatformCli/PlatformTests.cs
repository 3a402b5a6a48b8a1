using System.Net;
using System.Text.Json.Nodes;
using AivenMetrics.Acceptance.Support;
using AivenMetrics.Simulator;
using Xunit;

namespace AivenMetrics.Acceptance.PlatformCli;

/// <summary><c>aiven-metrics-lab platform</c> against the real broker and everything behind it.</summary>
public sealed class PlatformTests(WholeProduct product) : InItsOwnFolder, IClassFixture<WholeProduct>
{
    private Stack Stack => product.Stack;

    [Fact]
    public async Task A_developer_orders_uses_and_returns_metrics_by_name()
    {
        DemoSpace space = Seed.Forecast;
        JsonObject created = await Json(0, "create-service", "metrics", "space", "my-metrics", "--organization", space.OrganizationId, "--space", space.Id);
        JsonObject bound = await Json(0, "bind", "my-metrics", "my-app", "--user", "683ea748-3092-4ff4-b656-39cacc4d5360");
        using var query = QueryClient.Of(new Credentials(bound["body"]!["credentials"]!.AsObject()));
        await Stack.Until("the gateway takes the credentials", async () => (await query.Get("/api/v1/query?query=up")).Status == HttpStatusCode.OK);

        Assert.Equal("succeeded", created["outcome"]!.GetValue<string>());
        Assert.Equal(bound["body"]!["credentials"]!.ToJsonString(), (await Json(0, "fetch", "my-metrics", "my-app"))["body"]!["credentials"]!.ToJsonString());
        Assert.Equal("succeeded", (await Json(0, "last-operation", "my-metrics", "my-app"))["body"]!["state"]!.GetValue<string>());
        await Json(0, "service-key", "my-metrics", "my-key");
        await Json(1, "delete-service", "my-metrics");
        await Json(0, "unbind", "my-metrics", "my-key");
        await Json(0, "unbind", "my-metrics", "my-app");
        await Stack.Until("the gateway refuses them", async () => (await query.Get("/api/v1/query?query=up")).Status == HttpStatusCode.Unauthorized);
        await Json(0, "delete-service", "my-metrics");
        Assert.DoesNotContain(Stack.At.Secret("broker-password"), await File.ReadAllTextAsync(Path.Combine(Root, "state.json")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_nobody_knows_and_a_missing_password_are_faults_of_the_command_line()
    {
        RunResult unknown = await Run("unbind", "nothing", "at-all");
        RunResult noPassword = await Executable.Run(Root, "platform", "catalog", "--url", Stack.At.BrokerUrl(0));

        Assert.Equal((2, 2), (unknown.ExitCode, noPassword.ExitCode));
        Assert.Contains("AIVENMETRICS_PLATFORM_PASSWORD", noPassword.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Words_that_are_no_numbers_and_requirements_that_nobody_knows_are_faults_of_the_command_line()
    {
        RunResult timeout = await Run("catalog", "--timeout", "abc");
        RunResult requirement = await Run("conformance", "--requirement", "999");

        Assert.Equal((2, 2), (timeout.ExitCode, requirement.ExitCode));
        Assert.DoesNotContain("   at ", timeout.Error, StringComparison.Ordinal);
        Assert.Contains("--requirement", requirement.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parameters_can_come_from_a_file()
    {
        string file = Path.Combine(Root, "parameters.json");
        await File.WriteAllTextAsync(file, """{ "unknown": true }""");

        RunResult result = await Run("create-service", "metrics", "space", "from-a-file", "-c", $"@{file}");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("'unknown'", result.Output + result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_terminal_less_catalog_is_plain_text()
    {
        RunResult result = await Run("catalog");

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("metrics   space", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', result.Output);
    }

    [Theory]
    [InlineData("space", null, null)]
    [InlineData("services", 0, 1)]
    public async Task The_broker_conforms(string plan, int? service, int? otherService)
    {
        DemoSpace space = Seed.Forecast;
        string[] parameters = service is { } one && otherService is { } other ? ["--bind-parameters", Services(one), "--other-bind-parameters", Services(other)] : [];

        RunResult result = await Run(
            ["conformance", "--plan", plan, "--organization", space.OrganizationId, "--space", space.Id, "--space-name", space.Name, "--poll-interval", "0.2", .. parameters]);

        Assert.True(result.ExitCode == 0, result.Output + result.Error);
        Assert.Contains(" 0 violated", result.Output, StringComparison.Ordinal);
    }

    private static string Services(int index) =>
        new JsonObject { ["services"] = new JsonArray(Seed.Scraped(Seed.Forecast)[index].ServiceInstanceId) }.ToJsonString();

    private async Task<JsonObject> Json(int exitCode, params string[] arguments)
    {
        RunResult result = await Run([.. arguments, "--json"]);
        Assert.True(result.ExitCode == exitCode, $"{result.ExitCode}: {result.Output}{result.Error}");
        return JsonNode.Parse(result.Output)!.AsObject();
    }

    private Task<RunResult> Run(params string[] arguments) => Executable.Run(Root,
    [
        "platform", .. arguments, "--url", Stack.At.BrokerUrl(0), "--username", "platform", "--password-file", Stack.Folder.Path("secrets", "broker-password"),
        "--state", Path.Combine(Root, "state.json"),
    ]);
}
