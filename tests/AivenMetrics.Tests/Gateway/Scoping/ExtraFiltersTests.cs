using System.Net;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Testing.Gateway;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Scoping;

/// <summary>VictoriaMetrics gets the scope twice: in the query, and as a filter that applies whatever the query means to it.</summary>
public sealed class ExtraFiltersTests : IAsyncLifetime
{
    private ScriptedPrometheus _engine = null!;
    private RunningGateway _gateway = null!;

    public async ValueTask InitializeAsync()
    {
        _engine = await ScriptedPrometheus.StartAsync();
        _engine.Version = "2.24.0";
        _gateway = await RunningGateway.StartAsync(tenants => new GatewayOptions
        {
            Prometheus = [_engine.Url],
            TenantsFile = tenants,
            Engine = QueryEngine.VictoriaMetrics,
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _engine.DisposeAsync();
    }

    [Theory]
    [InlineData("/api/v1/query?query=up")]
    [InlineData("/api/v1/query_range?query=up&start=0&end=1&step=1")]
    [InlineData("/api/v1/series?match[]=up")]
    [InlineData("/api/v1/labels")]
    [InlineData("/api/v1/labels?match[]=up&match[]=x")]
    [InlineData("/api/v1/label/job/values")]
    [InlineData("/federate?match[]=up")]
    [InlineData("/aivenmetrics/v1/services")]
    [InlineData("/aivenmetrics/v1/explain?query=up")]
    public async Task Every_forwarded_request_carries_the_scope_as_a_filter(string target)
    {
        _engine.Respond = context =>
            ScriptedPrometheus.WriteAsync(
                context,
                200,
                ScriptedPrometheus.EmptyVector,
                context.Request.Path == "/federate" ? "text/plain" : "application/json"
            );

        using var response = await _gateway.SendAsync(RunningGateway.ServicesTenant, HttpMethod.Get, target);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(["""{service_instance_id=~"one|two\\.x"}"""], _engine.SingleRequest.Parameters["extra_filters[]"].ToArray());
        Assert.All(UpstreamSelectors.In(_engine.SingleRequest), selector =>
            Assert.Contains(selector.Matchers, matcher => matcher.Name == "service_instance_id")
        );
    }

    [Fact]
    public async Task Prometheus_gets_no_filter()
    {
        await using var gateway = await RunningGateway.StartAsync(_engine.Url);
        using var response = await gateway.GetAsync("/api/v1/query?query=up&extra_filters[]=x&extra_label=x=y");
        Assert.Equal(["query", "timeout"], _engine.SingleRequest.Parameters.Keys);
    }

    [Theory]
    [InlineData("/api/v1/metadata", """{"status":"success","data":{}}""")]
    [InlineData("/api/v1/targets/metadata", """{"status":"success","data":[]}""")]
    [InlineData("/api/v1/status/flags", """{"status":"success","data":{}}""")]
    [InlineData("/api/v1/query_exemplars?query=up&start=0&end=1", """{"status":"success","data":[]}""")]
    [InlineData("/api/v1/format_query?query=sum(up{a='\"'})by(job)", """{"status":"success","data":"sum by (job) (up{a=\"\\\"\"})"}""")]
    public async Task Unsupported_paths_have_the_response_of_an_empty_Prometheus(string target, string expected)
    {
        using var response = await _gateway.GetAsync(target);

        Assert.Equal((HttpStatusCode.OK, expected), (response.StatusCode, await response.Content.ReadAsStringAsync()));
        Assert.Empty(_engine.Requests);
    }

    [Theory]
    [InlineData("GET", "/api/v1/parse_query?query=up", 404)]
    [InlineData("GET", "/api/v1/features", 404)]
    [InlineData("POST", "/api/v1/read", 404)]
    [InlineData("GET", "/api/v1/format_query", 400)]
    [InlineData("GET", "/api/v1/format_query?query=up{", 400)]
    [InlineData("GET", "/api/v1/query_exemplars?query=up{", 400)]
    [InlineData("GET", "/api/v1/metadata?limit=x", 400)]
    [InlineData("GET", "/api/v1/export?match[]=up", 404)]
    [InlineData("GET", "/api/v1/import", 404)]
    [InlineData("GET", "/api/v1/status/active_queries", 404)]
    public async Task Unsupported_and_forbidden_paths_are_rejected_by_the_gateway(string method, string target, int status)
    {
        using var response = await _gateway.SendAsync(RunningGateway.TenantA, new HttpMethod(method), target);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Contains("\"status\":\"error\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(_engine.Requests);
    }

    [Fact]
    public async Task An_engine_that_is_not_configured_rejects_unsupported_paths_itself()
    {
        _engine.Respond = context =>
            ScriptedPrometheus.WriteAsync(context, 400, "remoteAddr: 10.0.0.1; unsupported path requested", "text/plain");
        await using var gateway = await RunningGateway.StartAsync(_engine.Url);

        using var response = await gateway.GetAsync("/api/v1/metadata");
        Assert.Equal(
            (HttpStatusCode.OK, """{"status":"success","data":{}}"""),
            (response.StatusCode, await response.Content.ReadAsStringAsync())
        );
        using var formatted = await gateway.GetAsync("/api/v1/format_query?query=up");
        Assert.Equal(HttpStatusCode.NotFound, formatted.StatusCode);
    }
}
