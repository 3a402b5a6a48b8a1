using System.Net;
using System.Text.Json.Nodes;
using AivenMetrics.Commands;
using AivenMetrics.Testing.Gateway;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Responses;

/// <summary>The gateway's own paths, and the command <c>explain</c> that reads them.</summary>
public sealed class ExplainResponseTests : GatewayTestBase
{
    private const string Nodes = """
        {"resultType":"vector","result":[
          {"metric":{"__name__":"up","aiven_service_name":"pg-2","aiven_service_type":"pg","instance":"n3:9273"},"value":[1,"0"]},
          {"metric":{"__name__":"up","aiven_service_name":"pg-1","aiven_service_type":"pg","aiven_plan":"business-4",
            "service_instance_id":"one","instance":"n2:9273"},"value":[1,"1"]},
          {"metric":{"__name__":"up","aiven_service_name":"pg-1","aiven_service_type":"pg","aiven_plan":"business-4",
            "service_instance_id":"one","instance":"n1:9273"},"value":[1,"0"]}]}
        """;

    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    protected override Task<RunningGateway> StartGatewayAsync()
    {
        Prometheus.RespondWithData(Nodes);
        return base.StartGatewayAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await base.DisposeAsync();
        await _output.DisposeAsync();
        await _error.DisposeAsync();
    }

    [Fact]
    public async Task Services_in_scope_are_listed_with_whether_samples_arrive()
    {
        using var response = await Gateway.GetAsync("/aivenmetrics/v1/services");
        Assert.Equal(
            """
            {"status":"success","data":{"services":[
            {"name":"pg-1","type":"pg","plan":"business-4","service_instance_id":"one","samples_arrive":true,
            "nodes":[{"instance":"n1:9273","up":false},{"instance":"n2:9273","up":true}]},
            {"name":"pg-2","type":"pg","samples_arrive":false,"nodes":[{"instance":"n3:9273","up":false}]}]}}
            """.ReplaceLineEndings(""),
            await response.Content.ReadAsStringAsync()
        );
        Assert.Equal(("/api/v1/query", "up{space_id=\"a\"}"), (Prometheus.SingleRequest.Path, Prometheus.SingleRequest.Query));
    }

    [Fact]
    public async Task A_query_is_explained_with_the_scoped_query()
    {
        using var response = await Gateway.PostAsync("/aivenmetrics/v1/explain", "query=topk(scalar(b),up)");
        var data = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["data"]!;
        Assert.Equal("topk(scalar(b),up)", data["query"]!.GetValue<string>());
        Assert.Equal("topk(scalar(b{space_id=\"a\"}), up{space_id=\"a\"})", data["scoped_query"]!.GetValue<string>());
        Assert.Equal(
            ("tenant-a", "space", "{space_id=\"a\"}"),
            (data["username"]!.GetValue<string>(), data["plan"]!.GetValue<string>(), data["scope"]!.GetValue<string>())
        );
        Assert.Equal(65536, data["limits"]!["query_characters"]!.GetValue<int>());
        Assert.Equal(2, data["services"]!.AsArray().Count);
        Assert.Equal("up{space_id=\"a\"}", Prometheus.SingleRequest.Query);
    }

