using System.Net;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Testing.Gateway;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Pipeline;

public sealed class CorsPolicyTests : GatewayTestBase
{
    private const string ConfiguredOrigin = "https://console.example";

    protected override Task<RunningGateway> StartGatewayAsync() =>
        RunningGateway.StartAsync(file => new GatewayOptions
        {
            Prometheus = [Prometheus.Url],
            TenantsFile = file,
            CorsOrigins = [ConfiguredOrigin],
        });

    [Fact]
    public async Task A_preflight_of_a_configured_origin_is_allowed()
    {
        using var response = await Gateway.SendAsync(
            null,
            HttpMethod.Options,
            "/api/v1/query",
            null,
            ("Origin", ConfiguredOrigin),
            ("Access-Control-Request-Method", "POST")
        );
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal(ConfiguredOrigin, response.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Equal("GET, POST", string.Join(", ", response.Headers.GetValues("Access-Control-Allow-Methods")));
        Assert.Contains(
            "Authorization",
            string.Join(", ", response.Headers.GetValues("Access-Control-Allow-Headers")),
            StringComparison.Ordinal
        );
        Assert.False(response.Headers.Contains("Access-Control-Allow-Credentials"));
    }

    [Theory]
    [InlineData("/api/v1/query?query=up", 200)]
    [InlineData("/api/v1/query", 400)]
    [InlineData("/api/v1/alerts", 200)]
    [InlineData("/api/v1/status/config", 403)]
    public async Task A_configured_origin_can_read_responses_and_errors(string target, int status)
    {
        using var response = await Gateway.SendAsync(RunningGateway.TenantA, HttpMethod.Get, target, null, ("Origin", ConfiguredOrigin));
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(ConfiguredOrigin, response.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Contains("Origin", response.Headers.Vary);
    }

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("https://console.example.evil.example")]
    [InlineData("http://console.example")]
    [InlineData("null")]
    [InlineData("*")]
    public async Task Any_other_origin_gets_no_CORS_headers(string origin)
    {
        using var preflight = await Gateway.SendAsync(null, HttpMethod.Options, "/api/v1/query", null, ("Origin", origin));
        using var response = await Gateway.SendAsync(
            RunningGateway.TenantA,
            HttpMethod.Get,
            "/api/v1/query?query=up",
            null,
            ("Origin", origin)
        );
        Assert.All([preflight, response], r =>
            Assert.DoesNotContain(r.Headers, h => h.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase))
        );
        Assert.Contains("Origin", response.Headers.Vary);
        Assert.Contains("Accept-Encoding", response.Headers.Vary);
    }
}
