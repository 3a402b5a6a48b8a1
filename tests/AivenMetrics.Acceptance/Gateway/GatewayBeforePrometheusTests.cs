using System.Net;
using System.Text;
using System.Text.Json;
using AivenMetrics.Acceptance.Support;
using Xunit;

namespace AivenMetrics.Acceptance.Gateway;

/// <summary>The gateway before a real Prometheus: tenant a gets all its own answers, and nothing of tenant b.</summary>
public sealed class GatewayBeforePrometheusTests(TwoTenants tenants) : IClassFixture<TwoTenants>
{
    [Theory]
    [InlineData("up")]
    [InlineData("{__name__=~\".+\"}")]
    [InlineData("{space_id=\"b\"}")]
    [InlineData("{__name__!=\"\",space_id!=\"a\"}")]
    [InlineData("{space_id=~\"a|b\"}")]
    [InlineData("only_b_metric or shared_metric")]
    [InlineData("shared_metric{space_id=\"b\"} or vector(1)")]
    [InlineData("absent(only_b_metric{secret=\"x\"})")]
    [InlineData("absent_over_time(only_b_metric[1h])")]
    [InlineData("label_replace(shared_metric, \"space_id\", \"b\", \"\", \"\")")]
    [InlineData("label_join(shared_metric, \"space_id\", \"\", \"job\")")]
    [InlineData("count_values(\"space_id\", shared_metric)")]
    [InlineData("count_values without (secret) (\"value\", shared_metric)")]
    [InlineData("topk(scalar(only_b_metric), {__name__=~\".+\"})")]
    [InlineData("bottomk(scalar(shared_metric{space_id=\"b\"}), {__name__=~\".+\"})")]
    [InlineData("quantile(scalar(only_b_metric), shared_metric)")]
    [InlineData("shared_metric @ end()")]
    [InlineData("shared_metric offset -1s")]
    [InlineData("max_over_time(shared_metric[1m:1s])")]
    [InlineData("max_over_time((max_over_time({__name__=~\".*shared.*\"}[10s]))[1m:1s] @ end())")]
    [InlineData("sum by (space_id, secret) (shared_metric)")]
    [InlineData("group by (__name__, job) ({__name__!=\"\"})")]
    [InlineData("sum without (space_id) (shared_metric)")]
    [InlineData("shared_metric * on () group_right () shared_metric{space_id=\"b\"}")]
    [InlineData("shared_metric{space_id=\"b\"} unless shared_metric")]
    [InlineData("vector(scalar(shared_metric{space_id=\"b\"}))")]
    [InlineData("histogram_quantile(0.9, latency_seconds_bucket)")]
    [InlineData("histogram_quantile(scalar(only_b_metric), latency_seconds_bucket)")]
    [InlineData("rate(shared_metric[30s])")]
    [InlineData("-shared_metric ^ 2")]
    [InlineData("sort_desc(max_over_time(shared_metric[30s]))")]
    [InlineData("hour(shared_metric)")]
    [InlineData("1 + 1")]
    [InlineData("\"a string\"")]
    public async Task No_expression_shows_another_tenants_series(string query)
    {
        var encoded = Uri.EscapeDataString(query);
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        await AssertOwnAnswerAsync(await tenants.A.GetAsync(Relative($"/api/v1/query?query={encoded}")));
        await AssertOwnAnswerAsync(await tenants.A.PostAsync(Relative("/api/v1/query"), Form($"query={encoded}")));
        if (!query.StartsWith('"'))
            await AssertOwnAnswerAsync(await tenants.A.GetAsync(Relative($"/api/v1/query_range?query={encoded}&start={now - 10}&end={now}&step=1")));
    }

    [Theory]
    [InlineData("/api/v1/series?match[]={__name__=~\".%2B\"}")]
    [InlineData("/api/v1/series?match[]=only_b_metric&match[]={space_id=\"b\"}&match[]=up")]
    [InlineData("/api/v1/labels")]
    [InlineData("/api/v1/labels?match[]={space_id=\"b\"}")]
    [InlineData("/api/v1/label/__name__/values")]
    [InlineData("/api/v1/label/__name__/values?match[]={space_id=\"b\"}")]
    [InlineData("/api/v1/label/space_id/values")]
    [InlineData("/api/v1/label/secret/values?match[]={__name__=~\".%2B\"}")]
    [InlineData("/api/v1/label/job/values?limit=40000")]
    [InlineData("/api/v1/status/buildinfo")]
    public async Task No_question_for_names_shows_another_tenants(string target)
    {
        using var response = await tenants.A.GetAsync(Relative(target));
        await AssertOwnAnswerAsync(response);
        Assert.DoesNotContain("\"b\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/v1/series", "match[]={__name__=~\".%2B\"}")]
    [InlineData("/api/v1/labels", "match[]={__name__=~\".%2B\"}")]
    [InlineData("/api/v1/labels", "")]
    public async Task No_posted_question_for_names_shows_another_tenants(string path, string form) =>
        await AssertOwnAnswerAsync(await tenants.A.PostAsync(Relative(path), Form(form)));

