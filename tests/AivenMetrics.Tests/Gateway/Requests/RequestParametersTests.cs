using System.Net;
using System.Text;
using System.Text.Json;
using AivenMetrics.Testing.Gateway;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Requests;

public sealed class RequestParametersTests : GatewayTestBase
{
    private const string Form = "application/x-www-form-urlencoded";

    [Fact]
    public async Task A_query_is_forwarded_as_a_form_with_the_scope_and_the_known_parameters()
    {
        using var response = await Gateway.GetAsync(
            "/api/v1/query?query=sum(up%7Bjob%3D%22x%22%7D)+by+(job)&time=4&timeout=5s&limit=1&lookback_delta=1m&stats=all"
        );
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var request = Prometheus.SingleRequest;
        Assert.Equal(("POST", "/api/v1/query"), (request.Method, request.Path));
        Assert.Equal(Form, request.Headers["Content-Type"].ToString());
        Assert.Contains("space_id=\"a\"", request.Query);
        Assert.Equal(["limit=1", "lookback_delta=1m", "stats=all", "time=4", "timeout=5s"], Plain(request));
    }

    [Fact]
    public async Task GET_and_POST_are_forwarded_equally()
    {
        using var get = await Gateway.GetAsync("/api/v1/query_range?end=2&query=rate(a%5B5m%5D)&start=1&step=15s");
        using var post = await Gateway.PostAsync("/api/v1/query_range", "end=2&query=rate(a%5B5m%5D)&start=1&step=15s");
        var (first, second) = (Prometheus.Requests.First(), Prometheus.Requests.Last());
        Assert.Equal(first.Query, second.Query);
        Assert.Equal(Plain(first), Plain(second));
        Assert.Equal(first.Path, second.Path);
    }

    [Fact]
    public async Task An_expression_without_selectors_is_not_scoped()
    {
        using var response = await Gateway.GetAsync("/api/v1/query?query=1%2B1&time=4");
        Assert.Equal("1 + 1", Prometheus.SingleRequest.Query);
    }

    [Fact]
    public async Task A_time_in_milliseconds_is_forwarded()
    {
        using var response = await Gateway.GetAsync("/api/v1/query?query=up&time=1790000000000");
        Assert.Equal(["time=1790000000000", "timeout=60"], Plain(Prometheus.SingleRequest));
    }

    [Fact]
    public async Task Selectors_of_URL_and_body_are_combined_and_each_is_scoped()
    {
        using var response = await Gateway.PostAsync(
            "/api/v1/series?match[]=a&match%5B%5D=b",
            "match%5B%5D=%7B__name__%3D~%22c.%2A%22%7D&match[]=d"
        );
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(4, Prometheus.SingleRequest.Matches.Length);
        Assert.All(Prometheus.SingleRequest.Matches, match => Assert.Contains("space_id=\"a\"", match));
    }

    [Theory]
    [InlineData("/api/v1/labels")]
    [InlineData("/api/v1/label/__name__/values")]
    [InlineData("/api/v1/labels?match[0]=up&limit=40000")]
    public async Task A_label_request_without_selectors_uses_the_scope(string target)
    {
        using var response = await Gateway.GetAsync(target);
        Assert.Equal(["{space_id=\"a\"}"], Prometheus.SingleRequest.Matches);
    }

    [Fact]
    public async Task A_POST_of_labels_with_selectors_in_the_body_gets_no_additional_selector()
    {
        using var response = await Gateway.PostAsync("/api/v1/labels", "match[]=up");
        Assert.Single(Prometheus.SingleRequest.Matches);
        Assert.Contains("up", Prometheus.SingleRequest.Matches[0]);
    }

    [Fact]
    public async Task A_scope_of_several_instances_is_one_anchored_and_escaped_expression()
    {
        using var response = await Gateway.SendAsync(RunningGateway.ServicesTenant, HttpMethod.Get, "/api/v1/labels");
        Assert.Equal(["""{service_instance_id=~"one|two\\.x"}"""], Prometheus.SingleRequest.Matches);
    }

    [Fact]
    public async Task Label_values_are_requested_with_GET()
    {
        using var response = await Gateway.GetAsync("/api/v1/label/job/values?match[]=up&start=1&end=2&limit=3&x=y");
        Assert.Equal(("GET", "/api/v1/label/job/values"), (Prometheus.SingleRequest.Method, Prometheus.SingleRequest.Path));
        Assert.Equal(["end=2", "limit=3", "start=1"], Plain(Prometheus.SingleRequest));
    }

    [Fact]
    public async Task Unknown_parameters_are_not_forwarded()
    {
        using var response = await Gateway.PostAsync(
            "/api/v1/query?extra_label=space_id%3Db&dedup=false",
            "query=up&extra_filters[]=%7Bspace_id%3D%22b%22%7D&match[]=up&start=1"
        );
        Assert.Equal(["query", "timeout"], Prometheus.SingleRequest.Parameters.Keys);
    }

    [Theory]
    [InlineData("/api/v1/query?query=up&query=up")]
    [InlineData("/api/v1/query?query=up&time=1&time=2")]
    [InlineData("/api/v1/query?query=up&%71uery=up")]
    [InlineData("/api/v1/query_range?query=up&step=1&step=1")]
    [InlineData("/api/v1/labels?start=1&start=2")]
    public async Task A_duplicate_parameter_is_rejected(string target)
    {
        using var response = await Gateway.GetAsync(target);
        await AssertBadDataAsync(response, "more than once");
    }

