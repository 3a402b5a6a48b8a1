using System.Net;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.PrometheusApi;
using AivenMetrics.Gateway.Routing;
using AivenMetrics.Testing;
using AivenMetrics.Testing.Gateway;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Routing;

/// <summary>A gateway behind a proxy that does not remove its path prefix, with paths as Grafana and other clients build them.</summary>
public sealed class PathPrefixTests : IAsyncLifetime
{
    private const string Prefix = "/i/5c9c2f0e-one";

    private ScriptedPrometheus _prometheus = null!;
    private RunningGateway _gateway = null!;

    public async ValueTask InitializeAsync()
    {
        _prometheus = await ScriptedPrometheus.StartAsync();
        _gateway = await RunningGateway.StartAsync(tenants => new GatewayOptions
        {
            Prometheus = [_prometheus.Url],
            TenantsFile = tenants,
            PathPrefix = Prefix,
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _prometheus.DisposeAsync();
    }

    [Theory]
    [InlineData("/api/v1/query?query=up")]
    [InlineData(Prefix + "/api/v1/query?query=up")]
    [InlineData(Prefix + "/api/v1/query/?query=up")]
    [InlineData(Prefix + "//api//v1/query?query=up")]
    [InlineData("//i/5c9c2f0e-one/api/v1/query?query=up")]
    public async Task The_prefix_is_optional(string target)
    {
        using var response = await _gateway.GetAsync(target);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(("/api/v1/query", "up{space_id=\"a\"}"), (_prometheus.SingleRequest.Path, _prometheus.SingleRequest.Query));
    }

    [Theory]
    [InlineData(Prefix)]
    [InlineData(Prefix + "/")]
    [InlineData(Prefix + "api/v1/query?query=up")]
    [InlineData(Prefix + Prefix + "/api/v1/query?query=up")]
    [InlineData("/I/5c9c2f0e-one/api/v1/query?query=up")]
    [InlineData("/i/other/api/v1/query?query=up")]
    [InlineData("/%69/5c9c2f0e-one/api/v1/query?query=up")]
    [InlineData("/i/x/../5c9c2f0e-one/api/v1/query?query=up")]
    [InlineData("/i/5c9c2f0e-one%2fapi/v1/query?query=up")]
    [InlineData(Prefix + "/../api/v1/query?query=up")]
    [InlineData(Prefix + "/api/v1/status%2Fconfig")]
    public async Task A_path_that_only_resembles_the_prefix_is_rejected(string target)
    {
        using var response = await _gateway.GetAsync(target);
        Assert.True(response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.BadRequest, $"{response.StatusCode}");
        Assert.Empty(_prometheus.Requests);
    }

    [Theory]
    [InlineData(Prefix + "/-/healthy", HttpStatusCode.OK)]
    [InlineData(Prefix + "/-/reload", HttpStatusCode.Forbidden)]
    [InlineData(Prefix + "/api/v1/status/config", HttpStatusCode.Forbidden)]
    public async Task Paths_behind_the_prefix_have_the_same_statuses(string target, HttpStatusCode status)
    {
        using var response = await _gateway.GetAsync(target);
        Assert.Equal(status, response.StatusCode);
    }

    [Theory]
    [InlineData("/prometheus", true)]
    [InlineData("/i/one_2.x~y", true)]
    [InlineData("prometheus", false)]
    [InlineData("/", false)]
    [InlineData("/prometheus/", false)]
    [InlineData("/a//b", false)]
    [InlineData("/a/../b", false)]
    [InlineData("/a%20b", false)]
    [InlineData("/a?b", false)]
    [InlineData("/a?", false)]
    [InlineData("/a b", false)]
    public void A_valid_prefix_consists_of_plain_segments(string prefix, bool isValid)
    {
        Assert.Equal(isValid, RequestTarget.IsValidPrefix(prefix));
        var faults = new GatewayOptions
        {
            Prometheus = ["http://x"],
            FeedUrl = "http://b",
            FeedToken = "t",
            PathPrefix = prefix,
        }.Validate();
        Assert.Equal(isValid ? [] : ["Gateway:PathPrefix"], faults.Select(fault => fault.Split(' ')[0]));
    }

    /// <summary>The label name in the path of the client, of Prometheus and of VictoriaMetrics.</summary>
    [Theory]
    [InlineData("job", "job", "job")]
    [InlineData("__name__", "__name__", "__name__")]
    [InlineData("my.label", "U__my_2e_label", "my.label")]
    [InlineData("my_label.x", "U__my__label_2e_x", "my_label.x")]
    [InlineData("U__my_2e_label", "U__my_2e_label", "my.label")]
    [InlineData("n%C3%A4me", "U__n_e4_me", "n%C3%A4me")]
    [InlineData("%F0%9F%98%80", "U___1f600_", "%F0%9F%98%80")]
    [InlineData("1a", "U___31_a", "1a")]
    [InlineData("a%3Ab", "U__a:b", "a%3Ab")]
    [InlineData("a%22b%20c", "U__a_22_b_20_c", "a%22b%20c")]
    [InlineData("U__a_2f_b", "U__a_2f_b", "U__a_2f_b")]
    [InlineData("U___2e__2e_", "U___2e__2e_", "U___2e__2e_")]
    [InlineData("U__a_zz_b", "U__a_zz_b", "U__a_zz_b")]
    [InlineData("U__a_2", "U__a_2", "U__a_2")]
    public void A_label_name_is_encoded_for_each_engine(string segment, string toPrometheus, string toVictoriaMetrics)
    {
        var name = LabelNames.Decode(segment)!;
        Assert.Equal(
            (toPrometheus, toVictoriaMetrics),
            (LabelNames.Encode(name, QueryEngine.Prometheus), LabelNames.Encode(name, QueryEngine.VictoriaMetrics))
        );
    }
}
