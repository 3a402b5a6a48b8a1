using System.Diagnostics;
using System.Net;
using AivenMetrics.Acceptance.Support;
using Xunit;

namespace AivenMetrics.Acceptance.Journeys;

/// <summary>Services change at Aiven while a tenant is bound; its metrics follow without a new bind.</summary>
[Collection(nameof(TwoTenantCollection))]
public sealed class ServiceChangeTests(TwoTenantStack stack)
{
    // Half of the time that the reference implementation needs, on a busy machine.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private Stack Stack => stack.Stack;

    private string[] Targets => TargetFileReader.Addresses(Stack.TargetsFile);

    [Fact]
    public async Task A_replaced_node_is_a_target_within_seconds_and_the_metrics_of_its_service_continue()
    {
        var search = SeededServices.Service("forecast-search");
        var up = $"up{{aiven_service_name=\"{search.Name}\"}}";
        var nodes = await stack.Forecast.CountUpNodesAsync(up);

        var changed = Stopwatch.GetTimestamp();
        var (old, replacement) = await Stack.Simulator.ReplaceNodeAsync(search, "1");

        var appeared = await Stack.WaitUntilAsync("the new node is a target", () => Task.FromResult(Targets.Contains(replacement)), Soon);
        var vanished = await Stack.WaitUntilAsync(
            "the old node is no target any more",
            () => Task.FromResult(!Targets.Contains(old)),
            Soon
        );
        await Stack.WaitUntilAsync(
            "the new node delivers",
            async () => await stack.Forecast.CountUpNodesAsync($"up{{instance=\"{replacement}:9273\"}}") == 1,
            Soon
        );
        await Stack.WaitUntilAsync(
            "the service has as many nodes as before",
            async () => (await stack.Forecast.Query.InstantAsync(up)).Count == nodes,
            Soon
        );
        // Since the change, at least one node of the service had samples at any time.
        var seconds = (int)Stopwatch.GetElapsedTime(changed).TotalSeconds;
        Assert.InRange(
            (await stack.Forecast.Query.InstantAsync($"min_over_time(count({up} == 1)[{seconds}s:1s])")).Single().Value,
            nodes - 1,
            nodes + 1
        );
        Say($"new node a target after {appeared.TotalSeconds:0.0} s, old one gone {vanished.TotalSeconds:0.0} s later");
    }

    [Fact]
    public async Task A_powered_off_service_keeps_its_binding_and_recovers_by_itself()
    {
        var cache = SeededServices.Service("forecast-cache");
        var up = $"up{{aiven_service_name=\"{cache.Name}\"}}";
        var nodes = await stack.Forecast.CountUpNodesAsync(up);
        var before = await Stack.Simulator.AddressesAsync(cache.Name);
        var integrations = await Stack.Simulator.IntegrationsAsync(cache);

        await Stack.Simulator.PowerOffAsync(cache);

        var dropped = await Stack.WaitUntilAsync("its targets are dropped", () => Task.FromResult(!Targets.Intersect(before).Any()), Soon);
        Assert.NotEmpty(Targets);
        Assert.Equal(HttpStatusCode.OK, (await Stack.Platform.FetchAsync(stack.Forecast.Instance, stack.Forecast.Binding)).Status);
        Assert.Equal(integrations, await Stack.Simulator.IntegrationsAsync(cache));

        await Stack.Simulator.PowerOnAsync(cache);

        var back = await Stack.WaitUntilAsync(
            "all its nodes deliver again",
            async () => await stack.Forecast.CountUpNodesAsync(up) == nodes,
            Soon
        );
        Say($"targets dropped {dropped.TotalSeconds:0.0} s after power-off, metrics back {back.TotalSeconds:0.0} s after power-on");
    }

    [Fact]
    public async Task The_series_of_a_deleted_service_end_within_seconds()
    {
        var deleted = await Stack.Simulator.CreateServiceAsync(SeededServices.Forecast, "pg");
        var up = $"up{{aiven_service_name=\"{deleted.Name}\"}}";
        await Stack.WaitUntilAsync("it delivers", async () => await stack.Forecast.CountUpNodesAsync(up) == 1, Soon);

        await Stack.Simulator.AivenAsync(HttpMethod.Delete, $"/project/demo/service/{deleted.Name}");

        var ended = await Stack.WaitUntilAsync(
            "its series have ended",
            async () => (await stack.Forecast.Query.InstantAsync(up)).Count == 0,
            Soon
        );
        Say($"series ended {ended.TotalSeconds:0.0} s after the service was deleted");
    }

    [Theory]
    [InlineData("valkey")]
    [InlineData("mysql")]
    public async Task A_service_that_is_created_later_shows_its_metrics_without_a_new_bind(string type)
    {
        var created = await Stack.Simulator.CreateServiceAsync(SeededServices.Forecast, type);

        var shown = await Stack.WaitUntilAsync(
            "its metrics appear",
            async () => await stack.Forecast.CountUpNodesAsync($"up{{aiven_service_name=\"{created.Name}\"}}") == 1,
            Soon
        );
        Say($"metrics of the new {type} after {shown.TotalSeconds:0.0} s");

        Assert.Empty(await stack.Beacons.Query.InstantAsync($"up{{aiven_service_name=\"{created.Name}\"}}"));
    }

    [Fact]
    public async Task A_service_that_moves_to_another_space_moves_to_its_tenant()
    {
        var moving = await Stack.Simulator.CreateServiceAsync(SeededServices.Forecast, "pg");
        var up = $"up{{aiven_service_name=\"{moving.Name}\"}}";
        await Stack.WaitUntilAsync("its tenant sees it", async () => await stack.Forecast.CountUpNodesAsync(up) == 1, Soon);

        await Stack.Simulator.AivenAsync(
            HttpMethod.Patch,
            $"/project/demo/service/{moving.Name}/tags",
            new()
            {
                ["tags"] = new System.Text.Json.Nodes.JsonObject
                {
                    ["organization_id"] = SeededServices.Beacons.OrganizationId,
                    ["space_id"] = SeededServices.Beacons.Id,
                },
            }
        );

        await Stack.WaitUntilAsync("its new tenant sees it", async () => await stack.Beacons.CountUpNodesAsync(up) == 1, Soon);
        await Stack.WaitUntilAsync(
            "its old tenant sees nothing new of it",
            async () => (await stack.Forecast.Query.InstantAsync(up)).Count == 0,
            Soon
        );
    }

    private static void Say(string what) => TestContext.Current.TestOutputHelper?.WriteLine(what);
}