    [Theory]
    [InlineData("/api/v1/query?query=up", "query=up")]
    [InlineData("/api/v1/query?time=1", "query=up&time=1")]
    [InlineData("/api/v1/series?start=1", "match[]=up&start=1")]
    public async Task A_parameter_in_both_URL_and_body_is_rejected(string target, string form)
    {
        using var response = await Gateway.PostAsync(target, form);
        await AssertBadDataAsync(response, "more than once");
    }

    [Theory]
    [InlineData("/api/v1/query", "\"query\" is missing")]
    [InlineData("/api/v1/query?query=", "parse error")]
    [InlineData("/api/v1/query?query=up%7B", "1:4: parse error")]
    [InlineData("/api/v1/query?query=up%0A%2B%2B%2B)", "2:4: parse error")]
    [InlineData("/api/v1/query?query=up%ZZ", "percent signs")]
    [InlineData("/api/v1/query?query=up%2", "percent signs")]
    [InlineData("/api/v1/query?query=%FF", "UTF-8")]
    [InlineData("/api/v1/query?query=up%00", "NUL")]
    [InlineData("/api/v1/query?query=up&unknown=%C0%AF", "UTF-8")]
    [InlineData("/api/v1/series", "no match[] parameter provided")]
    [InlineData("/api/v1/series?match[0]=up", "no match[] parameter provided")]
    [InlineData("/api/v1/series?match[]=", "parse error")]
    [InlineData("/api/v1/series?match[]=sum(up)", "parse error")]
    [InlineData("/api/v1/series?match[]=%7B%7D", "match[]")]
    [InlineData("/api/v1/labels?match[]=up%7B", "invalid parameter \"match[]\": 1:4: parse error")]
    public async Task Invalid_input_is_bad_data_with_the_reason(string target, string message)
    {
        using var response = await Gateway.GetAsync(target);
        await AssertBadDataAsync(response, message);
    }

    [Theory]
    [InlineData("application/json", "{\"query\":\"up\"}")]
    [InlineData("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\nup\r\n--x--\r\n")]
    [InlineData("text/plain", "query=up")]
    [InlineData("application/x-www-form-urlencoded; charset=utf-16", "query=up")]
    public async Task Other_content_types_than_forms_are_415(string contentType, string body)
    {
        using var content = new ByteArrayContent(Encoding.ASCII.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        using var response = await Gateway.SendAsync(RunningGateway.TenantA, HttpMethod.Post, "/api/v1/query", content);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        Assert.Empty(Prometheus.Requests);
    }

    [Fact]
    public async Task A_compressed_form_is_415()
    {
        using var content = new StringContent("query=up", Encoding.ASCII, Form);
        content.Headers.ContentEncoding.Add("gzip");
        using var response = await Gateway.SendAsync(RunningGateway.TenantA, HttpMethod.Post, "/api/v1/query", content);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_form_over_one_mebibyte_is_413(bool withLength)
    {
        var bytes = Encoding.ASCII.GetBytes("query=up&x=" + new string('x', 1 << 20));
        using HttpContent content = withLength ? new ByteArrayContent(bytes) : new StreamContent(new Unsized(bytes));
        content.Headers.ContentType = new(Form);
        using var response = await Gateway.SendAsync(RunningGateway.TenantA, HttpMethod.Post, "/api/v1/query", content);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Empty(Prometheus.Requests);
    }

    [Fact]
    public async Task A_form_of_one_mebibyte_is_accepted()
    {
        var form = "query=up&x=";
        using var response = await Gateway.PostAsync("/api/v1/query", form + new string('x', (1 << 20) - form.Length));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(["query", "timeout"], Prometheus.SingleRequest.Parameters.Keys);
    }

    [Fact]
    public async Task Requests_with_too_many_selectors_are_rejected()
    {
        using var selectors = await Gateway.PostAsync("/api/v1/series", string.Join('&', Enumerable.Repeat("match[]=a", 1001)));
        using var expression = await Gateway.PostAsync("/api/v1/query", "query=" + string.Join("%2B", Enumerable.Repeat("a", 5000)));
        await AssertBadDataAsync(selectors, "more than 1000 match[]");
        await AssertBadDataAsync(expression, "parse error");
    }

    [Fact]
    public async Task A_GET_with_a_body_is_rejected()
    {
        using var response = await Gateway.SendAsync(
            RunningGateway.TenantA,
            HttpMethod.Get,
            "/api/v1/query?query=up",
            new StringContent("query=b", Encoding.ASCII, Form)
        );
        await AssertBadDataAsync(response, "must not have a body");
    }

    private static string[] Plain(ReceivedRequest request) =>
        [
            .. request
                .Parameters.Where(p => p.Key is not ("query" or "match[]"))
                .Select(p => $"{p.Key}={p.Value}")
                .Order(StringComparer.Ordinal),
        ];

    private async Task AssertBadDataAsync(HttpResponseMessage response, string message)
    {
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal("error", json.RootElement.GetProperty("status").GetString());
        Assert.Equal("bad_data", json.RootElement.GetProperty("errorType").GetString());
        Assert.Contains(message, json.RootElement.GetProperty("error").GetString());
        Assert.DoesNotContain(Prometheus.Requests, r => r.Path == "/api/v1/query");
    }

    /// <summary>A stream of unknown length, so that it is sent in chunks.</summary>
    private sealed class Unsized(byte[] content) : MemoryStream(content)
    {
        public override bool CanSeek => false;
    }
}
