using System.IO.Compression;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Testing.Gateway;
using AivenMetrics.Tests.Gateway.Responses;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Limits;

/// <summary>Requests below, at and above each limit of a plan.</summary>
public sealed class TenantLimitsTests : IAsyncLifetime
{
    private ScriptedPrometheus _prometheus = null!;
    private RunningGateway _gateway = null!;

    public async ValueTask InitializeAsync()
    {
        _prometheus = await ScriptedPrometheus.StartAsync();
        _gateway = await StartAsync(
            new TenantLimitsOptions
            {
                RequestsPerSecond = 1_000_000,
                RequestBurst = 1_000_000,
                QueryRange = TimeSpan.FromHours(10),
                QueryPoints = 100,
                QueryTimeout = TimeSpan.FromSeconds(30),
                ResponseBytes = 64 << 10,
                Series = 10,
            }
        );
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _prometheus.DisposeAsync();
    }

    [Theory]
    [InlineData("start=0&end=28799&step=3600", 200, null)]
    [InlineData("start=0&end=28800&step=3600", 200, "query_range")]
    [InlineData("start=0&end=36000&step=3600", 200, "query_range")]
    [InlineData("start=0&end=36001&step=3600", 422, "query_range")]
    [InlineData("start=1970-01-01T00:00:00Z&end=1970-01-01T10:00:00.001Z&step=1h", 422, "query_range")]
    [InlineData("start=0x0p0&end=0x8ca1p0&step=1h", 422, "query_range")]
    [InlineData("start=-292273086-05-16T16:47:06Z&end=292277025-08-18T07:12:54.999999999Z&step=1h", 422, "query_range")]
    [InlineData("start=0&end=79&step=1", 200, null)]
    [InlineData("start=0&end=80&step=1", 200, "query_points")]
    [InlineData("start=0&end=100&step=1", 200, "query_points")]
    [InlineData("start=0&end=100.5&step=1", 200, "query_points")]
    [InlineData("start=0&end=101&step=1", 400, "query_points")]
    [InlineData("start=0&end=1&step=9ms", 400, "query_points")]
    [InlineData("start=0&end=101&step=0x1p0", 400, "query_points")]
    [InlineData("start=2&end=1&step=1", 400, "end timestamp must not be before start time")]
    [InlineData("start=0&end=1&step=0", 400, "zero or negative query resolution step")]
    [InlineData("start=0&end=1&step=-1", 400, "zero or negative query resolution step")]
    [InlineData("start=0&end=1", 400, "invalid parameter \\\"step\\\": cannot parse \\\"\\\" to a valid duration")]
    [InlineData("end=1&step=1", 400, "invalid parameter \\\"start\\\": cannot parse \\\"\\\" to a valid timestamp")]
    [InlineData("start=x&end=1&step=1", 400, "invalid parameter \\\"start\\\": cannot parse \\\"x\\\" to a valid timestamp")]
    public async Task The_span_and_the_points_of_a_range_query_are_limited(string parameters, int status, string? message)
    {
        using var response = await _gateway.GetAsync($"/api/v1/query_range?query=up&{parameters}");
        await AssertResponseAsync(response, status, message);
        Assert.Equal(status == 200 ? 1 : 0, _prometheus.Requests.Count);
    }

    [Theory]
    [InlineData("rate(a[7h])", 200, null)]
    [InlineData("rate(a[8h])", 200, "query_range")]
    [InlineData("rate(a[10h])", 200, "query_range")]
    [InlineData("rate(a[10h1s])", 422, "query_range")]
    [InlineData("max_over_time(rate(a[5h])[5h:1h])", 200, "query_range")]
    [InlineData("max_over_time(rate(a[5h])[6h:1h])", 422, "query_range")]
    [InlineData("topk(scalar(rate(a[11h])), b)", 422, "query_range")]
    [InlineData("sum(a) / sum(rate(b[40000]))", 422, "query_range")]
    [InlineData("rate(a[1h * 11])", 422, "query_range")]
    [InlineData("rate(a[max_of(1h, 11h)])", 422, "query_range")]
    [InlineData("a offset 11h", 200, null)]
    public async Task Ranges_inside_a_query_are_limited(string query, int status, string? message)
    {
        using var response = await _gateway.PostAsync("/api/v1/query", "query=" + Uri.EscapeDataString(query));
        await AssertResponseAsync(response, status, message);
    }

