using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Filtering;

public sealed class UpstreamErrorsTests : IAsyncLifetime
{
    private ScriptedPrometheus prometheus = null!;
    private RunningGateway gateway = null!;

    public async ValueTask InitializeAsync()
    {
        prometheus = await ScriptedPrometheus.StartAsync();
        gateway = await RunningGateway.StartAsync(prometheus.Url);
    }

    public async ValueTask DisposeAsync()
    {
        await gateway.DisposeAsync();
        await prometheus.DisposeAsync();
    }

    /// <summary>Errors as Prometheus and others say them of <c>up{space_id="a"}</c>, and what the tenant, who asked for <c>up</c>, reads.</summary>
    [Theory]
    [InlineData(400, "bad_data", "invalid parameter \"query\": 1:8: parse error: unknown function with name \"foo\"", "invalid parameter \"query\": parse error: unknown function with name \"foo\"")]
    [InlineData(400, "bad_data", "1:18: parse error: unexpected character in `up{space_id=\"a\"}`", "the metrics store refused this query: its version may lack something that the query uses")]
    [InlineData(422, "422", "error when executing query=\"up{space_id=\\\"a\\\"}\" for (time=1)", "the metrics store refused this query: its version may lack something that the query uses")]
    [InlineData(400, "bad_data", "invalid parameter \"query\": invalid expression type \"range vector\" for range query, must be Scalar or instant Vector", null)]
    [InlineData(400, "bad_data", "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)", null)]
    [InlineData(422, "execution", "found duplicate series for the match group {} on the right hand-side of the operation: [{space_id=\"a\"}, {space_id=\"a\", x=\"y\"}]", null)]
    public async Task No_error_quotes_the_query_that_the_tenant_did_not_write(int status, string errorType, string said, string? told)
    {
        var error = new JsonObject { ["status"] = "error", ["errorType"] = errorType, ["error"] = said };
        prometheus.Answer = context => ScriptedPrometheus.WriteAsync(context, status, error.ToJsonString());

        using var response = await gateway.GetAsync("/api/v1/query?query=up");
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal((errorType, told ?? said), (answer["errorType"]!.GetValue<string>(), answer["error"]!.GetValue<string>()));
    }

    [Theory]
    [InlineData("gzip", false)]
    [InlineData("zstd", false)]
    [InlineData("gzip", true)]
    [InlineData("zstd", true)]
    public async Task A_compressed_error_is_read_too(string encoding, bool broken)
    {
        var text = Encoding.UTF8.GetBytes("""{"status":"error","errorType":"bad_data","error":"1:1: parse error: `up{space_id=\"a\"}`"}""");
        using var compressed = new MemoryStream();
        using (Stream stream = encoding == "gzip" ? new GZipStream(compressed, CompressionLevel.Fastest, true) : new ZstdSharp.CompressionStream(compressed, leaveOpen: true))
            stream.Write(text);
        var body = broken ? compressed.ToArray()[4..] : compressed.ToArray();
        prometheus.Answer = async context =>
        {
            context.Response.StatusCode = 400;
            context.Response.ContentType = "application/json";
            context.Response.Headers.ContentEncoding = encoding;
            await context.Response.Body.WriteAsync(body);
        };

        using var response = await gateway.SendAsync(RunningGateway.A, HttpMethod.Get, "/api/v1/query?query=up", null, ("Accept-Encoding", encoding));

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Empty(response.Content.Headers.ContentEncoding);
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.StartsWith("the metrics store refused this query", json.RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(encoding, prometheus.Only.Headers["Accept-Encoding"].ToString());
    }
}
