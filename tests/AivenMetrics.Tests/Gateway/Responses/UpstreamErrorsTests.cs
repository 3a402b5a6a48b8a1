using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.Testing.Gateway;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Responses;

public sealed class UpstreamErrorsTests : GatewayTestBase
{
    /// <summary>
    /// Errors of Prometheus and others for <c>up{space_id="a"}</c>, and the errors that the tenant gets, whose query was <c>up</c>.
    /// </summary>
    [Theory]
    [InlineData(
        400,
        "bad_data",
        "invalid parameter \"query\": 1:8: parse error: unknown function with name \"foo\"",
        "invalid parameter \"query\": parse error: unknown function with name \"foo\""
    )]
    [InlineData(400, "bad_data", "1:8: parse error: unknown function with name \"foo\"", "parse error: unknown function with name \"foo\"")]
    [InlineData(
        400,
        "bad_data",
        "invalid parameter \"query\": 12:345: parse error: division by zero",
        "invalid parameter \"query\": parse error: division by zero"
    )]
    [InlineData(
        400,
        "bad_data",
        "invalid parameter \"query\": invalid position: parse error: x",
        "invalid parameter \"query\": parse error: x"
    )]
    [InlineData(400, "bad_data", "expanding series: 1:8: parse error: x", "expanding series: parse error: x")]
    [InlineData(
        400,
        "bad_data",
        "invalid parameter \"query\": 76:83: duration must be greater than 0",
        "invalid parameter \"query\": duration must be greater than 0"
    )]
    [InlineData(422, "execution", "76:83: duration must be greater than 0", "duration must be greater than 0")]
    [InlineData(400, "bad_data", "invalid parameter \"query\": 1:2: 3:4: x", "invalid parameter \"query\": 3:4: x")]
    [InlineData(422, "execution", "invalid regular expression in label_replace(): 1:2: (", null)]
    [InlineData(422, "execution", "invalid regular expression in label_replace(): 1:2: parse error", null)]
    [InlineData(422, "execution", "invalid label name \"1:2: parse error\"", null)]
    [InlineData(422, "execution", "invalid destination label name in label_replace(): 1:2: x", null)]
    [InlineData(422, "execution", "found duplicate series for the match group {x=\"1:2: parse error\"}", null)]
    [InlineData(
        400,
        "bad_data",
        "1:18: parse error: unexpected character in `up{space_id=\"a\"}`",
        "The metrics store rejected this query. Its version may not support all parts of it."
    )]
    [InlineData(
        400,
        "bad_data",
        "invalid parameter \"query\": invalid expression type \"range vector\" for range query, must be Scalar or instant Vector",
        null
    )]
    [InlineData(
        400,
        "bad_data",
        "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
        null
    )]
    [InlineData(
        422,
        "execution",
        "found duplicate series for the match group {} on the right hand-side of the operation: [{space_id=\"a\"}, "
            + "{space_id=\"a\", x=\"y\"}]",
        null
    )]
    public async Task No_error_quotes_the_scoped_query(int status, string errorType, string original, string? reported)
    {
        var error = new JsonObject
        {
            ["status"] = "error",
            ["errorType"] = errorType,
            ["error"] = original,
        };
        Prometheus.Respond = context => ScriptedPrometheus.WriteAsync(context, status, error.ToJsonString());

        using var response = await Gateway.GetAsync("/api/v1/query?query=up");
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal((errorType, reported ?? original), (answer["errorType"]!.GetValue<string>(), answer["error"]!.GetValue<string>()));
    }

