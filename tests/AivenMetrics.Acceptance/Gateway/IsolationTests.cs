using System.Net;
using System.Text;
using System.Text.Json;
using Xunit;

namespace AivenMetrics.Acceptance.Gateway;

/// <summary>The gateway in front of real servers: tenant a gets all its own data, and none of tenant b.</summary>
public sealed class IsolationTests(TwoTenantServers tenants)
{
    private static readonly QueryServer[] Servers = Enum.GetValues<QueryServer>();

    public static MatrixTheoryData<QueryServer, string> Queries =>
        new(
            Servers,
            [
                "up",
                "{__name__=~\".+\"}",
                "{space_id=\"b\"}",
                "{__name__!=\"\",space_id!=\"a\"}",
                "{space_id=~\"a|b\"}",
                "only_b_metric or shared_metric",
                "shared_metric{space_id=\"b\"} or vector(1)",
                "absent(only_b_metric{secret=\"x\"})",
                "absent_over_time(only_b_metric[1h])",
                "label_replace(shared_metric, \"space_id\", \"b\", \"\", \"\")",
                "label_join(shared_metric, \"space_id\", \"\", \"job\")",
                "count_values(\"space_id\", shared_metric)",
                "count_values without (secret) (\"value\", shared_metric)",
                "topk(scalar(only_b_metric), {__name__=~\".+\"})",
                "bottomk(scalar(shared_metric{space_id=\"b\"}), {__name__=~\".+\"})",
                "quantile(scalar(only_b_metric), shared_metric)",
                "shared_metric @ end()",
                "shared_metric offset -1s",
                "max_over_time(shared_metric[1m:1s])",
                "max_over_time((max_over_time({__name__=~\".*shared.*\"}[10s]))[1m:1s] @ end())",
                "sum by (space_id, secret) (shared_metric)",
                "group by (__name__, job) ({__name__!=\"\"})",
                "sum without (space_id) (shared_metric)",
                "shared_metric * on () group_right () shared_metric{space_id=\"b\"}",
                "shared_metric{space_id=\"b\"} unless shared_metric",
                "vector(scalar(shared_metric{space_id=\"b\"}))",
                "histogram_quantile(0.9, latency_seconds_bucket)",
                "histogram_quantile(scalar(only_b_metric), latency_seconds_bucket)",
                "rate(shared_metric[30s])",
                "-shared_metric ^ 2",
                "sort_desc(max_over_time(shared_metric[30s]))",
                "hour(shared_metric)",
                "1 + 1",
                "\"a string\"",
                "info(shared_metric)",
                "info(shared_metric, {version=~\".+\"})",
                "{\"shared.metric\"}",
                "{\"shared.metric\",\"label.näme\"=~\".+\"}",
                "{\"only.b\"} or shared_metric",
                "histogram_count(latency_seconds)",
                "histogram_quantile(0.9, rate(latency_seconds[30s]))",
                "sum by (\"label.näme\") ({__name__=~\".+\"})",
                "limitk(3, shared_metric)",
                "count_over_time({__name__!=\"\"}[1m])",
                "shared_metric[1m]",
            ]
        );

    [Theory]
    [MemberData(nameof(Queries))]
    public async Task No_expression_shows_another_tenants_series(QueryServer server, string query)
    {
        var before = await tenants.BeforeAsync(server);
        var encoded = Uri.EscapeDataString(query);
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        await AssertOwnAnswerAsync(await before.A.GetAsync(Relative($"/api/v1/query?query={encoded}")));
        await AssertOwnAnswerAsync(await before.A.PostAsync(Relative("/api/v1/query"), Form($"query={encoded}")));
        if (!query.StartsWith('"') && !query.EndsWith(']'))
        {
            await AssertOwnAnswerAsync(
                await before.A.GetAsync(Relative($"/api/v1/query_range?query={encoded}&start={now - 10}&end={now}&step=1"))
            );
        }
    }

