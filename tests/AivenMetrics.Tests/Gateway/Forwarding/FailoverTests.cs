using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Text;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Testing.Gateway;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Forwarding;

public sealed class FailoverTests : DestinationPairTestBase
{
    private const string Target = "/api/v1/query?query=up";
    private const string Heavy = "/api/v1/query_range?query=up&start=1&end=2&step=1";

    [Fact]
    public async Task The_first_destination_answers_while_it_is_healthy()
    {
        await using var gateway = await RunningGateway.StartAsync(First.Url, Second.Url);
        for (var i = 0; i < 5; i++)
        {
            using var response = await gateway.GetAsync(Target);
            Assert.Equal("prometheus-1", Instance(response));
        }

        Assert.Equal(5, First.Requests.Count);
        Assert.Empty(Second.Requests);
    }

    [Fact]
    public async Task A_refused_connection_is_retried_at_the_next_destination()
    {
        await using var gateway = await RunningGateway.StartAsync(RunningGateway.ClosedUrl(), Second.Url);
        using var response = await gateway.GetAsync(Target);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("prometheus-2", Instance(response));
    }

    [Theory]
    [InlineData(502, "text/html")]
    [InlineData(503, "text/plain")]
    [InlineData(503, "application/json")]
    [InlineData(504, "text/plain")]
    [InlineData(404, "text/plain")]
    [InlineData(401, "text/plain")]
    [InlineData(302, "text/html")]
    [InlineData(200, "text/html")]
    public async Task A_response_of_no_query_engine_is_retried_at_the_next_destination(int status, string contentType)
    {
        First.Respond = context => ScriptedPrometheus.WriteAsync(context, status, "{}", contentType);
        await using var gateway = await RunningGateway.StartAsync(First.Url, Second.Url);
        using var response = await gateway.GetAsync(Target);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("prometheus-2", Instance(response));
        Assert.Single(First.Requests);
        Assert.Equal(First.SingleRequest.Query, Second.SingleRequest.Query);
        Assert.Equal(First.SingleRequest.Headers["Content-Length"], Second.SingleRequest.Headers["Content-Length"]);
    }

    [Fact]
    public async Task A_connection_lost_before_the_headers_is_retried_at_the_next_destination()
    {
        First.Respond = context =>
        {
            context.Abort();
            return Task.CompletedTask;
        };
        await using var gateway = await RunningGateway.StartAsync(First.Url, Second.Url);
        using var response = await gateway.PostAsync("/api/v1/query", "query=up");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("prometheus-2", Instance(response));
    }

    [Theory]
    [InlineData(400, "bad_data")]
    [InlineData(422, "execution")]
    [InlineData(503, "timeout")]
    [InlineData(503, "canceled")]
    [InlineData(500, "internal")]
    public async Task An_error_of_the_query_engine_is_forwarded(int status, string errorType)
    {
        var body = $$"""{"status":"error","errorType":"{{errorType}}","error":"as it said"}""";
        First.Respond = context => ScriptedPrometheus.WriteAsync(context, status, body);
        await using var gateway = await RunningGateway.StartAsync(First.Url, Second.Url);
        // The request sets its own timeout: the message of a timeout of the plan differs.
        using var response = await gateway.GetAsync(Target + "&timeout=5s");
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(body, await response.Content.ReadAsStringAsync());
        Assert.Empty(Second.Requests);
    }

    [Fact]
    public async Task A_compressed_timeout_of_the_query_engine_is_forwarded()
    {
        First.Respond = async context =>
        {
            context.Response.StatusCode = 503;
            context.Response.ContentType = "application/json";
            context.Response.Headers.ContentEncoding = "gzip";
            await using var gzip = new GZipStream(context.Response.Body, CompressionLevel.Fastest);
            await gzip.WriteAsync(Encoding.UTF8.GetBytes("""{"status":"error","errorType":"timeout","error":"query timed out"}"""));
        };
        await using var gateway = await RunningGateway.StartAsync(First.Url, Second.Url);
        using var response = await gateway.SendAsync(
            RunningGateway.TenantA,
            HttpMethod.Get,
            Target + "&timeout=5s",
            null,
            ("Accept-Encoding", "gzip")
        );
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(["gzip"], response.Content.Headers.ContentEncoding);
        await using var text = new GZipStream(await response.Content.ReadAsStreamAsync(), CompressionMode.Decompress);
        Assert.Contains("query timed out", await new StreamReader(text).ReadToEndAsync());
        Assert.Empty(Second.Requests);
    }

