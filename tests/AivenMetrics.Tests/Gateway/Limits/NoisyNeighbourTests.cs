using System.Net;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.Testing.Gateway;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Limits;

/// <summary>
/// One tenant sends more than ten times its limit while another sends its usual queries, through real servers. The test counts the wait
/// of the usual tenant in turns, not in time: it releases one response at a time, so that a slow machine changes nothing. The benchmark
/// "neighbour" measures the times.
/// </summary>
public sealed class NoisyNeighbourTests
{
    private const int Places = 4;
    private const int Queued = 40;

    [Fact]
    public async Task A_tenant_at_ten_times_its_limit_does_not_delay_another()
    {
        await using var prometheus = await ScriptedPrometheus.StartAsync();
        using var answers = new SemaphoreSlim(0);
        prometheus.Respond = async context =>
        {
            await answers.WaitAsync();
            await ScriptedPrometheus.WriteAsync(context, 200, ScriptedPrometheus.EmptyVector);
        };
        await using var gateway = await RunningGateway.StartAsync(file => new GatewayOptions
        {
            Prometheus = [prometheus.Url],
            TenantsFile = file,
            UpstreamConcurrency = Places,
            Plans =
            {
                ["space"] = new TenantLimitsOptions
                {
                    ConcurrentQueries = 2 * Places,
                    QueuedQueries = Queued,
                    QueueTime = TimeSpan.FromMinutes(10),
                    RequestsPerSecond = 1_000_000,
                    RequestBurst = 1_000_000,
                },
            },
        });
        var gate = gateway.Provider.GetRequiredService<ConcurrencyLimits>().Queries;

        // The neighbour fills its queue, and further queries of it are rejected. Then the usual tenant sends its queries.
        var noise = Enumerable.Range(0, Places + Queued).Select(_ => QueryAsync(gateway, RunningGateway.ServicesTenant, "noise")).ToArray();
        await gateway.WaitUntilAsync(() => (prometheus.Requests.Count, gate.WaitingCount) == (Places, Queued), "the neighbour's queue");
        var refused = await Task.WhenAll(
            Enumerable.Range(0, 10 * Places).Select(_ => QueryAsync(gateway, RunningGateway.ServicesTenant, "noise"))
        );
        Assert.All(refused, status => Assert.Equal(HttpStatusCode.TooManyRequests, status));
        var usual = Enumerable.Range(0, 2).Select(_ => QueryAsync(gateway, RunningGateway.TenantA, "usual")).ToArray();
        await gateway.WaitUntilAsync(() => gate.WaitingCount == Queued + usual.Length, "the usual tenant's wait");

        for (var turn = 1; turn <= 4; turn++)
        {
            answers.Release();
            await gateway.WaitUntilAsync(() => prometheus.Requests.Count == Places + turn, "the next turn");
        }

        Assert.Equal(
            usual.Length,
            prometheus.Requests.Skip(Places).Count(request => request.Query!.Contains("usual", StringComparison.Ordinal))
        );
        answers.Release(Places + Queued + usual.Length);
        Assert.All(await Task.WhenAll([.. usual, .. noise]), status => Assert.Equal(HttpStatusCode.OK, status));
    }

    private static async Task<HttpStatusCode> QueryAsync(RunningGateway gateway, (string Username, string Password) tenant, string metric)
    {
        using var response = await gateway.SendAsync(tenant, HttpMethod.Get, $"/api/v1/query?query={metric}");
        return response.StatusCode;
    }
}
