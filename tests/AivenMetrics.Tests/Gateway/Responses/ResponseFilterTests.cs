using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.Testing.Gateway;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Responses;

/// <summary>Paths where Prometheus returns data of all tenants: a tenant gets only its own. "of-b" marks the data of tenant b.</summary>
public sealed class ResponseFilterTests : GatewayTestBase
{
    private const string Targets = """
        {"activeTargets":[
          {"discoveredLabels":{"__address__":"a-1:9273","__meta_filepath":"/etc/prometheus/secret.json","__param_token":"secret",
            "__scheme__":"https","job":"pool-a","space_id":"a"},
           "labels":{"space_id":"a","instance":"a-1:9273","job":"pool-a"},"scrapePool":"pool-a",
           "scrapeUrl":"https://user:secret@a-1:9273/metrics?token=secret","globalUrl":"http://internal-host:9273/metrics",
           "lastError":"Get \"https://a-1:9273/metrics\": dial tcp 10.0.0.9:53: lookup a-1 on 10.0.0.2:53: no such host",
           "lastScrape":"2026-11-23T12:00:00Z","lastScrapeDuration":0.25,"health":"down","scrapeInterval":"15s","scrapeTimeout":"10s"},
          {"discoveredLabels":{"job":"of-b"},"labels":{"space_id":"b","job":"of-b"},"scrapePool":"of-b","scrapeUrl":"http://of-b/",
           "globalUrl":"","lastError":"","lastScrape":"2026-11-23T12:00:00Z","lastScrapeDuration":0,"health":"up"},
          {"discoveredLabels":{"space_id":"a"},"labels":{"job":"of-b"},"scrapePool":"of-b"},
          {"labels":{"space_id":"ab"},"scrapePool":"of-b"},
          {"scrapePool":"of-b"}],
         "droppedTargets":[{"discoveredLabels":{"space_id":"a","job":"pool-a"}},{"discoveredLabels":{"space_id":"b","job":"of-b"}},
          {"discoveredLabels":{"job":"of-b"}}],
         "droppedTargetCounts":{"pool-a":1,"of-b":2}}
        """;