    public static MatrixTheoryData<QueryServer, string> Names =>
        new(
            Servers,
            [
                "/api/v1/series?match[]={__name__=~\".%2B\"}",
                "/api/v1/series?match[]=only_b_metric&match[]={space_id=\"b\"}&match[]=up",
                "/api/v1/labels",
                "/api/v1/labels?match[]={space_id=\"b\"}",
                "/api/v1/label/__name__/values",
                "/api/v1/label/__name__/values?match[]={space_id=\"b\"}",
                "/api/v1/label/space_id/values",
                "/api/v1/label/secret/values?match[]={__name__=~\".%2B\"}",
                "/api/v1/label/job/values?limit=40000",
                "/api/v1/status/buildinfo",
                "/api/v1/label/U__label_2e_n_e4_me/values",
                "/api/v1/label/label.n%C3%A4me/values",
                "/i/one/api/v1/label/job/values",
                "/i//one/api//v1/labels/",
            ]
        );

    [Theory]
    [MemberData(nameof(Names))]
    public async Task No_request_for_label_names_shows_another_tenants(QueryServer server, string target)
    {
        using var response = await (await tenants.BeforeAsync(server)).A.GetAsync(Relative(target));
        await AssertOwnAnswerAsync(response);
        Assert.DoesNotContain("\"b\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    public static MatrixTheoryData<QueryServer, string> Posted =>
        new(Servers, ["/api/v1/series match[]={__name__=~\".%2B\"}", "/api/v1/labels match[]={__name__=~\".%2B\"}", "/api/v1/labels "]);

    [Theory]
    [MemberData(nameof(Posted))]
    public async Task No_POST_request_for_label_names_shows_another_tenants(QueryServer server, string pathAndForm)
    {
        var parts = pathAndForm.Split(' ');
        await AssertOwnAnswerAsync(await (await tenants.BeforeAsync(server)).A.PostAsync(Relative(parts[0]), Form(parts[1])));
    }

    [Theory]
    [InlineData(QueryServer.Prometheus2)]
    [InlineData(QueryServer.Prometheus3)]
    [InlineData(QueryServer.VictoriaMetrics)]
    public async Task The_server_itself_shows_the_data_of_both_tenants(QueryServer server)
    {
        var everything = await (await tenants.BeforeAsync(server)).UnscopedAsync(
            "/api/v1/query?query=" + Uri.EscapeDataString("{__name__=~\".+\"}")
        );
        Assert.All(TwoTenantServers.MarksOfB.Where(mark => mark != "only.b" || server == QueryServer.Prometheus3), mark =>
            Assert.Contains(mark, everything, StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData(QueryServer.Prometheus2, "2.42.")]
    [InlineData(QueryServer.Prometheus3, "3.5.")]
    [InlineData(QueryServer.VictoriaMetrics, "2.24.")]
    public async Task A_tenant_sees_its_own_series_in_every_endpoint(QueryServer server, string version)
    {
        var before = await tenants.BeforeAsync(server);
        Assert.Contains("only_a_metric", await TextAsync(before, "/api/v1/query?query=only_a_metric"), StringComparison.Ordinal);
        Assert.Contains("only_a_metric", await TextAsync(before, "/api/v1/series?match[]=only_a_metric"), StringComparison.Ordinal);
        Assert.Contains("only_a_metric", await TextAsync(before, "/api/v1/label/__name__/values"), StringComparison.Ordinal);
        Assert.Contains("secret", await TextAsync(before, "/i/one/api/v1/labels"), StringComparison.Ordinal);
        Assert.Contains("\"of-a\"", await TextAsync(before, "/api/v1/label/secret/values"), StringComparison.Ordinal);
        using var buildInfo = JsonDocument.Parse(await TextAsync(before, "/api/v1/status/buildinfo"));
        Assert.StartsWith(version, buildInfo.RootElement.GetProperty("data").GetProperty("version").GetString());
    }

    [Theory]
    [InlineData("/api/v1/label/U__label_2e_n_e4_me/values")]
    [InlineData("/api/v1/label/label.n%C3%A4me/values")]
    [InlineData("/api/v1/query?query={%22shared.metric%22}")]
    [InlineData("/api/v1/query?query=sum%20by%20(%22label.n%C3%A4me%22)%20({%22shared.metric%22})")]
    [InlineData("/api/v1/query?query=info(sum by (job, instance) (only_a_metric),{version=~%22of.*%22})")]
    public async Task UTF8_names_of_a_Prometheus_3_are_found(string target) =>
        Assert.Contains("of-a", await TextAsync(await tenants.BeforeAsync(QueryServer.Prometheus3), target), StringComparison.Ordinal);

    [Fact]
    public async Task A_native_histogram_is_returned_as_one() =>
        Assert.Contains(
            "\"histogram\":",
            await TextAsync(await tenants.BeforeAsync(QueryServer.Prometheus3), "/api/v1/query?query=latency_seconds"),
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData(QueryServer.Prometheus2, "/api/v1/query?query=up&time=nonsense", 400, "bad_data")]
    [InlineData(QueryServer.Prometheus3, "/api/v1/query?query=up&time=nonsense", 400, "bad_data")]
    [InlineData(QueryServer.VictoriaMetrics, "/api/v1/query?query=up&time=nonsense", 400, "bad_data")]
    [InlineData(QueryServer.Prometheus2, "/api/v1/query_range?query=up", 400, "bad_data")]
    [InlineData(QueryServer.Prometheus3, "/api/v1/query_range?query=up&start=0&end=100000&step=1", 400, "bad_data")]
    [InlineData(QueryServer.VictoriaMetrics, "/api/v1/query_range?query=up&start=0&end=100000&step=1", 400, "bad_data")]
    [InlineData(QueryServer.Prometheus2, "/api/v1/query_range?query=up&start=2&end=1&step=1", 400, "bad_data")]
    [InlineData(QueryServer.VictoriaMetrics, "/api/v1/query?query=info(up)", 422, "execution")]
    public async Task An_invalid_request_gets_an_error_in_Prometheus_format_without_the_scope(
        QueryServer server,
        string target,
        int status,
        string errorType
    )
    {
        using var response = await (await tenants.BeforeAsync(server)).A.GetAsync(Relative(target));
        var body = await response.Content.ReadAsStringAsync();
        Assert.Equal((status, true), ((int)response.StatusCode, body.Contains($"\"errorType\":\"{errorType}\"", StringComparison.Ordinal)));
        Assert.DoesNotContain("space_id", body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(QueryServer.Prometheus2)]
    [InlineData(QueryServer.Prometheus3)]
    [InlineData(QueryServer.VictoriaMetrics)]
    public async Task Grafanas_first_requests_are_answered(QueryServer server)
    {
        var before = await tenants.BeforeAsync(server);
        Assert.Contains("[4,\"2\"]", await TextAsync(before, "/api/v1/query?query=1%2B1&time=4"), StringComparison.Ordinal);
        Assert.Contains(
            "\"success\"",
            await TextAsync(before, "/api/v1/series?match[]=%7B__name__!%3D%22%22%7D&limit=40000&start=1&end=1790000000000"),
            StringComparison.Ordinal
        );
        Assert.Contains("\"success\"", await TextAsync(before, "/api/v1/query?query=up&time=1790000000000"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(QueryServer.Prometheus2)]
    [InlineData(QueryServer.Prometheus3)]
    public async Task Compressed_responses_are_forwarded_unchanged(QueryServer server)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Relative("/api/v1/query?query=up"));
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "gzip");
        using var response = await (await tenants.BeforeAsync(server)).A.SendAsync(request);
        Assert.Equal(["gzip"], response.Content.Headers.ContentEncoding);
        await using var gzip = new System.IO.Compression.GZipStream(
            await response.Content.ReadAsStreamAsync(),
            System.IO.Compression.CompressionMode.Decompress
        );
        Assert.Contains("exporter-a", await new StreamReader(gzip).ReadToEndAsync(), StringComparison.Ordinal);
    }

    private static async Task AssertOwnAnswerAsync(HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsStringAsync();
        // The older server rejects newer parts of the language with an error.
        var known = response.StatusCode != HttpStatusCode.BadRequest || body.Contains("parse error", StringComparison.Ordinal);
        Assert.True(
            known && response.StatusCode is HttpStatusCode.OK or HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity,
            $"{response.StatusCode}: {body}"
        );
        Assert.All(TwoTenantServers.MarksOfB, mark => Assert.DoesNotContain(mark, body, StringComparison.Ordinal));
    }

    private static async Task<string> TextAsync(TenantGateway before, string target)
    {
        using var response = await before.A.GetAsync(Relative(target));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsStringAsync();
    }

    private static Uri Relative(string target) => new(target, UriKind.Relative);

    private static StringContent Form(string form) => new(form, Encoding.UTF8, "application/x-www-form-urlencoded");
}
