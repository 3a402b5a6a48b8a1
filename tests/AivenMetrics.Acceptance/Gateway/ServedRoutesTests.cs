using System.Buffers.Text;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using AivenMetrics.Testing.Programs;
using Google.Protobuf;
using Snappier;
using Xunit;

namespace AivenMetrics.Acceptance.Gateway;

/// <summary>Paths other than queries and label names, with a real Prometheus, also as a tenant's own Prometheus uses them.</summary>
public sealed class ServedRoutesTests(TwoTenantServers tenants)
{
    /// <summary>The response type streamed chunks of a remote read.</summary>
    private const int Streamed = 1;

    private static string Token =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{TwoTenantServers.Username}:{TwoTenantServers.Password}"));

    /// <summary>Paths where Prometheus itself returns data of both tenants.</summary>
    [Theory]
    [InlineData(QueryServer.Prometheus2, "/api/v1/metadata", "Help of-a.")]
    [InlineData(QueryServer.Prometheus3, "/api/v1/metadata", "Help of-a.")]
    [InlineData(QueryServer.Prometheus2, "/api/v1/metadata?metric=shared_metric", "Help of-a.")]
    [InlineData(QueryServer.Prometheus3, "/api/v1/metadata?metric=shared_metric", "Help of-a.")]
    [InlineData(QueryServer.Prometheus2, "/api/v1/targets/metadata", "Help of-a.")]
    [InlineData(QueryServer.Prometheus3, "/api/v1/targets/metadata", "Help of-a.")]
    [InlineData(QueryServer.Prometheus2, "/api/v1/targets/metadata?match_target={space_id=~\"a|b\"}&metric=shared_metric", "Help of-a.")]
    [InlineData(QueryServer.Prometheus3, "/api/v1/targets/metadata?match_target={space_id=~\"a|b\"}&metric=shared_metric", "Help of-a.")]
    [InlineData(QueryServer.Prometheus2, "/api/v1/targets", "exporter-a")]
    [InlineData(QueryServer.Prometheus3, "/api/v1/targets", "exporter-a")]
    [InlineData(QueryServer.VictoriaMetrics, "/api/v1/targets", "exporter-a")]
    [InlineData(QueryServer.Prometheus2, "/api/v1/targets?state=active", "exporter-a")]
    [InlineData(QueryServer.Prometheus3, "/api/v1/targets?state=active", "exporter-a")]
    [InlineData(QueryServer.VictoriaMetrics, "/api/v1/targets?state=active", "exporter-a")]
    [InlineData(QueryServer.Prometheus2, "/api/v1/rules", "AlertOfA")]
    [InlineData(QueryServer.Prometheus3, "/api/v1/rules", "AlertOfA")]
    [InlineData(QueryServer.Prometheus2, "/api/v1/rules?type=alert", "AlertOfA")]
    [InlineData(QueryServer.Prometheus3, "/api/v1/rules?type=alert", "AlertOfA")]
    [InlineData(QueryServer.Prometheus2, "/api/v1/alerts", "AlertOfA")]
    [InlineData(QueryServer.Prometheus3, "/api/v1/alerts", "AlertOfA")]
    [InlineData(QueryServer.Prometheus2, "/federate?match[]={__name__=~\".%2B\"}", "only_a_metric")]
    [InlineData(QueryServer.Prometheus3, "/federate?match[]={__name__=~\".%2B\"}", "only_a_metric")]
    [InlineData(QueryServer.VictoriaMetrics, "/federate?match[]={__name__=~\".%2B\"}", "only_a_metric")]
    [InlineData(QueryServer.Prometheus2, "/federate?match[]=only_b_metric&match[]=shared_metric", "of-a")]
    [InlineData(QueryServer.Prometheus3, "/federate?match[]=only_b_metric&match[]=shared_metric", "of-a")]
    [InlineData(QueryServer.VictoriaMetrics, "/federate?match[]=only_b_metric&match[]=shared_metric", "of-a")]
    public async Task A_path_shows_all_data_of_the_tenant_and_nothing_else(QueryServer server, string target, string own)
    {
        var everything = await (await tenants.BeforeAsync(server)).UnscopedAsync(target);
        Assert.Contains(TwoTenantServers.MarksOfB, mark => everything.Contains(mark, StringComparison.Ordinal));

        Assert.Contains(own, await OwnAsync(server, target), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(QueryServer.Prometheus2, "/api/v1/metadata?metric=only_b_metric", "\"data\":{}")]
    [InlineData(QueryServer.Prometheus3, "/api/v1/metadata?metric=only_b_metric", "\"data\":{}")]
    [InlineData(QueryServer.VictoriaMetrics, "/api/v1/metadata?metric=only_b_metric", "\"data\":{}")]
    [InlineData(QueryServer.Prometheus2, "/api/v1/targets?scrapePool=exporter-b", "\"activeTargets\":[]")]
    [InlineData(QueryServer.Prometheus3, "/api/v1/targets?scrapePool=exporter-b", "\"activeTargets\":[]")]
    [InlineData(QueryServer.VictoriaMetrics, "/api/v1/targets?scrapePool=exporter-b", "\"activeTargets\":[]")]
    [InlineData(QueryServer.Prometheus2, "/api/v1/targets/metadata?metric=only_b_metric", "\"data\":[]")]
    [InlineData(QueryServer.Prometheus3, "/api/v1/targets/metadata?metric=only_b_metric", "\"data\":[]")]
    [InlineData(QueryServer.VictoriaMetrics, "/api/v1/targets/metadata?metric=only_b_metric", "\"data\":[]")]
    [InlineData(QueryServer.Prometheus2, "/aivenmetrics/v1/services", "\"samples_arrive\":true")]
    [InlineData(QueryServer.Prometheus3, "/aivenmetrics/v1/services", "\"samples_arrive\":true")]
    [InlineData(QueryServer.VictoriaMetrics, "/aivenmetrics/v1/services", "\"samples_arrive\":true")]
    [InlineData(QueryServer.Prometheus2, "/aivenmetrics/v1/explain?query=up", "scoped_query")]
    [InlineData(QueryServer.Prometheus3, "/aivenmetrics/v1/explain?query=up", "scoped_query")]
    [InlineData(QueryServer.VictoriaMetrics, "/aivenmetrics/v1/explain?query=up", "scoped_query")]
    [InlineData(QueryServer.Prometheus2, "/api/v1/alertmanagers", "\"activeAlertmanagers\":[]")]
    [InlineData(QueryServer.Prometheus3, "/api/v1/alertmanagers", "\"activeAlertmanagers\":[]")]
    [InlineData(QueryServer.VictoriaMetrics, "/api/v1/alertmanagers", "\"activeAlertmanagers\":[]")]
    [InlineData(QueryServer.Prometheus2, "/api/v1/query_exemplars?query=test&start=1790000000000&end=1790000001000", "\"data\":[]")]
    [InlineData(QueryServer.Prometheus3, "/api/v1/query_exemplars?query=test&start=1790000000000&end=1790000001000", "\"data\":[]")]
    [InlineData(QueryServer.VictoriaMetrics, "/api/v1/query_exemplars?query=test&start=1790000000000&end=1790000001000", "\"data\":[]")]
    [InlineData(QueryServer.Prometheus2, "/api/v1/format_query?query=sum(up)by(job)", "\"data\":\"sum by (job) (up)\"")]
    [InlineData(QueryServer.Prometheus3, "/api/v1/format_query?query=sum(up)by(job)", "\"data\":\"sum by (job) (up)\"")]
    [InlineData(QueryServer.VictoriaMetrics, "/api/v1/format_query?query=sum(up)by(job)", "\"data\":\"sum by (job) (up)\"")]
    [InlineData(QueryServer.Prometheus2, "/api/v1/status/flags", "\"query.lookback-delta\":\"5m\"")]
    [InlineData(QueryServer.Prometheus3, "/api/v1/status/flags", "\"query.lookback-delta\":\"5m\"")]
    [InlineData(QueryServer.VictoriaMetrics, "/api/v1/status/flags", "\"data\":{}")]
    [InlineData(QueryServer.Prometheus2, "/api/v1/status/runtimeinfo", "\"storageRetention\":\"15d\"")]
    [InlineData(QueryServer.Prometheus3, "/api/v1/status/runtimeinfo", "\"storageRetention\":\"15d\"")]
    [InlineData(QueryServer.VictoriaMetrics, "/api/v1/status/runtimeinfo", "\"storageRetention\":\"\"")]
    [InlineData(QueryServer.VictoriaMetrics, "/api/v1/metadata", "\"data\":{}")]
    [InlineData(QueryServer.VictoriaMetrics, "/api/v1/targets/metadata", "\"data\":[]")]
    [InlineData(QueryServer.VictoriaMetrics, "/api/v1/rules", "\"groups\":[]")]
    [InlineData(QueryServer.VictoriaMetrics, "/api/v1/alerts", "\"alerts\":[]")]
    [InlineData(QueryServer.VictoriaMetrics, "/api/v1/query_exemplars?query={space_id=\"b\"}&start=0&end=1", "\"data\":[]")]
    [InlineData(QueryServer.Prometheus3, "/api/v1/parse_query?query=up", "\"type\":\"vectorSelector\"")]
    public async Task Paths_without_data_of_tenants_have_the_response_that_clients_expect(
        QueryServer server,
        string target,
        string expected
    ) => Assert.Contains(expected, await OwnAsync(server, target), StringComparison.Ordinal);

    [Fact]
    public async Task Federation_without_a_selector_is_empty_as_in_Prometheus()
    {
        Assert.Empty(await (await tenants.BeforeAsync(QueryServer.Prometheus2)).UnscopedAsync("/federate"));
        foreach (var server in Enum.GetValues<QueryServer>())
        {
            Assert.Empty(await OwnAsync(server, "/federate"));
        }
    }

    [Theory]
    [InlineData(QueryServer.Prometheus2)]
    [InlineData(QueryServer.Prometheus3)]
    public async Task Exemplars_of_a_query_without_series_are_empty_as_in_Prometheus_and_do_not_demote_it(QueryServer server)
    {
        using var response = await (await tenants.BeforeAsync(server)).A.GetAsync(
            new Uri("/api/v1/query_exemplars?query=1", UriKind.Relative)
        );
        Assert.Equal(
            (HttpStatusCode.NoContent, "prometheus-1"),
            (response.StatusCode, response.Headers.GetValues("X-AivenMetrics-Instance").Single())
        );
        Assert.Contains("\"success\"", await OwnAsync(server, "/api/v1/query?query=up"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(QueryServer.Prometheus2, "GET", "/api/v1/parse_query?query=up")]
    [InlineData(QueryServer.Prometheus2, "GET", "/api/v1/features")]
    [InlineData(QueryServer.Prometheus3, "GET", "/api/v1/features")]
    [InlineData(QueryServer.VictoriaMetrics, "GET", "/api/v1/parse_query?query=up")]
    [InlineData(QueryServer.VictoriaMetrics, "GET", "/api/v1/features")]
    [InlineData(QueryServer.VictoriaMetrics, "POST", "/api/v1/read")]
    [InlineData(QueryServer.VictoriaMetrics, "GET", "/api/v1/export?match[]=up")]
    [InlineData(QueryServer.VictoriaMetrics, "POST", "/api/v1/export/native?match[]=up")]
    [InlineData(QueryServer.VictoriaMetrics, "GET", "/api/v1/series/count")]
    [InlineData(QueryServer.VictoriaMetrics, "GET", "/api/v1/status/active_queries")]
    [InlineData(QueryServer.VictoriaMetrics, "GET", "/api/v1/status/top_queries")]
    [InlineData(QueryServer.VictoriaMetrics, "GET", "/api/v1/status/metric_names_stats")]
    [InlineData(QueryServer.VictoriaMetrics, "GET", "/prometheus/api/v1/query?query=up")]
    [InlineData(QueryServer.VictoriaMetrics, "GET", "/vmui")]
    [InlineData(QueryServer.VictoriaMetrics, "GET", "/render?target=up")]
    [InlineData(QueryServer.VictoriaMetrics, "GET", "/tags")]
    [InlineData(QueryServer.VictoriaMetrics, "GET", "/internal/force_flush")]
    [InlineData(QueryServer.VictoriaMetrics, "GET", "/snapshot/create")]
    public async Task Unsupported_and_unserved_paths_are_404_and_do_not_demote_the_server(QueryServer server, string method, string target)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(target, UriKind.Relative));
        using var response = await (await tenants.BeforeAsync(server)).A.SendAsync(request);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Contains("\"success\"", await OwnAsync(server, "/api/v1/query?query=up"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(QueryServer.Prometheus2)]
    [InlineData(QueryServer.Prometheus3)]
    public async Task A_response_of_samples_contains_only_those_of_the_tenant(QueryServer server)
    {
        using var response = await ReadAsync(server, ReadRequest("shared_metric", TimeSpan.FromHours(1)));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/x-protobuf", response.Content.Headers.ContentType!.MediaType);
        var answer = Snappy.DecompressToArray(await response.Content.ReadAsByteArrayAsync());
        AssertOwn(Encoding.Latin1.GetString(answer), "of-a");
        Assert.True(Samples(answer) > 2);
    }

    /// <summary>
    /// The time limit of the plan does not apply to a query for labels, because it reads no samples. Streamed chunks would contain all
    /// samples, so that such a query never gets them.
    /// </summary>
    [Theory]
    [InlineData(QueryServer.Prometheus2, 200, new int[0])]
    [InlineData(QueryServer.Prometheus2, 200, new[] { Streamed, 0 })]
    [InlineData(QueryServer.Prometheus2, 422, new[] { Streamed })]
    [InlineData(QueryServer.Prometheus3, 200, new int[0])]
    [InlineData(QueryServer.Prometheus3, 200, new[] { Streamed, 0 })]
    [InlineData(QueryServer.Prometheus3, 422, new[] { Streamed })]
    public async Task A_response_for_labels_contains_no_samples(QueryServer server, int status, int[] accepted)
    {
        using var response = await ReadAsync(server, ReadRequest("shared_metric", TimeSpan.FromDays(1000), "series", accepted));

        Assert.Equal(status, (int)response.StatusCode);
        if (status != 200)
        {
            return;
        }
        Assert.Equal("application/x-protobuf", response.Content.Headers.ContentType!.MediaType);
        var answer = Snappy.DecompressToArray(await response.Content.ReadAsByteArrayAsync());
        AssertOwn(Encoding.Latin1.GetString(answer), "of-a");
        Assert.Equal(0, Samples(answer));
    }

    [Theory]
    [InlineData(QueryServer.Prometheus2, "basic_auth: {username: USER, password: PASSWORD}")]
    [InlineData(QueryServer.Prometheus2, "authorization: {credentials: TOKEN}")]
    [InlineData(QueryServer.Prometheus3, "authorization: {credentials: TOKEN}")]
    public async Task A_tenants_Prometheus_reads_through_the_gateway(QueryServer server, string authentication)
    {
        var before = await tenants.BeforeAsync(server);
        var config = $"""
            remote_read:
              - url: {before.Url}i/one/api/v1/read
                read_recent: true
                {Filled(authentication)}
            """;
        // Both have the same version, because an older one does not support everything that a newer one sends.
        await using var downstream =
            server == QueryServer.Prometheus3
                ? await PrometheusServer.StartPrometheus3WithConfigAsync(config)
                : await PrometheusServer.StartAsync(config);
        await downstream.WaitUntilAsync("count_over_time(only_a_metric[1m]) > 2", answer =>
            answer.Contains("of-a", StringComparison.Ordinal)
        );
        foreach (
            var query in new[]
            {
                "{__name__=~\".+\"}",
                "only_b_metric or shared_metric",
                "shared_metric{space_id=\"b\"} or shared_metric",
                "max_over_time(shared_metric[1m])",
            }
        )
        {
            AssertOwn(
                await downstream.Http.GetStringAsync(new Uri("/api/v1/query?query=" + Uri.EscapeDataString(query), UriKind.Relative)),
                "of-a"
            );
        }

        // Without times these requests cover all time. Prometheus does not read names and values of labels remotely.
        AssertOwn(await downstream.Http.GetStringAsync(new Uri("/api/v1/series?match[]=shared_metric", UriKind.Relative)), "of-a");
        foreach (var path in new[] { "/api/v1/labels", "/api/v1/labels?match[]=shared_metric", "/api/v1/label/job/values" })
        {
            Assert.Contains("\"success\"", await downstream.Http.GetStringAsync(new Uri(path, UriKind.Relative)), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(QueryServer.Prometheus2)]
    [InlineData(QueryServer.Prometheus3)]
    [InlineData(QueryServer.VictoriaMetrics)]
    public async Task A_tenants_Prometheus_federates_through_the_gateway(QueryServer server)
    {
        var before = await tenants.BeforeAsync(server);
        await using var downstream = await PrometheusServer.StartAsync(
            $$"""
            scrape_configs:
              - job_name: federate
                scrape_interval: 1s
                scrape_timeout: 1s
                honor_labels: true
                metrics_path: /federate
                params: {"match[]": ['{__name__=~".+"}']}
                authorization: {credentials: {{Token}}}
                static_configs:
                  - targets: ["{{before.Url.Authority}}"]
            """
        );

        await downstream.WaitUntilAsync("only_a_metric{job=\"exporter-a\"}", answer => answer.Contains("of-a", StringComparison.Ordinal));
        AssertOwn(
            await downstream.Http.GetStringAsync(
                new Uri("/api/v1/query?query=" + Uri.EscapeDataString("{__name__=~\".+\"}"), UriKind.Relative)
            ),
            "of-a"
        );
    }

    private static string Filled(string authentication) =>
        authentication
            .Replace("USER", TwoTenantServers.Username, StringComparison.Ordinal)
            .Replace("PASSWORD", TwoTenantServers.Password, StringComparison.Ordinal)
            .Replace("TOKEN", Token, StringComparison.Ordinal);

    private async Task<string> OwnAsync(QueryServer server, string target)
    {
        using var response = await (await tenants.BeforeAsync(server)).A.GetAsync(new Uri(target, UriKind.Relative));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, text);
        Assert.All(TwoTenantServers.MarksOfB, mark => Assert.DoesNotContain(mark, text, StringComparison.Ordinal));
        if (response.Content.Headers.ContentType!.MediaType == "application/json")
        {
            Assert.Equal("success", JsonNode.Parse(text)!["status"]!.GetValue<string>());
        }
        return text;
    }

    private static void AssertOwn(string text, string own)
    {
        Assert.Contains(own, text, StringComparison.Ordinal);
        Assert.All(TwoTenantServers.MarksOfB, mark => Assert.DoesNotContain(mark, text, StringComparison.Ordinal));
    }

    private async Task<HttpResponseMessage> ReadAsync(QueryServer server, byte[] request)
    {
        using var content = new ByteArrayContent(request);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        content.Headers.ContentEncoding.Add("snappy");
        return await (await tenants.BeforeAsync(server)).A.PostAsync(new Uri("/api/v1/read", UriKind.Relative), content);
    }

    /// <summary>Returns the samples of all series in a response of type samples.</summary>
    private static int Samples(byte[] answer) =>
        Fields(answer, 1).SelectMany(result => Fields(result, 1)).Sum(series => Fields(series, 2).Count);

    private static List<byte[]> Fields(byte[] message, int number)
    {
        List<byte[]> found = [];
        using var input = new CodedInputStream(message);
        while (input.ReadTag() is > 0 and var tag)
        {
            if (WireFormat.GetTagFieldNumber(tag) == number)
            {
                found.Add(input.ReadBytes().ToByteArray());
            }
            else
            {
                input.SkipLastField();
            }
        }

        return found;
    }

    /// <summary>Creates a remote read of a metric up to now. Default: of its samples, with the type that every server supports.</summary>
    private static byte[] ReadRequest(string metric, TimeSpan since, string? func = null, params int[] accepted) =>
        Snappy.CompressToArray(
            Message(to =>
            {
                to.WriteTag(1, WireFormat.WireType.LengthDelimited);
                to.WriteBytes(
                    ByteString.CopyFrom(
                        Message(query =>
                        {
                            var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
                            query.WriteTag(1, WireFormat.WireType.Varint);
                            query.WriteInt64(now - (long)since.TotalMilliseconds);
                            query.WriteTag(2, WireFormat.WireType.Varint);
                            query.WriteInt64(now + 60_000);
                            query.WriteTag(3, WireFormat.WireType.LengthDelimited);
                            query.WriteBytes(
                                ByteString.CopyFrom(
                                    Message(matcher =>
                                    {
                                        matcher.WriteTag(2, WireFormat.WireType.LengthDelimited);
                                        matcher.WriteString("__name__");
                                        matcher.WriteTag(3, WireFormat.WireType.LengthDelimited);
                                        matcher.WriteString(metric);
                                    })
                                )
                            );
                            if (func is null)
                            {
                                return;
                            }
                            query.WriteTag(4, WireFormat.WireType.LengthDelimited);
                            query.WriteBytes(
                                ByteString.CopyFrom(
                                    Message(hints =>
                                    {
                                        hints.WriteTag(2, WireFormat.WireType.LengthDelimited);
                                        hints.WriteString(func);
                                        hints.WriteTag(3, WireFormat.WireType.Varint);
                                        hints.WriteInt64(now - (long)since.TotalMilliseconds);
                                        hints.WriteTag(4, WireFormat.WireType.Varint);
                                        hints.WriteInt64(now + 60_000);
                                    })
                                )
                            );
                        })
                    )
                );
                foreach (var type in accepted)
                {
                    to.WriteTag(2, WireFormat.WireType.Varint);
                    to.WriteEnum(type);
                }
            })
        );

    private static byte[] Message(Action<CodedOutputStream> write)
    {
        using var bytes = new MemoryStream();
        using (var to = new CodedOutputStream(bytes, leaveOpen: true))
        {
            write(to);
        }
        return bytes.ToArray();
    }
}