    [Fact]
    public async Task A_query_above_a_limit_is_explained_with_the_reason_for_its_rejection()
    {
        Assert.Equal(
            0,
            await RunAsync($$$"""{"url":"{{{Gateway.Url}}}","username":"tenant-a","password":"secret-of-a:x"}""", "rate(x[1y])")
        );
        Assert.Contains("sent as     rate(x{space_id=\"a\"}[1y])", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains(
            "rejected    The time range is too long: a range in this query, plus the ranges of the subqueries around it, is 365d",
            _output.ToString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Without_a_server_everything_except_services_is_explained()
    {
        await using var gateway = await RunningGateway.StartAsync(RunningGateway.ClosedUrl());
        using var response = await gateway.GetAsync("/aivenmetrics/v1/explain?query=up");
        var data = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["data"]!;
        Assert.Equal(("up{space_id=\"a\"}", null), (data["scoped_query"]!.GetValue<string>(), data["services"]));

        Assert.Equal(0, await RunAsync($$"""{"url":"{{gateway.Url}}","username":"tenant-a","password":"secret-of-a:x"}""", "up"));
        Assert.Contains("services    unknown: no metrics server", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_reports_a_server_that_is_no_gateway_and_an_output_that_cannot_be_written()
    {
        Prometheus.Respond = context => ScriptedPrometheus.WriteAsync(context, 404, "404 page not found", "text/plain");
        Assert.Equal(1, await RunAsync($$"""{"url":"{{Prometheus.Url}}","username":"u","password":"p"}""", "up"));
        Assert.Contains("is not an AivenMetrics gateway", _error.ToString(), StringComparison.Ordinal);

        Prometheus.RespondWithData(Nodes);
        await using var full = new StreamWriter(new FullDisk()) { AutoFlush = true };
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, $$"""{"url":"{{Gateway.Url}}","username":"tenant-a","password":"secret-of-a:x"}""");
        Assert.Equal(1, await ExplainCommand.RunAsync(file, "up", full, _error, default));
        Assert.Contains("cannot be written: No space left", _error.ToString(), StringComparison.Ordinal);
        File.Delete(file);
    }

    [Fact]
    public async Task A_query_that_cannot_be_parsed_is_not_explained()
    {
        using var response = await Gateway.GetAsync("/aivenmetrics/v1/explain?query=up%7B");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("parse error", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(Prometheus.Requests);
    }

    [Fact]
    public async Task The_command_prints_the_explanation_as_text()
    {
        var code = await RunAsync(
            $$$"""{"credentials":{"url":"{{{Gateway.Url}}}","username":"tenant-a","password":"secret-of-a:x"}}""",
            "sum(up)"
        );
        Assert.Equal("", _error.ToString());
        Assert.Equal(
            """
            credential  tenant-a, plan space
            scope       {space_id="a"}
            query       sum(up)
            sent as     sum(up{space_id="a"})
            limits      query_characters 65536, query_selectors 1000, regex_size 100000, body_bytes 1048576, answer_begins_within_seconds 20, concurrent_queries 1000, queued_queries 50, queue_seconds 10, requests_per_second 1000000, request_burst 1000000, query_range_seconds 8035200, query_points 11000, subquery_points 250000, query_timeout_seconds 60, response_bytes 268435456, series 50000
            services
              pg-1 (pg): samples arrive from 1 of 2 nodes
              pg-2 (pg): samples arrive from 0 of 1 nodes

            """,
            _output.ToString()
        );
        Assert.Equal(0, code);
    }

    [Theory]
    [InlineData("sum(", "tenant-a", 1, "400: invalid parameter")]
    [InlineData("up", "nobody", 1, "401: The credentials are wrong, or their binding was deleted.")]
    public async Task The_command_prints_the_error_of_the_gateway(string query, string username, int code, string message)
    {
        Assert.Equal(code, await RunAsync($$"""{"url":"{{Gateway.Url}}","username":"{{username}}","password":"secret-of-a:x"}""", query));
        Assert.Contains(message, _error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", _error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("""{"url":"ftp://x","username":"u"}""")]
    [InlineData("""{"url":"http://x"}""")]
    public async Task The_command_requires_credentials(string text)
    {
        Assert.Equal(2, await RunAsync(text, "up"));
        Assert.Contains("does not contain credentials", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_reports_an_unreachable_gateway_and_a_missing_file()
    {
        Assert.Equal(1, await RunAsync($$"""{"url":"{{RunningGateway.ClosedUrl()}}","username":"u","password":"p"}""", "up"));
        Assert.Contains("did not respond", _error.ToString(), StringComparison.Ordinal);
        Assert.Equal(2, await ExplainCommand.RunAsync("/nowhere/at/all.json", "up", _output, _error, default));
        Assert.Contains("cannot be read", _error.ToString(), StringComparison.Ordinal);
    }

    private sealed class FullDisk : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("No space left on device");

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new IOException("No space left on device");
    }

    private async Task<int> RunAsync(string credentials, string query)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, credentials);
            return await ExplainCommand.RunAsync(file, query, _output, _error, default);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
