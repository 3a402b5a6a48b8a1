using System.Diagnostics;
using System.Net;
using AivenMetrics.Gateway;
using AivenMetrics.Gateway.Limits;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Limits;

/// <summary>
/// A tenant that asks ten times as much as it may, beside one that asks as usual. The Prometheus takes a fixed time for each answer and few
/// at a time pass the gateway, so that what is measured is who waits for whom: behind an unfair gate the usual tenant would wait for the
/// whole queue of the other, many times its own time. Slow machines slow both measurements; the bound leaves room for them.
/// </summary>
public sealed class NeighbourTests
{
    private static readonly TimeSpan AnswerTime = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task A_tenant_at_ten_times_its_limit_does_not_make_another_wait_for_it()
    {
        await using var prometheus = await ScriptedPrometheus.StartAsync();
        prometheus.Answer = async context =>
        {
            await Task.Delay(AnswerTime);
            await ScriptedPrometheus.WriteAsync(context, 200, ScriptedPrometheus.EmptyVector);
        };
        await using var gateway = await RunningGateway.StartAsync(file => new GatewayOptions
        {
            Prometheus = [prometheus.Url],
            TenantsFile = file,
            UpstreamConcurrency = 4,
            Plans = { ["space"] = new PlanOptions { ConcurrentQueries = 4, QueuedQueries = 40, RequestsPerSecond = 1_000_000, RequestBurst = 1_000_000 } },
        });

        var alone = await MeasureAsync(gateway);
        using var enough = new CancellationTokenSource();
        var refused = 0;
        var noise = Enumerable.Range(0, 60).Select(_ => MakeNoiseAsync(gateway, () => Interlocked.Increment(ref refused), enough.Token)).ToArray();
        await gateway.UntilAsync(() => Volatile.Read(ref refused) > 0, "the neighbour's first refusal");
        var beside = await MeasureAsync(gateway);
        await enough.CancelAsync();
        await Task.WhenAll(noise);

        TestContext.Current.TestOutputHelper?.WriteLine($"p95 alone {alone.TotalMilliseconds:F0} ms, beside {beside.TotalMilliseconds:F0} ms, refused {refused}");
        // It may wait until one of four places gets free. First come, first served, 40 others would be before it: ten answers' time.
        Assert.True(beside < alone * 1.2 + (AnswerTime * 3), $"{alone.TotalMilliseconds:F0} ms alone, {beside.TotalMilliseconds:F0} ms beside the neighbour");
    }

    /// <summary>The 95th percentile of 40 queries of the usual tenant, two at a time.</summary>
    private static async Task<TimeSpan> MeasureAsync(RunningGateway gateway)
    {
        var times = await Task.WhenAll(Enumerable.Range(0, 2).Select(async _ =>
        {
            List<TimeSpan> own = [];
            for (var i = 0; i < 20; i++)
            {
                var began = Stopwatch.GetTimestamp();
                using var response = await gateway.GetAsync("/api/v1/query?query=up");
                own.Add(Stopwatch.GetElapsedTime(began));
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            }

            return own;
        }));
        return times.SelectMany(own => own).Order().ElementAt(37);
    }

    private static async Task MakeNoiseAsync(RunningGateway gateway, Action refused, CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            using var response = await gateway.SendAsync(RunningGateway.Services, HttpMethod.Get, "/api/v1/query?query=up");
            if (response.StatusCode != HttpStatusCode.TooManyRequests)
                continue;
            refused();
            await Task.Delay(20, CancellationToken.None);
        }
    }
}