    [Fact]
    public async Task Without_a_usable_destination_requests_are_503_at_once()
    {
        await using var gateway = await RunningGateway.StartAsync(RunningGateway.ClosedUrl(), RunningGateway.ClosedUrl());
        var started = Stopwatch.GetTimestamp();
        using var response = await gateway.GetAsync(Target);
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(2), "503 took too long");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        var body = await response.Content.ReadAsStringAsync();
        Assert.Contains("\"errorType\":\"unavailable\"", body);
        Assert.Contains("prometheus-1 cannot be reached, prometheus-2 cannot be reached", body);
        Assert.DoesNotContain("127.0.0.1", body);
        Assert.True(response.Headers.RetryAfter?.Delta > TimeSpan.Zero);
    }

    [Fact]
    public async Task The_next_request_tries_a_failed_only_destination_again()
    {
        First.Respond = context => ScriptedPrometheus.WriteAsync(context, 503, "starting", "text/plain");
        await using var gateway = await RunningGateway.StartAsync(First.Url);
        using var failed = await gateway.GetAsync(Target);
        First.Respond = context => ScriptedPrometheus.WriteAsync(context, 200, ScriptedPrometheus.EmptyVector);
        using var answered = await gateway.GetAsync(Target);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, failed.StatusCode);
        Assert.Equal(HttpStatusCode.OK, answered.StatusCode);
    }

    [Fact]
    public async Task Repeated_failures_switch_the_primary_until_the_return_time_has_passed()
    {
        var time = new FakeTimeProvider();
        await using var gateway = await RunningGateway.StartAsync(
            file =>
                new()
                {
                    Prometheus = [First.Url, Second.Url],
                    TenantsFile = file,
                    Failover = new() { ReturnAfter = TimeSpan.FromSeconds(30) },
                },
            time
        );
        var destinations = gateway.Provider.GetRequiredService<DestinationPool>();
        await gateway.WaitUntilAsync(() => destinations.All.All(d => d.IsUsable), "the first probe of both");
        First.Respond = context => ScriptedPrometheus.WriteAsync(context, 502, "", "text/plain");
        for (var i = 0; i < 3; i++)
        {
            using var moved = await gateway.GetAsync(Target);
            Assert.Equal("prometheus-2", Instance(moved));
        }

        First.Respond = context => ScriptedPrometheus.WriteAsync(context, 200, ScriptedPrometheus.EmptyVector);

        // The first destination answers probes again, but the return time has not passed.
        await AdvanceAsync(time, TimeSpan.FromSeconds(20));
        using var early = await gateway.GetAsync(Target);
        await AdvanceAsync(time, TimeSpan.FromSeconds(20));
        await gateway.WaitUntilAsync(
            () => destinations.Primary.Name == "prometheus-1",
            "the return",
            () => time.Advance(TimeSpan.FromMilliseconds(500))
        );
        using var late = await gateway.GetAsync(Target);

        Assert.Equal("prometheus-2", Instance(early));
        Assert.Equal("prometheus-1", Instance(late));
        Assert.Equal(4, First.Requests.Count);
        Assert.Equal(2, destinations.Switches);
    }

    [Fact]
    public async Task A_destination_with_failed_probes_is_not_tried_first()
    {
        First.Version = null;
        await using var gateway = await RunningGateway.StartAsync(First.Url, Second.Url);
        var destinations = gateway.Provider.GetRequiredService<DestinationPool>();
        await gateway.WaitUntilAsync(() => destinations.Primary.Name == "prometheus-2", "the failed probe");
        using var response = await gateway.GetAsync(Target);
        Assert.Equal("prometheus-2", Instance(response));
        Assert.Empty(First.Requests);
    }

    [Fact]
    public async Task The_reported_version_is_the_lowest_of_all_destinations()
    {
        First.Version = "3.1.0";
        Second.Version = "v2.9.1-rc.0";
        await using var gateway = await RunningGateway.StartAsync(First.Url, Second.Url);
        var destinations = gateway.Provider.GetRequiredService<DestinationPool>();
        await gateway.WaitUntilAsync(() => destinations.LowestVersion() == "2.9.1", "both versions");
    }

    [Fact]
    public async Task A_timeout_is_504_without_a_retry()
    {
        First.Respond = async context => await Task.Delay(TimeSpan.FromSeconds(30), context.RequestAborted);
        await using var gateway = await RunningGateway.StartAsync(
            [First.Url, Second.Url],
            RunningGateway.DefaultTenants,
            timeout: TimeSpan.FromSeconds(1)
        );
        using var response = await gateway.GetAsync(Heavy);
        Assert.Equal(HttpStatusCode.GatewayTimeout, response.StatusCode);
        Assert.Contains("\"errorType\":\"timeout\"", await response.Content.ReadAsStringAsync());
        Assert.Empty(Second.Requests);
    }

    [Fact]
    public async Task A_disconnected_client_cancels_the_upstream_query()
    {
        var cancelled = new TaskCompletionSource();
        First.Respond = async context =>
        {
            context.RequestAborted.Register(() => cancelled.TrySetResult());
            await Task.Delay(TimeSpan.FromSeconds(30), context.RequestAborted);
        };
        await using var gateway = await RunningGateway.StartAsync(First.Url, Second.Url);
        var request = gateway.SendRawAsync(
            Encoding.ASCII.GetBytes(
                $"GET {Heavy} HTTP/1.0\r\nHost: g\r\nAuthorization: {RunningGateway.Basic(RunningGateway.TenantA)}\r\n\r\n"
            ),
            TimeSpan.FromSeconds(1)
        );
        await gateway.WaitUntilAsync(() => !First.Requests.IsEmpty, "the query");
        Assert.False(cancelled.Task.IsCompleted);
        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(15));
        await request;
        Assert.Empty(Second.Requests);
        Assert.Equal(DestinationHealth.Healthy, gateway.Provider.GetRequiredService<DestinationPool>().Primary.Health);
    }

    [Fact]
    public async Task An_aborted_upstream_response_aborts_the_response()
    {
        var begun = new TaskCompletionSource();
        First.Respond = async context =>
        {
            context.Response.ContentType = "application/json";
            context.Response.ContentLength = 1000;
            await context.Response.WriteAsync("{\"status\":\"success\"");
            await context.Response.Body.FlushAsync();
            await begun.Task.WaitAsync(TimeSpan.FromSeconds(10));
            context.Abort();
        };
        await using var gateway = await RunningGateway.StartAsync(First.Url, Second.Url);
        using var response = await gateway.GetAsync(Target);
        begun.SetResult();
        await Assert.ThrowsAsync<HttpRequestException>(() => response.Content.ReadAsStringAsync());
        Assert.Empty(Second.Requests);
    }

    [Fact]
    public async Task A_response_is_streamed()
    {
        var proceed = new TaskCompletionSource();
        First.Respond = async context =>
        {
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync("{\"status\":");
            await context.Response.Body.FlushAsync();
            await proceed.Task.WaitAsync(TimeSpan.FromSeconds(10));
            await context.Response.WriteAsync("\"success\"}");
        };
        await using var gateway = await RunningGateway.StartAsync(First.Url);
        using var response = await gateway.GetAsync(Target);
        await using var body = await response.Content.ReadAsStreamAsync();
        var piece = new byte[64];
        var length = await body.ReadAsync(piece).AsTask().WaitAsync(TimeSpan.FromSeconds(5));
        proceed.SetResult();
        Assert.Equal("{\"status\":", Encoding.ASCII.GetString(piece, 0, length));
        Assert.Equal("\"success\"}", await new StreamReader(body).ReadToEndAsync());
    }

    [Fact]
    public async Task Only_allowed_headers_are_forwarded_in_either_direction()
    {
        First.Respond = async context =>
        {
            context.Response.Headers.SetCookie = "session=1";
            context.Response.Headers.Server = "internal";
            context.Response.Headers["X-Internal"] = "yes";
            context.Response.Headers.AccessControlAllowOrigin = "*";
            await ScriptedPrometheus.WriteAsync(context, 200, ScriptedPrometheus.EmptyVector);
        };
        await using var gateway = await RunningGateway.StartAsync(First.Url);
        using var response = await gateway.SendAsync(
            RunningGateway.TenantA,
            HttpMethod.Get,
            Target,
            null,
            ("X-Scope-OrgID", "b"),
            ("THANOS-TENANT", "b"),
            ("X-Prometheus-Extra", "1"),
            ("Cookie", "a=b"),
            ("Forwarded", "for=1"),
            ("X-Forwarded-For", "1.1.1.1"),
            ("Proxy-Authorization", "Basic eDp5"),
            ("Connection", "X-Scope-OrgID"),
            ("Upgrade", "websocket"),
            ("X-HTTP-Method-Override", "DELETE"),
            ("Accept", "application/json"),
            ("Accept-Encoding", "identity"),
            ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        );

        Assert.Equal(
            ["Accept", "Accept-Encoding", "Content-Length", "Content-Type", "Host", "User-Agent", "traceparent"],
            First.SingleRequest.Headers.Keys.Order(StringComparer.Ordinal)
        );
        Assert.DoesNotContain(response.Headers, h => h.Key is "Set-Cookie" or "X-Internal" or "Access-Control-Allow-Origin");
        Assert.DoesNotContain("internal", response.Headers.Server.ToString());
    }

    [Fact]
    public async Task A_URL_keeps_its_path_and_its_userinfo_is_sent_as_basic_authentication_and_not_logged()
    {
        await using var gateway = await RunningGateway.StartAsync(
            First.Url.Replace("http://", "http://reader:up%40stream-pass@", StringComparison.Ordinal) + "/prom/one/",
            RunningGateway.ClosedUrl().Replace("http://", "http://reader:up%40stream-pass@", StringComparison.Ordinal)
        );
        using var query = await gateway.GetAsync(Target);
        using var values = await gateway.GetAsync("/api/v1/label/job/values");
        Assert.Equal(["/prom/one/api/v1/query", "/prom/one/api/v1/label/job/values"], First.Requests.Select(r => r.Path));
        var expected = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("reader:up@stream-pass"));
        Assert.All(First.Requests, r => Assert.Equal(expected, r.Headers["Authorization"].ToString()));
        await gateway.WaitUntilAsync(
            () => gateway.Log.Any(line => line.Contains("prometheus-2 cannot be reached", StringComparison.Ordinal)),
            "the failed probe"
        );
        Assert.DoesNotContain("stream-pass", string.Join('\n', gateway.Log));
    }

    [Theory]
    [InlineData("/api/v1/metadata", 200)]
    [InlineData("/api/v1/rules", 200)]
    [InlineData("/aivenmetrics/v1/services", 200)]
    [InlineData("/api/v1/query?query=up", 422)]
    [InlineData("/api/v1/metadata", 422)]
    public async Task Every_response_names_its_destination_also_filtered_ones_and_errors(string target, int status)
    {
        First.Respond = context =>
            ScriptedPrometheus.WriteAsync(
                context,
                status,
                status == 200 ? """{"status":"success","data":{}}""" : """{"status":"error","errorType":"execution","error":"no"}"""
            );
        await using var gateway = await RunningGateway.StartAsync(First.Url, Second.Url);
        using var response = await gateway.GetAsync(target);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("prometheus-1", Instance(response));
    }

    private static string Instance(HttpResponseMessage response) => response.Headers.GetValues("X-AivenMetrics-Instance").Single();

    private static async Task AdvanceAsync(FakeTimeProvider time, TimeSpan by)
    {
        for (var passed = TimeSpan.Zero; passed < by; passed += TimeSpan.FromSeconds(1))
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(20);
        }
    }
}
