using System.Net;
using AivenMetrics.Testing.Gateway;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Forwarding;

/// <summary>Forwarded paths other than queries and label names: exemplars, formatting, parsing and federation.</summary>
public sealed class ForwardedPathsTests : GatewayTestBase
{
    [Fact]
    public async Task An_exemplar_query_is_scoped_in_every_selector()
    {
        using var response = await Gateway.GetAsync(
            "/api/v1/query_exemplars?query=" + Uri.EscapeDataString("rate(a[5m]) / b") + "&start=1790000000000&end=1790000001000"
        );
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("rate(a{space_id=\"a\"}[5m]) / b{space_id=\"a\"}", Prometheus.SingleRequest.Query);
        Assert.Equal("1790000000000", Prometheus.SingleRequest.Parameters["start"]);
    }

    [Fact]
    public async Task A_query_is_formatted_without_the_scope()
    {
        using var response = await Gateway.PostAsync("/api/v1/format_query", "query=sum(up)by(job)");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(("/api/v1/format_query", "sum by (job) (up)"), (Prometheus.SingleRequest.Path, Prometheus.SingleRequest.Query));
    }

    [Fact]
    public async Task A_query_is_parsed_without_the_scope()
    {
        Prometheus.Version = "3.0.0";
        await using var newer = await RunningGateway.StartAsync(Prometheus.Url);
        await newer.WaitUntilReadyAsync();
        using var response = await newer.GetAsync("/api/v1/parse_query?query=up");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("up", Prometheus.SingleRequest.Query);
    }

    [Theory]
    [InlineData("text/plain; version=0.0.4; charset=utf-8; escaping=underscores")]
    [InlineData("application/openmetrics-text; version=1.0.0; charset=utf-8")]
    [InlineData("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited")]
    public async Task Federation_scopes_each_selector_and_passes_the_format(string type)
    {
        const string accept = "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.3,*/*;q=0.1";
        Prometheus.Respond = context => ScriptedPrometheus.WriteAsync(context, 200, "up 1 1\n", type);

        using var response = await Gateway.SendAsync(
            RunningGateway.TenantA,
            HttpMethod.Get,
            "/federate?match[]=up&match[]=%7Bspace_id%3D%22b%22%7D",
            null,
            ("Accept", accept)
        );

        Assert.Equal("up 1 1\n", await response.Content.ReadAsStringAsync());
        Assert.Equal(type, response.Content.Headers.ContentType!.ToString());
        Assert.Equal(["up{space_id=\"a\"}", "{space_id=\"b\",space_id=\"a\"}"], Prometheus.SingleRequest.Matches);
        Assert.Equal(
            ("GET", "/federate", accept),
            (
                Prometheus.SingleRequest.Method,
                Prometheus.SingleRequest.Path,
                Prometheus.SingleRequest.Headers["Accept"].ToString().Replace(", ", ",", StringComparison.Ordinal)
            )
        );
    }

    [Fact]
    public async Task Federation_without_a_selector_is_empty()
    {
        using var response = await Gateway.GetAsync("/federate");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/plain", response.Content.Headers.ContentType!.MediaType);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
        Assert.Empty(Prometheus.Requests);
    }

    [Theory]
    [InlineData(400, "text/plain", 400)]
    [InlineData(500, "text/plain", 500)]
    [InlineData(200, "text/html", 503)]
    [InlineData(302, "text/plain", 503)]
    [InlineData(503, "text/plain", 503)]
    [InlineData(404, "text/plain", 404)]
    public async Task An_invalid_federation_response_is_an_error_without_its_text(int status, string type, int reported)
    {
        Prometheus.Respond = context => ScriptedPrometheus.WriteAsync(context, status, "secret", type);
        using var response = await Gateway.GetAsync("/federate?match[]=up");
        Assert.Equal(reported, (int)response.StatusCode);
        Assert.DoesNotContain("secret", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}
