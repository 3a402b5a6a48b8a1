using System.Net;
using System.Text.Json;
using AivenMetrics.Testing.Gateway;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Routing;

public sealed class RouteTableTests : GatewayTestBase
{
    [Theory]
    [InlineData("/api/v1/query?query=up")]
    [InlineData("/api/v1/query_range?query=up&start=1&end=2&step=1")]
    [InlineData("/api/v1/series?match[]=up")]
    [InlineData("/api/v1/labels")]
    [InlineData("/api/v1/label/job/values")]
    [InlineData("/api/v1/label/__name__/values")]
    [InlineData("/api/v1/label/U__a_2E_b/values")]
    [InlineData("/api/v1/label/%6Aob/values")]
    [InlineData("//api/v1//labels/")]
    [InlineData("/api/v1/labels/")]
    public async Task A_served_path_is_forwarded(string target)
    {
        using var response = await Gateway.GetAsync(target);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(ScriptedPrometheus.EmptyVector, await response.Content.ReadAsStringAsync());
        Assert.Equal("prometheus-1", response.Headers.GetValues("X-AivenMetrics-Instance").Single());
        Assert.Single(Prometheus.Requests);
    }

    /// <summary>Paths of Prometheus that the gateway does not serve, and paths that do not exist.</summary>
    [Theory]
    [InlineData(403, "POST", "/api/v1/write")]
    [InlineData(403, "POST", "/api/v1/otlp/v1/metrics")]
    [InlineData(403, "POST", "/api/v1/admin/tsdb/snapshot")]
    [InlineData(403, "PUT", "/api/v1/admin/tsdb/delete_series")]
    [InlineData(403, "POST", "/api/v1/admin/tsdb/clean_tombstones")]
    [InlineData(403, "DELETE", "/api/v1/series")]
    [InlineData(403, "POST", "/-/reload")]
    [InlineData(403, "GET", "/-/reload")]
    [InlineData(403, "PUT", "/-/quit")]
    [InlineData(403, "GET", "/-/quit")]
    [InlineData(403, "GET", "/api/v1/status/config")]
    [InlineData(403, "GET", "/api/v1/status/tsdb")]
    [InlineData(403, "GET", "/api/v1/status/tsdb/blocks")]
    [InlineData(403, "GET", "/api/v1/status/walreplay")]
    [InlineData(403, "GET", "/api/v1/status/self_metrics")]
    [InlineData(403, "GET", "/api/v1/scrape_pools")]
    [InlineData(403, "GET", "/api/v1/scrape_pools/config")]
    [InlineData(403, "GET", "/api/v1/targets/relabel_steps")]
    [InlineData(403, "GET", "/api/v1/notifications")]
    [InlineData(403, "GET", "/api/v1/notifications/live")]
    [InlineData(404, "GET", "/api/v1/search/metric_names")]
    [InlineData(404, "GET", "/api/v1/search/label_names")]
    [InlineData(404, "GET", "/api/v1/search/label_values")]
    [InlineData(404, "GET", "/metrics")]
    [InlineData(404, "GET", "/debug/pprof/heap")]
    [InlineData(404, "GET", "/consoles/index.html")]
    [InlineData(404, "GET", "/user/x")]
    [InlineData(404, "GET", "/assets/x.js")]
    [InlineData(404, "GET", "/graph")]
    [InlineData(404, "GET", "/query")]
    [InlineData(404, "GET", "/classic/graph")]
    [InlineData(404, "GET", "/version")]
    [InlineData(404, "GET", "/")]
    [InlineData(404, "GET", "/api/v2/alerts")]
    [InlineData(404, "GET", "/am/api/v2/alerts")]
    [InlineData(404, "GET", "/api/prom/rules")]
    [InlineData(404, "GET", "/ruler/rule_groups")]
    [InlineData(404, "GET", "/config/v1/rules")]
    [InlineData(404, "GET", "/api/v1/status")]
    [InlineData(404, "GET", "/API/v1/query")]
    [InlineData(404, "GET", "/api/v1/query/extra")]
    [InlineData(404, "GET", "/api/v1/label//values")]
    [InlineData(404, "GET", "/api/v1/label/a/b/values")]
    [InlineData(404, "GET", "/api/v1/query;x=1?query=up")]
    [InlineData(404, "GET", "/api/v1/../v1/query?query=up")]
    [InlineData(404, "GET", "/api/v1/./query?query=up")]
    [InlineData(404, "GET", "/api/v1/%2e%2e/v1/query?query=up")]
    [InlineData(404, "GET", "/api%2fv1%2Fquery?query=up")]
    [InlineData(404, "GET", "/api/v1/%71uery?query=up")]
    [InlineData(404, "GET", "/api/v1/label/a%252fb/values")]
    [InlineData(404, "GET", "/api/v1/label/a%2Fb/values")]
    [InlineData(404, "GET", "/api/v1/label/..%5c/values")]
    [InlineData(400, "GET", "/api/v1/label/a%0Ab/values")]
    [InlineData(400, "GET", "/api/v1/label/a%FFb/values")]
    [InlineData(400, "GET", "/api/v1/label/%ED%A0%80/values")]
    [InlineData(400, "GET", "/api/v1/label/%/values")]
    [InlineData(400, "GET", "/api/v1/label/%C3%28/values")]
    public async Task A_rejected_path_has_an_error_in_Prometheus_format_and_is_never_forwarded(int status, string method, string target)
    {
        using var response = await Gateway.SendAsync(RunningGateway.TenantA, new HttpMethod(method), target);
        Assert.Equal(status, (int)response.StatusCode);
        await AssertErrorShapeAsync(response);
        Assert.Empty(Prometheus.Requests);
    }

