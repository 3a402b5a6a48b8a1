using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using AivenMetrics.Acceptance.Support;
using Xunit;

namespace AivenMetrics.Acceptance.Demo;

/// <summary><c>aiven-metrics-lab demo</c>, started by another program and by a person.</summary>
public sealed class DemoTests : TemporaryFolderTestBase
{
    [Fact]
    public async Task A_kept_demo_writes_the_documented_ready_file_and_Ctrl_C_leaves_nothing_behind()
    {
        var readyFile = Path.Combine(Root, "ready.json");
        var data = Path.Combine(Root, "data");
        await using var demo = Executable.Start(Root, "demo", "--keep", "--ready-file", readyFile, "--data", data);
        await Stack.WaitUntilAsync(
            "the demo is up",
            () => Task.FromResult(File.Exists(readyFile) || demo.HasExited),
            TimeSpan.FromMinutes(3)
        );
        Assert.False(demo.HasExited, demo.Output);
        var ready = JsonNode.Parse(await File.ReadAllTextAsync(readyFile))!.AsObject();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(readyFile));

        AssertShape(ready);
        Assert.Equal(data, Text(ready["data"]));
        await AssertThatItCanBeDrivenAsync(ready);
        int[] processes = [.. ready["processes"]!.AsObject().Select(process => process.Value!.GetValue<int>())];
        Assert.All(processes, id => Assert.True(Runs(id)));

        demo.Signal("INT");
        var result = await demo.WaitForExitAsync(TimeSpan.FromSeconds(15));

