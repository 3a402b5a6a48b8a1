using System.Diagnostics;
using System.Net;
using AivenMetrics.Acceptance.Support;
using AivenMetrics.Simulator;
using Xunit;

namespace AivenMetrics.Acceptance.Journeys;

/// <summary>Aiven's world changes under a bound tenant; nobody binds again and nobody is told.</summary>
public sealed class ChangeTests(TwoBoundTenants stack) : IClassFixture<TwoBoundTenants>
{
    // Half of what the reference implementation takes for its own part, on a machine that does much else.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private Stack Stack => stack.Stack;

    private string[] Targets => TargetFile.Addresses(Stack.TargetsFile);

    [Fact]
    public async Task A_replaced_node_is_a_target_within_seconds_and_the_metrics_of_its_service_go_on()
    {
        DemoService search = Seed.Service("forecast-search");
        string up = $"up{{aiven_service_name=\"{search.Name}\"}}";
        int nodes = await stack.Forecast.UpNodes(up);

        long changed = Stopwatch.GetTimestamp();
        var (old, replacement) = await Stack.Simulator.ReplaceNode(search, "1");

        TimeSpan appeared = await Stack.Until("the new node is a target", () => Task.FromResult(Targets.Contains(replacement)), Soon);
        TimeSpan vanished = await Stack.Until("the old node is no target any more", () => Task.FromResult(!Targets.Contains(old)), Soon);
        await Stack.Until("the new node delivers", async () => await stack.Forecast.UpNodes($"up{{instance=\"{replacement}:9273\"}}") == 1, Soon);
        await Stack.Until("the service has as many nodes as before", async () => (await stack.Forecast.Query.Instant(up)).Count == nodes, Soon);
        // Never since the change were all nodes of the service silent.
        int seconds = (int)Stopwatch.GetElapsedTime(changed).TotalSeconds;
        Assert.InRange((await stack.Forecast.Query.Instant($"min_over_time(count({up} == 1)[{seconds}s:1s])")).Single().Value, nodes - 1, nodes + 1);
        Say($"new node a target after {appeared.TotalSeconds:0.0} s, old one gone {vanished.TotalSeconds:0.0} s later");
    }

    [Fact]
    public async Task A_service_that_is_powered_off_keeps_its_binding_and_comes_back_by_itself()
    {
        DemoService cache = Seed.Service("forecast-cache");
        string up = $"up{{aiven_service_name=\"{cache.Name}\"}}";
        int nodes = await stack.Forecast.UpNodes(up);
        string[] before = await Stack.Simulator.Addresses(cache.Name);
        string[] integrations = await Stack.Simulator.Integrations(cache);

        await Stack.Simulator.PowerOff(cache);

        TimeSpan dropped = await Stack.Until("its targets are dropped", () => Task.FromResult(!Targets.Intersect(before).Any()), Soon);
        Assert.NotEmpty(Targets);
        Assert.Equal(HttpStatusCode.OK, (await Stack.Platform.Fetch(stack.Forecast.Instance, stack.Forecast.Binding)).Status);
        Assert.Equal(integrations, await Stack.Simulator.Integrations(cache));

        await Stack.Simulator.PowerOn(cache);

        TimeSpan back = await Stack.Until("all its nodes deliver again", async () => await stack.Forecast.UpNodes(up) == nodes, Soon);
        Say($"targets dropped {dropped.TotalSeconds:0.0} s after power-off, metrics back {back.TotalSeconds:0.0} s after power-on");
    }

    [Fact]
    public async Task The_series_of_a_service_that_is_deleted_end_within_seconds_and_do_not_look_alive_for_minutes()
    {
        DemoService deleted = await Stack.Simulator.CreateService(Seed.Forecast, "pg");
        string up = $"up{{aiven_service_name=\"{deleted.Name}\"}}";
        await Stack.Until("it delivers", async () => await stack.Forecast.UpNodes(up) == 1, Soon);

        await Stack.Simulator.Aiven(HttpMethod.Delete, $"/project/demo/service/{deleted.Name}");

        TimeSpan ended = await Stack.Until("its series have ended", async () => (await stack.Forecast.Query.Instant(up)).Count == 0, Soon);
        Say($"series ended {ended.TotalSeconds:0.0} s after the service was deleted");
    }

    [Theory]
    [InlineData("valkey")]
    [InlineData("mysql")]
    public async Task A_service_that_is_created_later_shows_its_metrics_without_a_new_bind(string type)
    {
        DemoService created = await Stack.Simulator.CreateService(Seed.Forecast, type);

        TimeSpan shown = await Stack.Until(
            "its metrics appear", async () => await stack.Forecast.UpNodes($"up{{aiven_service_name=\"{created.Name}\"}}") == 1, Soon);
        Say($"metrics of the new {type} after {shown.TotalSeconds:0.0} s");

        Assert.Empty(await stack.Beacons.Query.Instant($"up{{aiven_service_name=\"{created.Name}\"}}"));
    }

    [Fact]
    public async Task A_service_that_moves_to_another_space_moves_to_its_tenant()
    {
        DemoService moving = await Stack.Simulator.CreateService(Seed.Forecast, "pg");
        string up = $"up{{aiven_service_name=\"{moving.Name}\"}}";
        await Stack.Until("its tenant sees it", async () => await stack.Forecast.UpNodes(up) == 1, Soon);

        await Stack.Simulator.Aiven(HttpMethod.Patch, $"/project/demo/service/{moving.Name}/tags", new()
        {
            ["tags"] = new System.Text.Json.Nodes.JsonObject { ["organization_id"] = Seed.Beacons.OrganizationId, ["space_id"] = Seed.Beacons.Id },
        });

        await Stack.Until("its new tenant sees it", async () => await stack.Beacons.UpNodes(up) == 1, Soon);
        await Stack.Until("its old tenant sees nothing new of it", async () => (await stack.Forecast.Query.Instant(up)).Count == 0, Soon);
    }

    private static void Say(string what) => TestContext.Current.TestOutputHelper?.WriteLine(what);
}
