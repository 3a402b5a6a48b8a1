using System.Net;
using System.Text.Json;
using AivenMetrics.Testing.Gateway;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Routing;

/// <summary>
/// Every route that a Prometheus has, from <c>Cases/routes</c>, with the decision on it: served, or refused with that status in
/// Prometheus' error shape before any upstream sees it.
/// </summary>
public sealed class PrometheusRoutesTests : GatewayTestBase
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Gateway", "Cases", "routes");

    protected override async Task<RunningGateway> StartGatewayAsync()
    {
        Prometheus.Version = "3.14.0";
        var gateway = await base.StartGatewayAsync();
        await gateway.WaitUntilReadyAsync();
        return gateway;
    }

    public static TheoryData<string, string, string> Routes()
    {
        var data = new TheoryData<string, string, string>();
        var lines = Directory.GetFiles(Folder).SelectMany(File.ReadLines).Where(line => !line.StartsWith('#')).Distinct();
        foreach (var parts in lines.Select(line => line.Split(' ')))
        {
            data.Add(parts[0], parts[1], parts[2]);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Every_route_of_Prometheus_has_a_decision(string method, string path, string decision)
    {
        using var response = await Gateway.SendAsync(RunningGateway.TenantA, new HttpMethod(method), path);
        if (decision == "served")
        {
            Assert.NotEqual(HttpStatusCode.MethodNotAllowed, response.StatusCode);
            Assert.NotEqual(HttpStatusCode.NotFound, response.StatusCode);
            Assert.NotEqual(HttpStatusCode.Forbidden, response.StatusCode);
            return;
        }

        Assert.Equal(int.Parse(decision, null), (int)response.StatusCode);
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal("error", json.RootElement.GetProperty("status").GetString());
        Assert.Empty(Prometheus.Requests);
    }

    [Fact]
    public void The_lists_are_complete() => Assert.True(Routes().Count >= 90, $"only {Routes().Count} routes");
}