    [Theory]
    [InlineData("/api/v1/status/flags")]
    [InlineData("/api/v1/status/runtimeinfo")]
    public async Task A_path_that_the_engine_does_not_support_is_404_if_it_has_no_empty_response(string target)
    {
        await Gateway.WaitUntilReadyAsync();
        Prometheus.Respond = context => ScriptedPrometheus.WriteAsync(context, 404, "404 page not found", "text/plain");
        using var response = await Gateway.GetAsync(target);
        Assert.Equal(404, (int)response.StatusCode);
        Assert.Contains("\"errorType\":\"not_found\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Targets_in_scope_are_returned_without_internal_details()
    {
        Prometheus.RespondWithData(Targets);

        var text = await TextAsync("/api/v1/targets");

        Assert.DoesNotContain("of-b", text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
        Assert.DoesNotContain("10.0.0", text, StringComparison.Ordinal);
        Assert.DoesNotContain("internal-host", text, StringComparison.Ordinal);
        Assert.True(
            JsonNode.DeepEquals(
                JsonNode.Parse(
                    """
                    {"status":"success","data":{"activeTargets":[
                      {"discoveredLabels":{"__address__":"a-1:9273","__scheme__":"https","job":"pool-a"},
                       "labels":{"space_id":"a","instance":"a-1:9273","job":"pool-a"},"scrapePool":"pool-a",
                       "scrapeUrl":"https://a-1:9273/metrics","globalUrl":"https://a-1:9273/metrics",
                       "lastError":"the name of the node does not resolve","lastScrape":"2026-11-23T12:00:00Z","lastScrapeDuration":0.25,
                       "health":"down","scrapeInterval":"15s","scrapeTimeout":"10s"}],
                     "droppedTargets":[],"droppedTargetCounts":{"pool-a":1}}}
                    """
                ),
                JsonNode.Parse(text)
            ),
            text
        );
    }

    [Theory]
    [InlineData("?state=active", 1, 0, "active")]
    [InlineData("?state=dropped", 0, 1, "any")]
    [InlineData("?state=any&scrapePool=pool-a", 1, 1, "any")]
    [InlineData("?scrapePool=of-b", 0, 0, "any")]
    public async Task Targets_are_selected_by_the_gateway_so_that_no_response_reveals_other_pools(
        string query,
        int active,
        int dropped,
        string state
    )
    {
        Prometheus.RespondWithData(Targets);
        var data = JsonNode.Parse(await TextAsync("/api/v1/targets" + query))!["data"]!;
        Assert.Equal((active, dropped), (data["activeTargets"]!.AsArray().Count, data["droppedTargetCounts"]!.AsObject().Count));
        Assert.Equal(["state"], Prometheus.SingleRequest.Parameters.Keys);
        Assert.Equal(state, Prometheus.SingleRequest.Parameters["state"]);
    }

    [Fact]
    public async Task A_scope_of_several_instances_has_the_targets_of_each()
    {
        Prometheus.RespondWithData(
            """
            {"activeTargets":[
             {"labels":{"service_instance_id":"one"},"scrapePool":"p1"},
             {"labels":{"service_instance_id":"two.x"},"scrapePool":"p2"},
             {"labels":{"service_instance_id":"twoax"},"scrapePool":"of-b"},
             {"labels":{"service_instance_id":"one|two\\.x"},"scrapePool":"of-b"},
             {"labels":{"service_instance_id":""},"scrapePool":"of-b"}]}
            """
        );
        var pools = JsonNode.Parse(await TextAsync("/api/v1/targets", RunningGateway.ServicesTenant))!["data"]!["activeTargets"]!.AsArray();
        Assert.Equal(["p1", "p2"], pools.Select(target => target!["scrapePool"]!.GetValue<string>()));
    }

    private const string Metadata = """
        [{"target":{"space_id":"a","instance":"1"},"metric":"up_total","type":"counter","help":"Of a.","unit":""},
         {"target":{"space_id":"a","instance":"2"},"metric":"up_total","type":"counter","help":"Of a.","unit":""},
         {"target":{"space_id":"a","instance":"2"},"metric":"up_total","type":"gauge","help":"Of a, too.","unit":"s"},
         {"target":{"space_id":"b"},"metric":"up_total","type":"counter","help":"of-b","unit":""},
         {"target":{"space_id":"b"},"metric":"of-b","type":"counter","help":"","unit":""},
         {"target":{"space_id":"a"},"metric":"a_first","type":"gauge","help":"","unit":""}]
        """;

    [Fact]
    public async Task Metadata_comes_only_from_targets_in_scope()
    {
        Prometheus.RespondWithData(Metadata);
        var text = await TextAsync("/api/v1/metadata");
        Assert.Equal(
            """
            {"status":"success","data":{"a_first":[{"type":"gauge","help":"","unit":""}],
            "up_total":[{"type":"counter","help":"Of a.","unit":""},{"type":"gauge","help":"Of a, too.","unit":"s"}]}}
            """.ReplaceLineEndings(""),
            text
        );
        Assert.Equal(
            ("/api/v1/targets/metadata", "{space_id=\"a\"}"),
            (Prometheus.SingleRequest.Path, Prometheus.SingleRequest.MatchTarget.Single())
        );
        Assert.Equal(["match_target"], Prometheus.SingleRequest.Parameters.Keys);
    }

    [Theory]
    [InlineData("?limit=1", 1, 1)]
    [InlineData("?limit=0", 0, 0)]
    [InlineData("?limit=-1", 2, 3)]
    [InlineData("?limit=&limit_per_metric=1", 2, 2)]
    [InlineData("?limit_per_metric=0", 2, 3)]
    public async Task Limits_of_metadata_apply_to_the_filtered_entries(string query, int metrics, int entries)
    {
        Prometheus.RespondWithData(Metadata);
        var data = JsonNode.Parse(await TextAsync("/api/v1/metadata" + query))!["data"]!.AsObject();
        Assert.Equal((metrics, entries), (data.Count, data.Sum(metric => metric.Value!.AsArray().Count)));
    }

    [Fact]
    public async Task Metadata_of_one_metric_has_its_name()
    {
        Prometheus.RespondWithData(
            """
            [{"target":{"space_id":"a"},"type":"gauge","help":"h","unit":""},
             {"target":{"space_id":"b"},"type":"gauge","help":"of-b","unit":""}]
            """
        );
        Assert.Equal(
            """{"status":"success","data":{"up":[{"type":"gauge","help":"h","unit":""}]}}""",
            await TextAsync("/api/v1/metadata?metric=up")
        );
        Assert.Equal("up", Prometheus.SingleRequest.Parameters["metric"]);
    }

    [Fact]
    public async Task Metadata_by_target_is_scoped_upstream_and_filtered_again()
    {
        Prometheus.RespondWithData(Metadata);
        var text = await TextAsync(
            "/api/v1/targets/metadata?match_target=" + Uri.EscapeDataString("{instance=\"2\",space_id=\"b\"}") + "&limit=2"
        );
        Assert.DoesNotContain("of-b", text, StringComparison.Ordinal);
        Assert.Equal(2, JsonNode.Parse(text)!["data"]!.AsArray().Count);
        Assert.Equal("{instance=\"2\",space_id=\"b\",space_id=\"a\"}", Prometheus.SingleRequest.MatchTarget.Single());
    }

    [Theory]
    [InlineData("/api/v1/metadata?limit=x", "limit must be a number")]
    [InlineData("/api/v1/metadata?limit_per_metric=x", "limit_per_metric must be a number")]
    [InlineData("/api/v1/metadata?limit=1&limit=2", "more than once")]
    [InlineData("/api/v1/targets/metadata?match_target=sum(up)", "match_target")]
    [InlineData("/api/v1/targets/metadata?limit=99999999999", "limit must be a number")]
    [InlineData("/api/v1/targets?state=active&state=any", "more than once")]
    public async Task An_invalid_parameter_is_400(string target, string message)
    {
        using var response = await Gateway.GetAsync(target);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(message, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(Prometheus.Requests);
    }

    private const string Alerts = """
        [{"labels":{"alertname":"Full","space_id":"a"},"annotations":{},"state":"firing","activeAt":"2026-11-23T12:00:00Z","value":"1e+00"},
         {"labels":{"alertname":"Full","space_id":"b"},"annotations":{"x":"of-b"},"state":"firing",
          "activeAt":"2026-11-23T12:00:00Z","value":"1e+00"},
         {"labels":{"alertname":"of-b"},"annotations":{},"state":"firing","activeAt":"2026-11-23T12:00:00Z","value":"1e+00"}]
        """;

    [Fact]
    public async Task Rules_in_scope_are_returned_with_their_alerts_in_scope()
    {
        Prometheus.RespondWithData(
            $$$"""
            {"groups":[{"name":"g","file":"/etc/prometheus/secret.yml","interval":15,"limit":0,"rules":[
                {"name":"Full","query":"x > 1","labels":{"space_id":"a"},"alerts":{{{Alerts}}},
                 "health":"err","lastError":"of-b","type":"alerting","state":"firing"},
                {"name":"of-b","query":"of-b","labels":{"space_id":"b"},"health":"ok","type":"recording"},
                {"name":"of-b","query":"of-b","health":"ok","type":"recording"}]},
              {"name":"of-b","file":"of-b","rules":[{"name":"of-b","labels":{"space_id":"b"}}]}]}
            """
        );
        var text = await TextAsync("/api/v1/rules?type=alert&rule_name[]=x&group_limit=1");
        Assert.DoesNotContain("of-b", text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
        var rule = JsonNode.Parse(text)!["data"]!["groups"]!.AsArray().Single()!["rules"]!.AsArray().Single()!;
        Assert.Equal("x > 1", rule["query"]!.GetValue<string>());
        Assert.Single(rule["alerts"]!.AsArray());
        Assert.Equal("alert", Prometheus.SingleRequest.Parameters["type"]);
    }

    [Theory]
    [InlineData("2.53.0", false)]
    [InlineData("2.54.0", true)]
    [InlineData("3.4.1", true)]
    public async Task Rules_are_requested_by_label_if_Prometheus_supports_it(string version, bool scoped)
    {
        Prometheus.Version = version;
        await Gateway.WaitUntilAsync(
            () =>
                Gateway.Provider.GetService(typeof(AivenMetrics.Gateway.Destinations.DestinationPool))
                    is AivenMetrics.Gateway.Destinations.DestinationPool d
                && d.LowestVersion() == version,
            "the version"
        );
        Prometheus.RespondWithData("""{"groups":[]}""");
        Assert.Equal("""{"status":"success","data":{"groups":[]}}""", await TextAsync("/api/v1/rules"));
        Assert.Equal(scoped ? ["{space_id=\"a\"}"] : [], Prometheus.SingleRequest.Matches);
    }

    [Fact]
    public async Task Alerts_in_scope_are_returned()
    {
        Prometheus.RespondWithData($$"""{"alerts":{{Alerts}}}""");
        var text = await TextAsync("/api/v1/alerts");
        Assert.DoesNotContain("of-b", text, StringComparison.Ordinal);
        Assert.Single(JsonNode.Parse(text)!["data"]!["alerts"]!.AsArray());
    }

    [Fact]
    public async Task The_list_of_Alertmanagers_is_empty()
    {
        Assert.Equal(
            """{"status":"success","data":{"activeAlertmanagers":[],"droppedAlertmanagers":[]}}""",
            await TextAsync("/api/v1/alertmanagers")
        );
        Assert.Empty(Prometheus.Requests);
    }

    [Fact]
    public async Task Only_flags_about_queries_are_returned()
    {
        Prometheus.RespondWithData(
            """
            {"config.file":"/etc/secret","query.timeout":"2m","query.max-samples":"50000000","storage.tsdb.path":"/secret",
             "storage.tsdb.retention.time":"15d","web.enable-admin-api":"true"}
            """
        );
        Assert.Equal(
            """{"status":"success","data":{"query.max-samples":"50000000","query.timeout":"1m","storage.tsdb.retention.time":"15d"}}""",
            await TextAsync("/api/v1/status/flags")
        );
    }

    [Fact]
    public async Task Runtime_information_contains_only_the_retention_and_the_start_of_the_gateway()
    {
        Prometheus.RespondWithData("""{"startTime":"2001-01-01T00:00:00Z","CWD":"/secret","goroutineCount":42,"storageRetention":"15d"}""");
        var data = JsonNode.Parse(await TextAsync("/api/v1/status/runtimeinfo"))!["data"]!;
        Assert.Equal("15d", data["storageRetention"]!.GetValue<string>());
        Assert.True(data["startTime"]!.GetValue<DateTimeOffset>().Year >= 2026);
        Assert.DoesNotContain("secret", data.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_features_that_tenants_can_use_are_returned()
    {
        Prometheus.Version = "3.14.0";
        await Gateway.WaitUntilAsync(
            () =>
                Gateway.Provider.GetService(typeof(AivenMetrics.Gateway.Destinations.DestinationPool))
                    is AivenMetrics.Gateway.Destinations.DestinationPool d
                && d.LowestVersion() == "3.14.0",
            "the version"
        );
        Prometheus.RespondWithData(
            """
            {"api":{"admin":true,"query_stats":true,"remote_write_receiver":true,"otlp_write_receiver":true,"lifecycle":true},
             "promql":{"anchored":false},"service_discovery_providers":{"file":true},"otlp_receiver":{"x":true}}
            """
        );
        Assert.Equal(
            """{"status":"success","data":{"api":{"query_stats":true},"promql":{"anchored":false}}}""",
            await TextAsync("/api/v1/features")
        );
    }

    [Theory]
    [InlineData("/api/v1/features")]
    [InlineData("/api/v1/parse_query?query=up")]
    public async Task A_path_that_the_servers_version_does_not_support_is_404_without_a_request(string target)
    {
        await Gateway.WaitUntilReadyAsync();
        using var response = await Gateway.GetAsync(target);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Empty(Prometheus.Requests);
    }

    [Theory]
    [InlineData("/api/v1/metadata", """{"status":"success","data":{}}""")]
    [InlineData("/api/v1/targets/metadata", """{"status":"success","data":[]}""")]
    [InlineData("/api/v1/rules", """{"status":"success","data":{"groups":[]}}""")]
    [InlineData("/api/v1/alerts", """{"status":"success","data":{"alerts":[]}}""")]
    [InlineData("/api/v1/targets", """{"status":"success","data":{"activeTargets":[],"droppedTargets":[],"droppedTargetCounts":{}}}""")]
    public async Task A_path_that_the_engine_does_not_support_is_empty_and_does_not_demote_it(string target, string empty)
    {
        Prometheus.Respond = context => ScriptedPrometheus.WriteAsync(context, 404, "404 page not found", "text/plain");
        Assert.Equal(empty, await TextAsync(target));
        Assert.DoesNotContain(Gateway.Log, line => line.Contains("failed", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("null")]
    [InlineData("""{"activeTargets":7,"droppedTargets":{},"groups":"x","alerts":[7,null,[]],"api":7}""")]
    [InlineData("""{"activeTargets":[7,null,[]],"droppedTargets":[7],"groups":[7,{"rules":7},{"rules":[7]}]}""")]
    public async Task A_response_of_an_unexpected_shape_reveals_nothing(string data)
    {
        Prometheus.RespondWithData(data);
        foreach (var path in new[] { "targets", "targets/metadata", "metadata", "rules", "alerts", "status/flags", "status/runtimeinfo" })
        {
            Assert.DoesNotMatch("[^0-9]7[^0-9]", await TextAsync("/api/v1/" + path));
        }
    }

    [Fact]
    public async Task A_response_that_is_not_JSON_is_503()
    {
        Prometheus.Respond = context => ScriptedPrometheus.WriteAsync(context, 200, "{\"status\":\"success\",\"data\":");
        using var response = await Gateway.GetAsync("/api/v1/targets");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
    }

    [Fact]
    public async Task A_response_too_large_to_filter_is_422_with_the_remedy()
    {
        Prometheus.Respond = async context =>
        {
            context.Response.ContentType = "application/json";
            var piece = new byte[1 << 20];
            Array.Fill(piece, (byte)' ');
            for (var i = 0; i < 40; i++)
            {
                await context.Response.Body.WriteAsync(piece);
            }
        };
        using var response = await Gateway.GetAsync("/api/v1/metadata");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        Assert.Contains("metric=", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private async Task<string> TextAsync(string target, (string, string)? tenant = null)
    {
        using var response = await Gateway.SendAsync(tenant ?? RunningGateway.TenantA, HttpMethod.Get, target);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, text);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        using var json = JsonDocument.Parse(text);
        return text;
    }
}