    [Theory]
    [InlineData("", "30")]
    [InlineData("&timeout=", "30")]
    [InlineData("&timeout=29s", "29s")]
    [InlineData("&timeout=30", "30")]
    [InlineData("&timeout=30.5", "30")]
    [InlineData("&timeout=1h", "30")]
    [InlineData("&timeout=0x1p10", "30")]
    [InlineData("&timeout=1_0", "10")]
    public async Task The_timeout_of_a_query_is_the_shorter_one_of_client_and_plan(string parameter, string sent)
    {
        using var response = await _gateway.GetAsync("/api/v1/query?query=up" + parameter);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(sent, _prometheus.SingleRequest.Parameters["timeout"]);
    }

    [Theory]
    [InlineData("/api/v1/query?query=up&timeout=x", "invalid parameter \\\"timeout\\\": cannot parse \\\"x\\\" to a valid duration")]
    [InlineData("/api/v1/query?query=up&lookback_delta=-", "invalid parameter \\\"lookback_delta\\\"")]
    [InlineData("/api/v1/query?query=up&time=yesterday", "invalid parameter \\\"time\\\"")]
    [InlineData("/api/v1/labels?start=now", "invalid parameter \\\"start\\\"")]
    [InlineData("/api/v1/query_exemplars?query=up&start=1&end=x", "invalid parameter \\\"end\\\"")]
    [InlineData("/api/v1/series?match[]=up&limit=-1", "invalid parameter \\\"limit\\\"")]
    public async Task Invalid_parameters_are_rejected_by_the_gateway(string target, string message)
    {
        using var response = await _gateway.GetAsync(target);
        await AssertResponseAsync(response, 400, message);
        Assert.Empty(_prometheus.Requests);
    }

    [Theory]
    [InlineData("/api/v1/query?query=1%2B1&time=4")]
    [InlineData("/api/v1/query_exemplars?query=test&start=1790000000000&end=1790086400000")]
    [InlineData(
        "/api/v1/series?match[]=%7B__name__!%3D%22%22%7D&limit=40000&start=-292273086-05-16T16:47:06Z"
            + "&end=292277025-08-18T07:12:54.999999999Z"
    )]
    [InlineData("/api/v1/query?query=up&lookback_delta=1m")]
    public async Task Common_client_requests_are_forwarded(string target)
    {
        using var response = await _gateway.GetAsync(target);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Single(_prometheus.Requests);
    }

