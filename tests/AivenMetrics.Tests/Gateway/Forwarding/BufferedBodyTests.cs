using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.Forwarding;
using AivenMetrics.Testing.Gateway;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Forwarding;

/// <summary>
/// Responses that the gateway reads completely before it sends anything: incomplete and malformed ones.
/// </summary>
public sealed class BufferedBodyTests : ProbedPairTestBase
{
    private const string Query = "/api/v1/query?query=up";
    private const string Range = "/api/v1/query_range?query=up&start=1&end=2&step=1";
    private const string Federation = "/federate?match[]=up";
    private const string Error = """{"status":"error","errorType":"execution","error":"no"}""";

    protected override Task<RunningGateway> StartGatewayAsync()
    {
        Second.Respond = context =>
            context.Request.Path == "/federate"
                ? ScriptedPrometheus.WriteAsync(context, 200, "up 1\n", "text/plain")
                : ScriptedPrometheus.WriteAsync(context, 200, ScriptedPrometheus.EmptyVector);
        return StartAsync();
    }

    public static IEnumerable<TheoryDataRow<string, int, string>> Broken =>
        from target in new (string Path, int Status)[]
        {
            ("/api/v1/targets", 200),
            ("/aivenmetrics/v1/services", 200),
            (Federation, 200),
            (Query, 422),
            (Federation, 422),
            ("/api/v1/rules", 500),
        }
        from way in new[] { "short", "chunk", "half", "encoding" }
        // Errors of a federation are plain text.
        where way != "half" || target is not (Federation, 422)
        select new TheoryDataRow<string, int, string>(target.Path, target.Status, way);

    [Theory]
    [MemberData(nameof(Broken))]
    public async Task A_broken_response_is_retried_at_the_next_destination(string target, int status, string way)
    {
        First.FederatedSeries = null;
        First.Respond = context => BreakAsync(context, status, way);

        using var response = await Gateway.GetAsync(target);

        Assert.Equal((HttpStatusCode.OK, "prometheus-2"), (response.StatusCode, Instance(response)));
    }

