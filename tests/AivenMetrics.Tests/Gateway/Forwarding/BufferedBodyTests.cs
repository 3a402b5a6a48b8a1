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
/// Answers of which nothing is sent before their end: what becomes of them when there is no end, or another than was said.
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
        // Errors of a federation are bare text.
        where way != "half" || target is not (Federation, 422)
        select new TheoryDataRow<string, int, string>(target.Path, target.Status, way);

    [Theory]
    [MemberData(nameof(Broken))]
    public async Task What_does_not_end_as_it_should_is_asked_of_the_next(string target, int status, string way)
    {
        First.FederatedSeries = null;
        First.Respond = context => BreakAsync(context, status, way);

        using var response = await Gateway.GetAsync(target);

        Assert.Equal((HttpStatusCode.OK, "prometheus-2"), (response.StatusCode, Instance(response)));
    }

    [Theory]
    [MemberData(nameof(Broken))]
    public async Task And_it_is_503_where_nobody_else_is(string target, int status, string way)
    {
        await using var alone = await RunningGateway.StartAsync(First.Url);
        First.FederatedSeries = null;
        First.Respond = context => BreakAsync(context, status, way);

        using var response = await alone.GetAsync(target);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Contains("\"errorType\":\"unavailable\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain(alone.Log, line => line.Contains("Exception", StringComparison.Ordinal));
    }

    [Fact]
    public async Task One_that_does_so_again_and_again_is_left()
    {
        First.Respond = context => BreakAsync(context, 200, "short");
        for (var i = 0; i < 3; i++)
        {
            (await Gateway.GetAsync("/api/v1/targets")).Dispose();
        }

        Assert.Equal("prometheus-2", Destinations.Primary.Name);
    }

    [Fact]
    public async Task One_that_hangs_in_the_middle_of_them_is_left_for_the_next()
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
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(10), "it was waited for");
        Assert.Equal(targets.Length, begun);
        Assert.Equal(DestinationHealth.Hung, Destinations.All[0].Health);
    }

    [Fact]
    public async Task One_whose_answer_has_begun_is_not_late()
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
    public async Task One_that_lives_and_does_not_end_it_is_504_and_the_next_is_spared_the_same(string target, int status)
    {
        await using var soon = await StartAsync(TimeSpan.FromSeconds(1));
        First.Respond = async context =>
        {
            await BeginAsync(context, status);
            await Task.Delay(TimeSpan.FromSeconds(30), context.RequestAborted);
        };

        using var response = await soon.GetAsync(target);

        Assert.Equal(HttpStatusCode.GatewayTimeout, response.StatusCode);
        Assert.Empty(Second.Requests);
    }

    [Fact]
    public async Task A_client_that_goes_in_the_middle_of_it_ends_it_upstream()
    {
        var ended = new TaskCompletionSource();
        First.Respond = async context =>
        {
            context.RequestAborted.Register(() => ended.TrySetResult());
            await BeginAsync(context, 200);
            await ended.Task;
        };

        _ = await Gateway.SendRawAsync(
            Encoding.ASCII.GetBytes(
                $"GET /api/v1/targets HTTP/1.0\r\nHost: g\r\nAuthorization: {RunningGateway.Basic(RunningGateway.TenantA)}\r\n\r\n"
            ),
            TimeSpan.FromSeconds(1)
        );

        await ended.Task.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Empty(Second.Requests);
        Assert.Equal(DestinationHealth.Healthy, Destinations.Primary.Health);
    }

    [Fact]
    public async Task What_is_too_long_would_be_so_on_the_next_too()
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

    /// <summary>A tenant can have VictoriaMetrics quote bytes that are not UTF-8: that says nothing of its health.</summary>
    [Theory]
    [InlineData("422", "x \\ud800 y", "x \ufffd y")]
    [InlineData("422", "x \\udc00\\ud800\\n", "x \ufffd\ufffd\n")]
    [InlineData("422", "\\ud83d\\ude00 \\\\ud800", "\U0001F600 \\ud800")]
    [InlineData("422", "x \u00ff\u00fe y", "x \ufffd\ufffd y")]
    [InlineData("execution", "x \u00ff y", "x \ufffd y")]
    public async Task An_error_with_what_is_no_text_is_still_the_answer(string type, string said, string reported)
    {
        // Latin-1, so that each character is the byte.
        First.Respond = async context =>
        {
            context.Response.StatusCode = 422;
            context.Response.ContentType = "application/json";
            await context.Response.Body.WriteAsync(
                Encoding.Latin1.GetBytes($$"""{"status":"error","errorType":"{{type}}","error":"{{said}}"}""")
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
    public async Task A_filtered_answer_with_what_is_no_text_shows_the_rest(string target)
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

    /// <summary>A gateway that asks nobody twice, however slow this machine is.</summary>
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
    public async Task Of_two_lengths_the_chunks_count()
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

    /// <summary>The first bytes of an answer, and where the rest is to come.</summary>
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
        // What was sent would be lost with the connection if it came with its end.
        await Task.Delay(100, context.RequestAborted);
        context.Abort();
    }

    private static string Instance(HttpResponseMessage response) => response.Headers.GetValues("X-AivenMetrics-Instance").Single();
}