    [Theory]
    [InlineData(1, null, null)]
    [InlineData(7, null, null)]
    [InlineData(8, null, "near the limit series")]
    [InlineData(10, null, "near the limit series")]
    [InlineData(11, null, "(series) 10")]
    [InlineData(5000, null, "(series) 10")]
    [InlineData(6, "5", "results truncated due to limit")]
    [InlineData(5, "5", null)]
    [InlineData(11, "40000", "(series) 10")]
    [InlineData(11, "0", "(series) 10")]
    public async Task Series_beyond_the_limit_are_truncated_with_a_warning(int series, string? limit, string? message)
    {
        _prometheus.RespondWithData(
            $"[{string.Join(',', Enumerable.Range(0, series).Select(i => $"{{\"__name__\":\"m\",\"i\":\"[{i}]\"}}"))}]"
        );
        using var response = await _gateway.GetAsync("/api/v1/series?match[]=m" + (limit is null ? "" : $"&limit={limit}"));

        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.Equal(Math.Min(series, limit == "5" ? 5 : 10), answer["data"]!.AsArray().Count);
        if (message is null)
        {
            Assert.Null(answer["warnings"]);
        }
        else
        {
            Assert.Contains(message, Assert.Single(answer["warnings"]!.AsArray())!.GetValue<string>(), StringComparison.Ordinal);
        }
        Assert.Equal(limit == "5" ? "5" : "11", _prometheus.SingleRequest.Parameters["limit"]);
        Assert.Equal("identity", _prometheus.SingleRequest.Headers["Accept-Encoding"]);
    }

    [Fact]
    public async Task A_truncated_response_is_compressed_if_the_client_accepts_it()
    {
        _prometheus.RespondWithData($"[{string.Join(',', Enumerable.Range(0, 500).Select(i => $"\"v{i}\""))}]");
        using var response = await _gateway.SendAsync(
            RunningGateway.TenantA,
            HttpMethod.Get,
            "/api/v1/label/x/values",
            null,
            ("Accept-Encoding", "gzip, deflate")
        );
        Assert.Equal(["gzip"], response.Content.Headers.ContentEncoding);
        await using var gzip = new GZipStream(await response.Content.ReadAsStreamAsync(), CompressionMode.Decompress);
        Assert.Equal(10, (await JsonNode.ParseAsync(gzip))!["data"]!.AsArray().Count);
    }

    [Fact]
    public async Task Warnings_are_added_to_those_of_the_metrics_store_and_errors_are_unchanged()
    {
        _prometheus.Respond = context =>
            ScriptedPrometheus.WriteAsync(context, 200, """{"status":"success","data":{},"warnings":["own"],"infos":["info"]}""");
        using var response = await _gateway.GetAsync("/api/v1/query_range?query=up&start=0&end=90&step=1");
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.Equal("own", answer["warnings"]![1]!.GetValue<string>());
        Assert.Equal(
            "near the limit query_points of plan \"space\": this query has 90 steps per series; the limit is 100",
            answer["warnings"]![0]!.GetValue<string>()
        );
        Assert.Equal("info", answer["infos"]![0]!.GetValue<string>());

        _prometheus.Respond = context =>
            ScriptedPrometheus.WriteAsync(context, 422, """{"status":"error","errorType":"execution","error":"too many samples"}""");
        using var error = await _gateway.GetAsync("/api/v1/query_range?query=up&start=0&end=90&step=1");
        Assert.Equal("""{"status":"error","errorType":"execution","error":"too many samples"}""", await error.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData(10, 200)]
    [InlineData(11, 422)]
    public async Task A_federation_of_too_many_series_is_rejected_before_it_starts(int series, int status)
    {
        _prometheus.FederatedSeries = series;
        _prometheus.Respond = context => ScriptedPrometheus.WriteAsync(context, 200, "up 1\n", "text/plain");
        using var response = await _gateway.GetAsync("/federate?match[]=up&match[]=down");
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(status == 200 ? 1 : 0, _prometheus.Requests.Count);
        if (status != 200)
        {
            await AssertResponseAsync(response, status, "match[] selects 11 series; plan \\\"space\\\" allows (series) 10");
        }
    }

    [Fact]
    public async Task A_response_whose_content_length_is_too_large_is_rejected_before_it_starts()
    {
        _prometheus.Respond = context =>
        {
            context.Response.ContentLength = (64 << 10) + 1;
            return ScriptedPrometheus.WriteAsync(context, 200, new string(' ', (64 << 10) + 1));
        };
        using var response = await _gateway.GetAsync("/api/v1/query?query=up");
        await AssertResponseAsync(response, 422, "(response_bytes) 65536");
    }

    [Theory]
    [InlineData("/api/v1/query?query=up")]
    [InlineData("/api/v1/series?match[]=up")]
    [InlineData("/api/v1/query_range?query=up&start=0&end=90&step=1")]
    public async Task A_response_that_grows_too_large_is_aborted_and_counted(string target)
    {
        _prometheus.Respond = async context =>
        {
            context.Response.ContentType = "application/json";
            for (var i = 0; i < 20; i++)
            {
                await context.Response.WriteAsync(new string(' ', 16 << 10));
                await context.Response.Body.FlushAsync();
            }
        };
        // The connection may end before the client has read the bytes that were sent, even the headers.
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            using var response = await _gateway.SendAsync(
                RunningGateway.TenantA,
                HttpMethod.Get,
                target,
                null,
                ("Accept-Encoding", "gzip")
            );
            await response.Content.ReadAsByteArrayAsync();
        });
        await _gateway.WaitUntilAsync(
            () => _gateway.Log.Any(line => line.Contains("exceeds the maximum size of the tenant's plan", StringComparison.Ordinal)),
            "the log line"
        );
        await _gateway.WaitUntilAsync(
            () => TenantMetricsEndpointTests.Text(_gateway).Contains("reason=\"response_bytes\"} 1\n", StringComparison.Ordinal),
            "the counter"
        );
        Assert.DoesNotContain(
            "response_bytes_total{space_id=\"a\",plan=\"space\"} 0\n",
            TenantMetricsEndpointTests.Text(_gateway),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("/api/v1/query?query=up")]
    [InlineData("/api/v1/query_range?query=up&start=0&end=90&step=1")]
    public async Task The_bytes_sent_to_a_disconnected_client_are_logged(string target)
    {
        _prometheus.Respond = async context =>
        {
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(new string(' ', 50_000), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        };
        using (var response = await _gateway.GetAsync(target))
        {
            await using var body = await response.Content.ReadAsStreamAsync();
            await body.ReadExactlyAsync(new byte[10_000]);
        }

        await _gateway.WaitUntilAsync(
            () =>
                _gateway.Log.Any(line =>
                    line.Contains(" 499 for tenant-a ", StringComparison.Ordinal)
                    && line.Contains(", 50000 bytes,", StringComparison.Ordinal)
                ),
            "the log line"
        );
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("&timeout=10m", true)]
    [InlineData("&timeout=5s", false)]
    public async Task The_error_of_a_query_that_the_plans_timeout_ended_names_the_plan(string parameters, bool byPlan)
    {
        _prometheus.Respond = context =>
            ScriptedPrometheus.WriteAsync(
                context,
                503,
                """{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}"""
            );
        using var response = await _gateway.GetAsync("/api/v1/query?query=up" + parameters);
        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.Equal((503, "timeout"), ((int)response.StatusCode, error["errorType"]!.GetValue<string>()));
        Assert.Equal(
            "query timed out in expression evaluation"
                + (byPlan ? ": plan \"space\" allows (query_timeout) 30s. Query fewer series, a shorter time or a larger step." : ""),
            error["error"]!.GetValue<string>()
        );
    }

    [Theory]
    [InlineData("info(up)", true)]
    [InlineData("sum(info(rate(up[5m]), {__name__=\"target_info\"}))", true)]
    [InlineData("1 + -(info(up, {}))", true)]
    [InlineData("info(up, {version=~\".+\"})", false)]
    [InlineData("info_metric", false)]
    public async Task A_call_of_info_without_a_label_name_has_a_warning(string query, bool warned)
    {
        using var response = await _gateway.GetAsync("/api/v1/query?query=" + Uri.EscapeDataString(query));
        await AssertResponseAsync(response, 200, warned ? "info() adds no labels unless" : null);
    }

    [Fact]
    public async Task A_response_of_exactly_the_maximum_size_is_forwarded()
    {
        _prometheus.Respond = context => ScriptedPrometheus.WriteAsync(context, 200, new string(' ', 64 << 10));
        using var response = await _gateway.GetAsync("/api/v1/query?query=up");
        Assert.Equal(64 << 10, (await response.Content.ReadAsByteArrayAsync()).Length);
    }

    [Fact]
    public async Task Requests_above_the_rate_are_429_with_a_retry_time()
    {
        await using var slow = await StartAsync(new TenantLimitsOptions { RequestsPerSecond = 1, RequestBurst = 3 });
        List<HttpResponseMessage> answers = [];
        for (var i = 0; i < 20; i++)
        {
            answers.Add(await slow.GetAsync("/api/v1/query?query=up"));
        }

        Assert.InRange(answers.Count(answer => answer.IsSuccessStatusCode), 3, 10);
        var refused = answers.First(answer => !answer.IsSuccessStatusCode);
        await AssertResponseAsync(refused, 429, "plan \\\"space\\\" allows (requests_per_second) 1 requests per second and bursts of 3");
        Assert.Equal("1", refused.Headers.RetryAfter!.ToString());
        Assert.Contains("near the limit requests_per_second", await answers[2].Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("near the limit", await answers[0].Content.ReadAsStringAsync(), StringComparison.Ordinal);
        answers.ForEach(answer => answer.Dispose());
    }

    [Fact]
    public async Task Queries_beyond_a_full_queue_are_429_and_queued_ones_are_answered()
    {
        await using var small = await StartAsync(
            new TenantLimitsOptions
            {
                ConcurrentQueries = 1,
                QueuedQueries = 1,
                RequestsPerSecond = 1000,
            }
        );
        var answer = new TaskCompletionSource();
        _prometheus.Respond = async context =>
        {
            await answer.Task;
            await ScriptedPrometheus.WriteAsync(context, 200, ScriptedPrometheus.EmptyVector);
        };
        var first = small.GetAsync("/api/v1/query?query=up");
        await small.WaitUntilAsync(() => _prometheus.Requests.Count == 1, "the first query");
        var second = small.GetAsync("/api/v1/query?query=up");
        await UntilAsync(small, "queued_queries", 1);

        using var third = await small.GetAsync("/api/v1/query?query=up");
        await AssertResponseAsync(third, 429, "plan \\\"space\\\" allows (concurrent_queries) 1, and 1 more are waiting");
        Assert.NotNull(third.Headers.RetryAfter);
        Assert.Single(_prometheus.Requests);

        answer.SetResult();
        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK], (await Task.WhenAll(first, second)).Select(response => response.StatusCode));
    }

    [Fact]
    public async Task A_disconnected_client_leaves_the_queue_at_once()
    {
        await using var small = await StartAsync(
            new TenantLimitsOptions
            {
                ConcurrentQueries = 1,
                QueuedQueries = 1,
                RequestsPerSecond = 1000,
            }
        );
        var answer = new TaskCompletionSource();
        _prometheus.Respond = async context =>
        {
            await answer.Task;
            await ScriptedPrometheus.WriteAsync(context, 200, ScriptedPrometheus.EmptyVector);
        };
        var first = small.GetAsync("/api/v1/query?query=up");
        await small.WaitUntilAsync(() => _prometheus.Requests.Count == 1, "the first query");
        await small.SendRawAsync(
            System.Text.Encoding.ASCII.GetBytes(
                $"GET /api/v1/query?query=up HTTP/1.1\r\nHost: x\r\nAuthorization: {RunningGateway.Basic(RunningGateway.TenantA)}\r\n\r\n"
            ),
            TimeSpan.FromSeconds(1)
        );

        await UntilAsync(small, "queued_queries", 0);
        answer.SetResult();
        Assert.Equal(HttpStatusCode.OK, (await first).StatusCode);
        Assert.Single(_prometheus.Requests);
    }

    [Fact]
    public async Task A_dashboard_of_thirty_panels_opened_at_once_works_with_the_defaults()
    {
        await using var gateway = await StartAsync(new TenantLimitsOptions());
        _prometheus.Respond = async context =>
        {
            await Task.Delay(50);
            await ScriptedPrometheus.WriteAsync(context, 200, ScriptedPrometheus.EmptyVector);
        };
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 30).Select(_ => gateway.GetAsync("/api/v1/query_range?query=up&start=0&end=2592000&step=3600"))
        );
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        foreach (var answer in answers)
        {
            Assert.DoesNotContain("warnings", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_limits_are_returned_with_their_usage()
    {
        using var response = await _gateway.GetAsync("/aivenmetrics/v1/limits");
        Assert.Equal(
            """
            {"status":"success","data":{"plan":"space","limits":{"concurrent_queries":10,"queued_queries":50,"queue_seconds":10,
            "requests_per_second":1000000,"request_burst":1000000,"query_range_seconds":36000,"query_points":100,
            "subquery_points":250000,"query_timeout_seconds":30,"response_bytes":65536,"series":10},
            "in_use":{"concurrent_queries":0,"queued_queries":0,"request_burst":#}}}
            """.ReplaceLineEndings(""),
            System.Text.RegularExpressions.Regex.Replace(
                await response.Content.ReadAsStringAsync(),
                "(?<=in_use.*request_burst\":)[0-9]+",
                "#"
            )
        );
        Assert.Empty(_prometheus.Requests);
    }

    internal Task<RunningGateway> StartAsync(TenantLimitsOptions plan) =>
        RunningGateway.StartAsync(file => new GatewayOptions
        {
            Prometheus = [_prometheus.Url],
            TenantsFile = file,
            Plans = { ["space"] = plan, ["default"] = new TenantLimitsOptions() },
        });

    private static async Task UntilAsync(RunningGateway gateway, string used, int count)
    {
        for (var i = 0; i < 500; i++)
        {
            using var response = await gateway.GetAsync("/aivenmetrics/v1/limits");
            if (JsonNode.Parse(await response.Content.ReadAsStringAsync())!["data"]?["in_use"]![used]!.GetValue<int>() == count)
            {
                return;
            }
            await Task.Delay(20);
        }

        Assert.Fail($"{used} did not become {count} in 10 s.");
    }

    private static async Task AssertResponseAsync(HttpResponseMessage response, int status, string? message)
    {
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(status == (int)response.StatusCode, $"{(int)response.StatusCode}: {body}");
        using var json = JsonDocument.Parse(body);
        if (message is null)
        {
            Assert.False(json.RootElement.TryGetProperty("warnings", out _), body);
        }
        else
        {
            Assert.Contains(message, body, StringComparison.Ordinal);
        }
        if (status == 422)
        {
            Assert.Equal("execution", json.RootElement.GetProperty("errorType").GetString());
        }
    }
}