    [Theory]
    [MemberData(nameof(Broken))]
    public async Task A_broken_response_of_the_only_destination_is_503(string target, int status, string way)
    {
        await using var gateway = await RunningGateway.StartAsync(First.Url);
        First.FederatedSeries = null;
        First.Respond = context => BreakAsync(context, status, way);

        using var response = await gateway.GetAsync(target);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Contains("\"errorType\":\"unavailable\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain(gateway.Log, line => line.Contains("Exception", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Repeated_broken_responses_switch_the_primary()
    {
        First.Respond = context => BreakAsync(context, 200, "short");
        for (var i = 0; i < 3; i++)
        {
            (await Gateway.GetAsync("/api/v1/targets")).Dispose();
        }

        Assert.Equal("prometheus-2", Destinations.Primary.Name);
    }

    [Fact]
    public async Task A_destination_that_hangs_within_a_body_is_replaced_by_the_next()
    {
        string[] targets =
        [
            "/api/v1/targets",
            "/api/v1/metadata",
            "/aivenmetrics/v1/services",
            Federation,
            Range,
            "/api/v1/query_exemplars?query=up",
        ];
        var begun = 0;
        First.FederatedSeries = null;
        First.Respond = async context =>
        {
            await BeginAsync(
                context,
                context.Request.Path.Value switch
                {
                    "/api/v1/query_range" => 422,
                    "/api/v1/query_exemplars" => 503,
                    _ => 200,
                }
            );
            if (Interlocked.Increment(ref begun) == targets.Length)
            {
                First.Hang = new();
            }
            await Task.Delay(TimeSpan.FromMinutes(1), context.RequestAborted);
        };
        var started = Stopwatch.GetTimestamp();

        var answers = await Task.WhenAll(targets.Select(Gateway.GetAsync));

        Assert.All(answers, answer => Assert.Equal((HttpStatusCode.OK, "prometheus-2"), (answer.StatusCode, Instance(answer))));
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(10), "the gateway waited for the hung destination");
        Assert.Equal(targets.Length, begun);
        Assert.Equal(DestinationHealth.Hung, Destinations.All[0].Health);
    }

    [Fact]
    public async Task A_response_that_has_started_is_not_hedged()
    {
        await using var hedging = await RunningGateway.StartAsync(First.Url, Second.Url);
        (await hedging.GetAsync("/api/v1/targets")).Dispose();
        First.Respond = LateEndAsync;

        using var response = await hedging.GetAsync("/api/v1/targets");

        Assert.Equal((HttpStatusCode.OK, "prometheus-1"), (response.StatusCode, Instance(response)));
        Assert.Equal(0, hedging.Provider.GetRequiredService<HedgingBudget>().HedgedRequests);
    }

    [Theory]
    [InlineData("/api/v1/targets", 200)]
    [InlineData(Range, 422)]
    public async Task A_body_that_does_not_end_is_504_without_a_retry(string target, int status)
    {
        await using var gateway = await StartAsync(TimeSpan.FromSeconds(1));
        First.Respond = async context =>
        {
            await BeginAsync(context, status);
            await Task.Delay(TimeSpan.FromSeconds(30), context.RequestAborted);
        };

        using var response = await gateway.GetAsync(target);

        Assert.Equal(HttpStatusCode.GatewayTimeout, response.StatusCode);
        Assert.Empty(Second.Requests);
    }

    [Fact]
    public async Task A_disconnected_client_cancels_the_upstream_request()
    {
        var cancelled = new TaskCompletionSource();
        First.Respond = async context =>
        {
            context.RequestAborted.Register(() => cancelled.TrySetResult());
            await BeginAsync(context, 200);
            await cancelled.Task;
        };

        _ = await Gateway.SendRawAsync(
            Encoding.ASCII.GetBytes(
                $"GET /api/v1/targets HTTP/1.0\r\nHost: g\r\nAuthorization: {RunningGateway.Basic(RunningGateway.TenantA)}\r\n\r\n"
            ),
            TimeSpan.FromSeconds(1)
        );

        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Empty(Second.Requests);
        Assert.Equal(DestinationHealth.Healthy, Destinations.Primary.Health);
    }

    [Fact]
    public async Task A_response_that_is_too_large_is_not_retried()
    {
        First.Respond = async context =>
        {
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync("{\"status\":\"success\",\"data\":\"" + new string('x', 33 << 20));
        };

        using var response = await Gateway.GetAsync("/api/v1/targets");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        Assert.Empty(Second.Requests);
    }

    /// <summary>A tenant can make VictoriaMetrics quote bytes that are not UTF-8. This does not count as a failure of the server.</summary>
    [Theory]
    [InlineData("422", "x \\ud800 y", "x \ufffd y")]
    [InlineData("422", "x \\udc00\\ud800\\n", "x \ufffd\ufffd\n")]
    [InlineData("422", "\\ud83d\\ude00 \\\\ud800", "\U0001F600 \\ud800")]
    [InlineData("422", "x \u00ff\u00fe y", "x \ufffd\ufffd y")]
    [InlineData("execution", "x \u00ff y", "x \ufffd y")]
    public async Task An_error_with_invalid_text_is_forwarded_with_replacement_characters(string type, string text, string reported)
    {
        // Latin-1 encodes each character as one byte.
        First.Respond = async context =>
        {
            context.Response.StatusCode = 422;
            context.Response.ContentType = "application/json";
            await context.Response.Body.WriteAsync(
                Encoding.Latin1.GetBytes($$"""{"status":"error","errorType":"{{type}}","error":"{{text}}"}""")
            );
        };

        for (var i = 0; i < 4; i++)
        {
            using var response = await Gateway.GetAsync(Query);
            Assert.Equal((422, "prometheus-1"), ((int)response.StatusCode, Instance(response)));
            Assert.Equal(reported, JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!.GetValue<string>());
        }
    }

    [Theory]
    [InlineData("/api/v1/targets")]
    [InlineData("/api/v1/rules")]
    [InlineData("/api/v1/alerts")]
    [InlineData("/aivenmetrics/v1/services")]
    public async Task A_filtered_response_with_invalid_text_contains_the_rest(string target)
    {
        const string mine = "\"labels\":{\"space_id\":\"a\",\"x\\ud800\":\"\\udc00\"}";
        const string others = "\"labels\":{\"space_id\":\"\\ud800\"}";
        First.RespondWithData(
            $$"""
            {"activeTargets":[{{{mine}},"scrapeUrl":"\ud800"},{{{others}}}],"alerts":[{{{mine}}},{{{others}}}],
             "groups":[{"name":"\ud800","rules":[{{{mine}},"name":"\ud800"},{{{others}}}]}],
             "result":[{"metric":{"aiven_service_name":"\ud800"},"value":[1,"1"]}]}
            """
        );

        using var response = await Gateway.GetAsync(target);

        Assert.Equal((HttpStatusCode.OK, "prometheus-1"), (response.StatusCode, Instance(response)));
        Assert.Contains("\\uFFFD", await response.Content.ReadAsStringAsync(), StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Starts a gateway without hedging, so that a slow machine causes no second request.</summary>
    private Task<RunningGateway> StartAsync(TimeSpan? timeout = null) =>
        RunningGateway.StartAsync(file =>
            new()
            {
                Prometheus = [First.Url, Second.Url],
                TenantsFile = file,
                UpstreamTimeout = timeout ?? TimeSpan.FromSeconds(20),
                Failover = new() { HedgeShare = 0 },
            }
        );

    [Fact]
    public async Task Chunked_encoding_overrides_a_content_length()
    {
        First.Respond = async context =>
        {
            context.Response.ContentType = "application/json";
            context.Response.Headers.TransferEncoding = "chunked";
            context.Response.Headers["content-Length"] = "5";
            await context.Response.WriteAsync("2\r\n{}\r\n0\r\n\r\n");
        };

        using var response = await Gateway.GetAsync(Range);

        Assert.Equal("{}", await response.Content.ReadAsStringAsync());
    }

    private static async Task LateEndAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(ScriptedPrometheus.EmptyVector[..20]);
        await context.Response.Body.FlushAsync();
        await Task.Delay(1500, context.RequestAborted);
        await context.Response.WriteAsync(ScriptedPrometheus.EmptyVector[20..]);
    }

    /// <summary>Sends the headers and the first bytes of a response.</summary>
    private static async Task BeginAsync(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(Error[..10]);
        await context.Response.Body.FlushAsync();
    }

    private static async Task BreakAsync(HttpContext context, int status, string way)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        var body = status == 200 ? ScriptedPrometheus.EmptyVector : Error;
        switch (way)
        {
            case "short":
                context.Response.ContentLength = body.Length + 50;
                break;
            case "chunk":
                context.Response.Headers.TransferEncoding = "chunked";
                body = "no chunk\r\n";
                break;
            case "encoding":
                context.Response.Headers.ContentEncoding = "br";
                break;
            default:
                body = body[..20];
                break;
        }

        await context.Response.WriteAsync(body);
        await context.Response.Body.FlushAsync();
        if (way is "half" or "encoding")
        {
            return;
        }
        // Aborting at once could discard the bytes that were sent.
        await Task.Delay(100, context.RequestAborted);
        context.Abort();
    }

    private static string Instance(HttpResponseMessage response) => response.Headers.GetValues("X-AivenMetrics-Instance").Single();
}
