using System.Diagnostics;
using System.Net;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.Forwarding;
using AivenMetrics.Gateway.HealthChecks;
using AivenMetrics.Testing.Gateway;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace AivenMetrics.Tests.Gateway.HealthChecks;

/// <summary>A server that takes everything and answers nothing, one that is slow, and one that is only behind.</summary>
public sealed class HungDestinationTests : ProbedPairTestBase
{
    private const string Light = "/api/v1/query?query=up";
    private const string Heavy = "/api/v1/query_range?query=up&start=1&end=2&step=1";

    [Fact]
    public async Task Every_request_in_flight_at_one_that_hangs_is_answered_by_the_next()
    {
        First.Hang = new();
        var asking = Enumerable.Range(0, 40).Select(i => InstanceAsync(i % 2 == 0 ? Light : Heavy)).ToArray();
        Assert.All(await Task.WhenAll(asking), instance => Assert.Equal("prometheus-2", instance));
        await Gateway.WaitUntilAsync(() => Destinations.Primary.Name == "prometheus-2", "the switch");
        Assert.Equal(DestinationHealth.Hung, Destinations.All[0].Health);
        Assert.Contains(Gateway.Log, line =>
            line.Contains(
                "prometheus-2 instead of prometheus-1 from now on, because prometheus-1 does not respond",
                StringComparison.Ordinal
            )
        );
    }

    [Fact]
    public async Task When_all_hang_it_is_503_at_once_with_the_reason()
    {
        (First.Hang, Second.Hang) = (new(), new());
        await Gateway.WaitUntilAsync(() => Destinations.All.All(d => d.IsHung), "both hang");
        var started = Stopwatch.GetTimestamp();
        using var response = await Gateway.GetAsync(Heavy);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Contains(
            "prometheus-1 does not respond, prometheus-2 does not respond",
            await response.Content.ReadAsStringAsync(),
            StringComparison.Ordinal
        );
        Assert.True(Stopwatch.GetElapsedTime(started) < HealthProber.HangTimeout, "it waited for a probe");

        First.Hang.SetResult();
        First.Hang = null;
        await Gateway.WaitUntilAsync(() => !Destinations.All[0].IsHung, "the recovery");
        Assert.Equal("prometheus-1", await InstanceAsync(Light));
    }

    [Fact]
    public async Task One_that_is_too_busy_for_probes_but_answers_requests_is_not_left()
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
    public async Task A_light_query_that_is_late_is_asked_of_the_next_one_too_and_the_other_ask_is_ended()
    {
        var ended = new TaskCompletionSource();
        First.Respond = async context =>
        {
            context.RequestAborted.Register(() => ended.TrySetResult());
            await ended.Task;
        };
        Assert.Equal("prometheus-2", await InstanceAsync(Light));
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(10));
        var hedging = Gateway.Provider.GetRequiredService<HedgingBudget>();
        Assert.Equal((1, 1), (hedging.HedgedRequests, hedging.HedgesWon));
        Assert.Equal(DestinationHealth.Healthy, Destinations.Primary.Health);
        Assert.Equal("prometheus-1", Destinations.Primary.Name);
    }

    [Fact]
    public async Task A_late_answer_of_the_usual_one_still_counts_when_the_next_has_only_an_error()
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
    public async Task The_next_one_is_waited_for_when_the_usual_one_fails_late()
    {
        var asked = new TaskCompletionSource();
        First.Respond = async context =>
        {
            await asked.Task.WaitAsync(context.RequestAborted);
            await ScriptedPrometheus.WriteAsync(context, 502, "", "text/plain");
        };
        Second.Respond = async context =>
        {
            asked.TrySetResult();
            await Task.Delay(300, context.RequestAborted);
            await ScriptedPrometheus.WriteAsync(context, 200, ScriptedPrometheus.EmptyVector);
        };
        Assert.Equal("prometheus-2", await InstanceAsync(Light));
        Assert.Single(Second.Requests);
    }

    [Fact]
    public async Task A_range_is_not_asked_twice()
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
    public async Task Samples_that_stop_coming_move_queries_to_the_one_that_has_newer()
    {
        await using var soon = await RunningGateway.StartAsync(file =>
            new()
            {
                Prometheus = [First.Url, Second.Url],
                TenantsFile = file,
                Failover = new() { StaleAfter = TimeSpan.FromSeconds(2) },
            }
        );
        First.NewestSampleAge = 60;
        await soon.WaitUntilAsync(() => soon.Provider.GetRequiredService<DestinationPool>().Primary.Name == "prometheus-2", "the switch");
        Assert.Contains(soon.Log, line => line.Contains("because prometheus-1 has no fresh samples", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_engine_without_a_path_for_readiness_is_ready_when_it_tells_its_version()
    {
        await using var engine = await ScriptedPrometheus.StartAsync();
        engine.ReadinessStatus = 404;
        await using var before = await RunningGateway.StartAsync(engine.Url);
        await before.WaitUntilReadyAsync();
        await before.WaitUntilAsync(() => before.Provider.GetRequiredService<DestinationPool>().AnyUsable, "the first probe");
    }

    [Fact]
    public async Task A_page_to_log_in_at_is_no_query_engine()
    {
        await using var page = await ScriptedPrometheus.StartAsync();
        page.BuildInfo = "<html>Who are you?</html>";
        await using var before = await RunningGateway.StartAsync(page.Url, Second.Url);
        var servers = before.Provider.GetRequiredService<DestinationPool>();
        await before.WaitUntilAsync(() => servers.All[0].Health == DestinationHealth.Failing, "the first probe");
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