    /// <summary>Errors of VictoriaMetrics: the type is the status, and the text begins with the scoped query.</summary>
    [Theory]
    [InlineData(
        422,
        "422",
        "error when executing query=\"up{space_id=\\\"a\\\"}\" for (time=1)",
        "execution",
        "The metrics store rejected this query. Its version may not support all parts of it."
    )]
    [InlineData(
        422,
        "422",
        "error when executing query=\"up{space_id=\\\"a\\\"}\" for (time=1795425701000, step=300000): unknown func \"info\"",
        "execution",
        "unknown func \"info\""
    )]
    [InlineData(
        422,
        "422",
        "error when executing query=\"a{x=\\\"): \\\"}\" on the time range (start=0, end=1, step=1): cannot evaluate "
            + "\"a{space_id=\\\"a\\\"}\"",
        "execution",
        "The metrics store rejected this query. Its version may not support all parts of it."
    )]
    [InlineData(400, "400", "cannot parse time=foo", "bad_data", "cannot parse time=foo")]
    [InlineData(429, "429", "10.0.0.1 has too many requests", "unavailable", "The metrics store is busy. Try again shortly.")]
    public async Task An_error_of_VictoriaMetrics_is_translated_to_one_of_Prometheus(
        int status,
        string original,
        string text,
        string errorType,
        string reported
    )
    {
        var error = new JsonObject
        {
            ["status"] = "error",
            ["errorType"] = original,
            ["error"] = text,
        };
        Prometheus.Respond = context => ScriptedPrometheus.WriteAsync(context, status, error.ToJsonString());

        using var response = await Gateway.GetAsync("/api/v1/query?query=up");
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;

        Assert.Equal(
            (status, errorType, reported),
            ((int)response.StatusCode, answer["errorType"]!.GetValue<string>(), answer["error"]!.GetValue<string>())
        );
    }

    [Fact]
    public async Task An_error_in_counting_the_series_of_a_federation_is_reported_for_its_selectors()
    {
        const string original = "metric name must not be set twice: \"up\" or \"x\"";
        var error = new JsonObject
        {
            ["status"] = "error",
            ["errorType"] = "bad_data",
            ["error"] = $"invalid parameter \"query\": 1:8: parse error: {original}",
        };
        Prometheus.FederatedSeries = null;
        Prometheus.Respond = context => ScriptedPrometheus.WriteAsync(context, 400, error.ToJsonString());

        using var response = await Gateway.GetAsync("/federate?match[]=up%7B__name__%3D%22x%22%7D");
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Equal($"invalid parameter \"match[]\": parse error: {original}", answer["error"]!.GetValue<string>());
        Assert.Equal("/api/v1/query", Prometheus.SingleRequest.Path);
    }

    [Fact]
    public async Task A_429_in_plain_text_is_returned_without_its_text()
    {
        Prometheus.Respond = context =>
            ScriptedPrometheus.WriteAsync(
                context,
                429,
                "remoteAddr: 10.0.0.1; couldn't start executing the request in 10 seconds",
                "text/plain"
            );

        using var response = await Gateway.GetAsync("/api/v1/query?query=up");

        Assert.Equal(429, (int)response.StatusCode);
        Assert.DoesNotContain("10.0.0.1", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Single(Prometheus.Requests);
    }

    [Theory]
    [InlineData("gzip", false)]
    [InlineData("zstd", false)]
    [InlineData("gzip", true)]
    [InlineData("zstd", true)]
    public async Task A_compressed_error_is_decoded_and_a_corrupt_one_is_503(string encoding, bool broken)
    {
        var text = Encoding.UTF8.GetBytes("""{"status":"error","errorType":"bad_data","error":"1:1: parse error: `up{space_id=\"a\"}`"}""");
        using var compressed = new MemoryStream();
        using (
            Stream stream =
                encoding == "gzip"
                    ? new GZipStream(compressed, CompressionLevel.Fastest, true)
                    : new ZstdSharp.CompressionStream(compressed, leaveOpen: true)
        )
        {
            stream.Write(text);
        }
        var body = broken ? compressed.ToArray()[4..] : compressed.ToArray();
        Prometheus.Respond = async context =>
        {
            context.Response.StatusCode = 400;
            context.Response.ContentType = "application/json";
            context.Response.Headers.ContentEncoding = encoding;
            await context.Response.Body.WriteAsync(body);
        };

        using var response = await Gateway.SendAsync(
            RunningGateway.TenantA,
            HttpMethod.Get,
            "/api/v1/query?query=up",
            null,
            ("Accept-Encoding", encoding)
        );

        Assert.Equal(broken ? 503 : 400, (int)response.StatusCode);
        Assert.Empty(response.Content.Headers.ContentEncoding);
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.StartsWith(
            broken ? "No server of the metrics store can respond" : "The metrics store rejected this query",
            json.RootElement.GetProperty("error").GetString(),
            StringComparison.Ordinal
        );
        Assert.Equal(encoding, Prometheus.SingleRequest.Headers["Accept-Encoding"].ToString());
    }
}