    [Theory]
    [InlineData("PUT", "/api/v1/query", "GET, POST")]
    [InlineData("PATCH", "/api/v1/query_range", "GET, POST")]
    [InlineData("DELETE", "/api/v1/labels", "GET, POST")]
    [InlineData("PUT", "/api/v1/series", "GET, POST")]
    [InlineData("POST", "/api/v1/label/job/values", "GET")]
    [InlineData("POST", "/api/v1/status/buildinfo", "GET")]
    [InlineData("POST", "/-/healthy", "GET, HEAD")]
    [InlineData("POST", "/-/ready", "GET, HEAD")]
    [InlineData("TRACE", "/api/v1/query", "GET, POST")]
    public async Task A_wrong_method_is_405_with_the_allowed_methods(string method, string target, string allow)
    {
        using var response = await Gateway.SendAsync(RunningGateway.TenantA, new HttpMethod(method), target);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal(allow, string.Join(", ", response.Content.Headers.Allow));
        await AssertErrorShapeAsync(response);
        Assert.Empty(Prometheus.Requests);
    }

    [Fact]
    public async Task OPTIONS_returns_the_methods_without_CORS_headers()
    {
        using var response = await Gateway.SendAsync(
            null,
            HttpMethod.Options,
            "/api/v1/query",
            null,
            ("Origin", "https://evil.example"),
            ("Access-Control-Request-Method", "POST")
        );
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal("GET, POST", string.Join(", ", response.Content.Headers.Allow));
        Assert.DoesNotContain(response.Headers, h => h.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
        Assert.Empty(Prometheus.Requests);
    }

    [Fact]
    public async Task Build_information_has_the_version_of_Prometheus_and_no_features()
    {
        await ReadyAsync();
        using var response = await Gateway.GetAsync("/api/v1/status/buildinfo");
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal("success", json.RootElement.GetProperty("status").GetString());
        Assert.Equal("2.42.0", json.RootElement.GetProperty("data").GetProperty("version").GetString());
        Assert.False(json.RootElement.GetProperty("data").TryGetProperty("features", out _));
        Assert.Empty(Prometheus.Requests);
    }

    [Theory]
    [InlineData("GET", "/-/healthy")]
    [InlineData("HEAD", "/-/healthy")]
    [InlineData("GET", "/-/ready")]
    [InlineData("HEAD", "/-/ready")]
    public async Task Health_checks_need_no_credentials(string method, string path)
    {
        await ReadyAsync();
        using var response = await Gateway.SendAsync(null, new HttpMethod(method), path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(method == "HEAD", (await response.Content.ReadAsStringAsync()).Length == 0);
    }

    [Fact]
    public async Task A_gateway_whose_only_Prometheus_is_down_is_healthy_and_not_ready()
    {
        await using var gateway = await RunningGateway.StartAsync(RunningGateway.ClosedUrl());
        using var healthy = await gateway.SendAsync(null, HttpMethod.Get, "/-/healthy");
        using var ready = await gateway.SendAsync(null, HttpMethod.Get, "/-/ready");
        using var buildInfo = await gateway.GetAsync("/api/v1/status/buildinfo");
        Assert.Equal(HttpStatusCode.OK, healthy.StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, buildInfo.StatusCode);
    }

    private async Task ReadyAsync()
    {
        for (var i = 0; i < 200; i++)
        {
            using var response = await Gateway.SendAsync(null, HttpMethod.Get, "/-/ready");
            if (response.StatusCode == HttpStatusCode.OK)
            {
                return;
            }
            await Task.Delay(20);
        }

        Assert.Fail("the gateway did not become ready");
    }

    private static async Task AssertErrorShapeAsync(HttpResponseMessage response)
    {
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal("error", json.RootElement.GetProperty("status").GetString());
        Assert.NotEmpty(json.RootElement.GetProperty("errorType").GetString()!);
        Assert.NotEmpty(json.RootElement.GetProperty("error").GetString()!);
    }
}
