using System.Diagnostics;
using System.Net;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.Forwarding;
using AivenMetrics.Gateway.HealthChecks;
using AivenMetrics.Testing.Gateway;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace AivenMetrics.Tests.Gateway.HealthChecks;

/// <summary>Servers that accept requests without responding, slow servers, and servers with stale samples.</summary>
public sealed class HungDestinationTests : ProbedPairTestBase
{
    private const string Light = "/api/v1/query?query=up";
    private const string Heavy = "/api/v1/query_range?query=up&start=1&end=2&step=1";

    [Fact]
    public async Task Requests_in_flight_at_a_hung_destination_are_retried_at_the_next()
    {
        First.Hang = new();
        var requests = Enumerable.Range(0, 40).Select(i => InstanceAsync(i % 2 == 0 ? Light : Heavy)).ToArray();
        Assert.All(await Task.WhenAll(requests), instance => Assert.Equal("prometheus-2", instance));
        await Gateway.WaitUntilAsync(() => Destinations.Primary.Name == "prometheus-2", "the switch");
        Assert.Equal(DestinationHealth.Hung, Destinations.All[0].Health);
        Assert.Contains(Gateway.Log, line =>
            line.Contains("Primary changed from prometheus-1 to prometheus-2: prometheus-1 does not respond", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task If_all_destinations_hang_requests_are_503_at_once_with_the_reasons()
    {
        (First.Hang, Second.Hang) = (new(), new());
        await Gateway.WaitUntilAsync(() => Destinations.All.All(d => d.IsHung), "both destinations to hang");
        var started = Stopwatch.GetTimestamp();
        using var response = await Gateway.GetAsync(Heavy);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Contains(
            "prometheus-1 does not respond, prometheus-2 does not respond",
            await response.Content.ReadAsStringAsync(),
            StringComparison.Ordinal
        );
        Assert.True(Stopwatch.GetElapsedTime(started) < HealthProber.HangTimeout, "the response waited for a probe");

        First.Hang.SetResult();
        First.Hang = null;
        await Gateway.WaitUntilAsync(() => !Destinations.All[0].IsHung, "the recovery");
        Assert.Equal("prometheus-1", await InstanceAsync(Light));
    }

    [Fact]
    public async Task A_destination_that_answers_requests_but_no_probes_stays_primary()
    {
        var probes = new TaskCompletionSource();
        First.BeforeProbe = () => probes.Task;
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < HealthProber.HangTimeout * 2)
        {
            Assert.Equal("prometheus-1", await InstanceAsync(Heavy));
        }
        probes.SetResult();
        Assert.Equal(0, Destinations.Switches);
    }

    [Fact]
    public async Task A_slow_light_query_is_hedged_and_the_slower_request_cancelled()
    {
        var cancelled = new TaskCompletionSource();
        First.Respond = async context =>
        {
            context.RequestAborted.Register(() => cancelled.TrySetResult());
            await cancelled.Task;
        };
        Assert.Equal("prometheus-2", await InstanceAsync(Light));
        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(10));
        var hedging = Gateway.Provider.GetRequiredService<HedgingBudget>();
        Assert.Equal((1, 1), (hedging.HedgedRequests, hedging.HedgesWon));
        Assert.Equal(DestinationHealth.Healthy, Destinations.Primary.Health);
        Assert.Equal("prometheus-1", Destinations.Primary.Name);
    }

    [Fact]
    public async Task A_late_success_is_preferred_to_an_error_of_the_hedge()
    {
        Second.Respond = context =>
            ScriptedPrometheus.WriteAsync(context, 422, """{"status":"error","errorType":"execution","error":"x"}""");
        First.Respond = async context =>
        {
            while (Second.Requests.IsEmpty)
            {
                await Task.Delay(20, context.RequestAborted);
            }
            await Task.Delay(200, context.RequestAborted);
            await ScriptedPrometheus.WriteAsync(context, 200, ScriptedPrometheus.EmptyVector);
        };
        Assert.Equal("prometheus-1", await InstanceAsync(Light));
    }

    [Fact]
    public async Task A_hedge_is_awaited_if_the_first_request_fails()
    {
        var hedged = new TaskCompletionSource();
        First.Respond = async context =>
        {
            await hedged.Task.WaitAsync(context.RequestAborted);
            await ScriptedPrometheus.WriteAsync(context, 502, "", "text/plain");
        };
        Second.Respond = async context =>
        {
            hedged.TrySetResult();
            await Task.Delay(300, context.RequestAborted);
            await ScriptedPrometheus.WriteAsync(context, 200, ScriptedPrometheus.EmptyVector);
        };
        Assert.Equal("prometheus-2", await InstanceAsync(Light));
        Assert.Single(Second.Requests);
    }

    [Fact]
    public async Task A_range_query_is_not_hedged()
    {
        First.Respond = async context =>
        {
            await Task.Delay(1500, context.RequestAborted);
            await ScriptedPrometheus.WriteAsync(context, 200, ScriptedPrometheus.EmptyVector);
        };
        Assert.Equal("prometheus-1", await InstanceAsync(Heavy));
        Assert.Empty(Second.Requests);
    }

    [Fact]
    public async Task Queries_move_away_from_a_destination_with_stale_samples()
    {
        await using var gateway = await RunningGateway.StartAsync(file =>
            new()
            {
                Prometheus = [First.Url, Second.Url],
                TenantsFile = file,
                Failover = new() { StaleAfter = TimeSpan.FromSeconds(2) },
            }
        );
        First.NewestSampleAge = 60;
        await gateway.WaitUntilAsync(
            () => gateway.Provider.GetRequiredService<DestinationPool>().Primary.Name == "prometheus-2",
            "the switch"
        );
        Assert.Contains(gateway.Log, line => line.Contains("prometheus-2: prometheus-1 has no fresh samples", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_without_a_readiness_path_is_ready_if_it_reports_its_version()
    {
        await using var engine = await ScriptedPrometheus.StartAsync();
        engine.ReadinessStatus = 404;
        await using var gateway = await RunningGateway.StartAsync(engine.Url);
        await gateway.WaitUntilReadyAsync();
        await gateway.WaitUntilAsync(() => gateway.Provider.GetRequiredService<DestinationPool>().AnyUsable, "the first probe");
    }

    [Fact]
    public async Task A_login_page_is_not_a_query_engine()
    {
        await using var page = await ScriptedPrometheus.StartAsync();
        page.BuildInfo = "<html>Who are you?</html>";
        await using var gateway = await RunningGateway.StartAsync(page.Url, Second.Url);
        var servers = gateway.Provider.GetRequiredService<DestinationPool>();
        await gateway.WaitUntilAsync(() => servers.All[0].Health == DestinationHealth.Failing, "the first probe");
        Assert.False(servers.All[0].IsUsable);
        Assert.Equal("prometheus-2", servers.Primary.Name);
    }

    private async Task<string> InstanceAsync(string target)
    {
        using var response = await Gateway.GetAsync(target);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return response.Headers.GetValues("X-AivenMetrics-Instance").Single();
    }
}