    [Fact]
    public async Task Prometheus_itself_would_show_all_of_it()
    {
        var everything = await tenants.UnscopedAsync("/api/v1/query?query=" + Uri.EscapeDataString("{__name__=~\".+\"}"));
        Assert.All(TwoTenants.MarksOfB, mark => Assert.Contains(mark, everything, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_tenant_sees_its_own_series_in_every_endpoint()
    {
        Assert.Contains("only_a_metric", await TextAsync("/api/v1/query?query=only_a_metric"), StringComparison.Ordinal);
        Assert.Contains("only_a_metric", await TextAsync("/api/v1/series?match[]=only_a_metric"), StringComparison.Ordinal);
        Assert.Contains("only_a_metric", await TextAsync("/api/v1/label/__name__/values"), StringComparison.Ordinal);
        Assert.Contains("secret", await TextAsync("/api/v1/labels"), StringComparison.Ordinal);
        Assert.Contains("\"of-a\"", await TextAsync("/api/v1/label/secret/values"), StringComparison.Ordinal);
        using var buildInfo = JsonDocument.Parse(await TextAsync("/api/v1/status/buildinfo"));
        Assert.StartsWith("2.", buildInfo.RootElement.GetProperty("data").GetProperty("version").GetString());
    }

    [Theory]
    [InlineData("/api/v1/query?query=up&time=nonsense", "bad_data")]
    [InlineData("/api/v1/query_range?query=up", "bad_data")]
    [InlineData("/api/v1/query_range?query=up&start=0&end=100000&step=1", "bad_data")]
    [InlineData("/api/v1/query_range?query=up&start=2&end=1&step=1", "bad_data")]
    [InlineData("/api/v1/query?query=shared_metric*on()up", "")]
    public async Task What_Prometheus_says_of_a_bad_question_comes_through(string target, string errorType)
    {
        using var response = await tenants.A.GetAsync(Relative(target));
        var body = await response.Content.ReadAsStringAsync();
        Assert.Equal(errorType.Length == 0 ? HttpStatusCode.OK : HttpStatusCode.BadRequest, response.StatusCode);
        if (errorType.Length > 0)
            Assert.Contains($"\"errorType\":\"{errorType}\"", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Grafanas_first_questions_are_answered()
    {
        Assert.Contains("[4,\"2\"]", await TextAsync("/api/v1/query?query=1%2B1&time=4"), StringComparison.Ordinal);
        Assert.Contains("\"success\"", await TextAsync("/api/v1/series?match[]=%7B__name__!%3D%22%22%7D&limit=40000&start=1&end=1790000000000"), StringComparison.Ordinal);
        Assert.Contains("\"success\"", await TextAsync("/api/v1/query?query=up&time=1790000000000"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compressed_answers_pass_through_as_they_are()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Relative("/api/v1/query?query=up"));
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "gzip");
        using var response = await tenants.A.SendAsync(request);
        Assert.Equal(["gzip"], response.Content.Headers.ContentEncoding);
        await using var gzip = new System.IO.Compression.GZipStream(await response.Content.ReadAsStreamAsync(), System.IO.Compression.CompressionMode.Decompress);
        Assert.Contains("exporter-a", await new StreamReader(gzip).ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("query", "instant", "{url}", "only_a_metric")]
    [InlineData("query", "range", "{url}", "only_a_metric")]
    [InlineData("query", "series", "--match=only_a_metric", "{url}")]
    [InlineData("query", "labels", "{url}", "__name__")]
    public async Task Promtool_reads_through_the_gateway(params string[] arguments)
    {
        var (code, output) = await PromtoolAsync(arguments);
        Assert.True(code == 0, output);
        Assert.Contains("only_a_metric", output, StringComparison.Ordinal);
        Assert.All(TwoTenants.MarksOfB, mark => Assert.DoesNotContain(mark, output, StringComparison.Ordinal));
    }

    private async Task<(int Code, string Output)> PromtoolAsync(string[] arguments)
    {
        var url = $"http://{TwoTenants.Username}:{TwoTenants.Password}@{tenants.GatewayUrl.Authority}";
        using var promtool = PrometheusServer.Program("promtool", [.. arguments.Select(a => a.Replace("{url}", url, StringComparison.Ordinal))]);
        var output = await promtool.StandardOutput.ReadToEndAsync() + await promtool.StandardError.ReadToEndAsync();
        await promtool.WaitForExitAsync();
        return (promtool.ExitCode, output);
    }

    private static async Task AssertOwnAnswerAsync(HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode is HttpStatusCode.OK or HttpStatusCode.UnprocessableEntity, $"{response.StatusCode}: {body}");
        Assert.All(TwoTenants.MarksOfB, mark => Assert.DoesNotContain(mark, body, StringComparison.Ordinal));
    }

    private async Task<string> TextAsync(string target)
    {
        using var response = await tenants.A.GetAsync(Relative(target));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsStringAsync();
    }

    private static Uri Relative(string target) => new(target, UriKind.Relative);

    private static StringContent Form(string form) => new(form, Encoding.UTF8, "application/x-www-form-urlencoded");
}