        Assert.Equal((0, ""), (result.ExitCode, result.Error.Trim()));
        Assert.All(processes, id => Assert.False(Runs(id), $"Process {id} is left."));
        // A folder named with --data is kept.
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(data, "logs")));
    }

    [Fact]
    public async Task A_demo_without_options_shows_the_main_job_within_a_minute_and_ends()
    {
        var start = Stopwatch.GetTimestamp();

        var result = await Executable.RunAsync(Root, "demo");

        var took = Stopwatch.GetElapsedTime(start);
        TestContext.Current.TestOutputHelper?.WriteLine($"{took.TotalSeconds:0.0} s\n{result.Output}");
        Assert.True(result.ExitCode == 0, $"{result.ExitCode}: {result.Output} {result.Error}");
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(60));
        foreach (
            var shown in (string[])
                [
                    "tides/forecast",
                    "lamps/beacons",
                    "username=",
                    "password=",
                    "curl -s",
                    "opensearch",
                    "valkey",
                    "pg",
                    "sees nothing",
                    "stopped",
                ]
        )
        {
            Assert.Contains(shown, result.Output, StringComparison.Ordinal);
        }

        string[] proofs = [.. result.Output.Split('\n').Where(line => line.Contains("(without the gateway:", StringComparison.Ordinal))];
        Assert.Equal(6, proofs.Length);
        Assert.All(proofs, proof => Assert.StartsWith("sees nothing: ", proof, StringComparison.Ordinal));
        Assert.DoesNotContain(proofs, proof => proof.Contains("(without the gateway: 0 results)", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_folder_that_is_not_empty_is_rejected_and_unchanged()
    {
        var data = Directory.CreateDirectory(Path.Combine(Root, "used")).FullName;
        await File.WriteAllTextAsync(Path.Combine(data, "kept"), "kept");

        var result = await Executable.RunAsync(Root, "demo", "--data", data);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("is not empty", result.Error, StringComparison.Ordinal);
        Assert.Equal(["kept"], Directory.GetFileSystemEntries(data).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_demo_that_is_interrupted_during_its_start_leaves_nothing_behind()
    {
        var data = Path.Combine(Root, "data");
        await using var demo = Executable.Start(Root, "demo", "--data", data);
        var addresses = Path.Combine(data, "run", "broker.json");
        await Stack.WaitUntilAsync("the broker listens", () => Task.FromResult(File.Exists(addresses)));
        var broker = JsonNode.Parse(await File.ReadAllTextAsync(addresses))!["pid"]!.GetValue<int>();

        demo.Signal("INT");
        var result = await demo.WaitForExitAsync(TimeSpan.FromSeconds(20));

        Assert.True(result.ExitCode is 0 or 130, $"{result.ExitCode}: {result.Output} {result.Error}");
        Assert.False(Runs(broker));
    }

    private static void AssertShape(JsonObject ready)
    {
        Assert.Equal(["broker", "gateway", "simulator", "prometheus", "tenants", "services", "processes", "data"], Members(ready));
        Assert.Equal(["url", "username", "password"], Members(ready["broker"]));
        Assert.Equal(["url"], Members(ready["gateway"]));
        Assert.Equal(["url", "admin_url", "token", "projects"], Members(ready["simulator"]));
        Assert.All(ready["prometheus"]!.AsArray(), prometheus => Assert.Equal(["url"], Members(prometheus)));
        Assert.Equal(2, ready["prometheus"]!.AsArray().Count);
        Assert.Equal(2, ready["tenants"]!.AsArray().Count);
        Assert.All(ready["tenants"]!.AsArray(), tenant =>
            Assert.Equal(
                ["organization_id", "space_id", "instance_id", "binding_id", "service_id", "plan_id", "credentials"],
                Members(tenant)
            )
        );
        Assert.All(ready["services"]!.AsArray(), service =>
            Assert.Equal(["project", "name", "type", "organization_id", "space_id", "service_instance_id"], Members(service))
        );
        Assert.Equal(10, ready["services"]!.AsArray().Count);
        Assert.All(ready["services"]!.AsArray(), service => Assert.All(service!.AsObject(), member => Assert.NotEmpty(Text(member.Value))));
        Assert.All((string[])["simulator", "broker", "discovery", "gateway"], role => Assert.Contains(role, Members(ready["processes"])));
    }

    private static async Task AssertThatItCanBeDrivenAsync(JsonObject ready)
    {
        foreach (var tenant in ready["tenants"]!.AsArray())
        {
            using var query = QueryClient.For(new Credentials(tenant!["credentials"]!.AsObject()));
            Assert.Equal([Text(tenant["space_id"])], await query.ValuesOfAsync("space_id", "up == 1"));
            // Only its own usage, through both Prometheus servers.
            await Stack.WaitUntilAsync("a tenant sees its usage", async () =>
                (await query.InstantAsync("aivenmetrics_tenant_requests_total{code=\"2xx\"} > 0")).Count > 0
            );
            Assert.Equal([Text(tenant["space_id"])], await query.ValuesOfAsync("space_id", "aivenmetrics_tenant_requests_total"));
            Assert.Empty(await query.InstantAsync("up{job=\"aivenmetrics-gateway\"}"));
        }

        using var platform = new Platform(
            Text(ready["broker"]!["url"]),
            Text(ready["broker"]!["username"]),
            Text(ready["broker"]!["password"])
        );
        var first = ready["tenants"]![0]!;
        Assert.Equal(HttpStatusCode.OK, (await platform.FetchAsync(Text(first["instance_id"]), Text(first["binding_id"]))).Status);
        using var simulator = new HttpClient();
        Assert.Equal(HttpStatusCode.OK, (await simulator.GetAsync(Text(ready["simulator"]!["admin_url"]) + "/state")).StatusCode);
        simulator.DefaultRequestHeaders.Authorization = new("aivenv1", Text(ready["simulator"]!["token"]));
        Assert.Equal(
            HttpStatusCode.OK,
            (
                await simulator.GetAsync(
                    $"{Text(ready["simulator"]!["url"])}/v1/project/{Text(ready["simulator"]!["projects"]![0])}/service"
                )
            ).StatusCode
        );
        foreach (var prometheus in ready["prometheus"]!.AsArray())
        {
            using var query = new QueryClient(Text(prometheus!["url"]));
            await Stack.WaitUntilAsync("every Prometheus has samples", async () => (await query.InstantAsync("up == 1")).Count > 0);
        }
    }

    private static bool Runs(int id) => Directory.Exists(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}"));

    private static string[] Members(JsonNode? node) => [.. node!.AsObject().Select(member => member.Key)];

    private static string Text(JsonNode? node) => node!.GetValue<string>();
}
