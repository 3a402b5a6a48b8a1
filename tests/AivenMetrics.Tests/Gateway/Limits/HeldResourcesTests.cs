using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.Testing.Gateway;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Limits;

/// <summary>The resources that a tenant holds by sending or reading slowly are bounded and not taken from other tenants.</summary>
public sealed class HeldResourcesTests : IAsyncLifetime
{
    private readonly List<TcpClient> _clients = [];
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private ScriptedPrometheus _prometheus = null!;
    private RunningGateway _gateway = null!;

    public async ValueTask InitializeAsync()
    {
        _prometheus = await ScriptedPrometheus.StartAsync();
        _gateway = await RunningGateway.StartAsync([_prometheus.Url], RunningGateway.DefaultTenants, _time);
        await _gateway.WaitUntilReadyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            client.Dispose();
        }
        await _gateway.DisposeAsync();
        await _prometheus.DisposeAsync();
    }

    [Fact]
    public async Task The_number_of_unfinished_bodies_is_limited_per_tenant()
    {
        for (var i = 0; i < 101; i++)
        {
            await SendAsync(Head(1 << 20) + "query=");
        }

        Assert.Equal(["429"], await StatusesAsync(1));
        Assert.Contains("(bodies)", string.Concat(_gateway.Log), StringComparison.Ordinal);
        using var other = await _gateway.SendAsync(RunningGateway.ServicesTenant, HttpMethod.Post, "/api/v1/query", Form("query=up"));
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Fact]
    public async Task The_limit_of_large_unfinished_bodies_is_lower()
    {
        for (var i = 0; i < 5; i++)
        {
            await SendAsync(Head(1 << 20) + "query=" + new string('a', 100_000));
        }
        Assert.Equal(["429"], await StatusesAsync(1));
        using var small = await _gateway.PostAsync("/api/v1/query", "query=up");
        Assert.Equal(HttpStatusCode.OK, small.StatusCode);
    }

    [Fact]
    public async Task A_body_that_does_not_arrive_in_time_is_408_and_releases_its_quota()
    {
        for (var i = 0; i < 4; i++)
        {
            await SendAsync(Head(1 << 20) + "query=" + new string('a', 100_000));
        }
        await Task.Delay(200);
        await _gateway.WaitUntilAsync(
            () => _gateway.Log.Count(line => line.Contains("408", StringComparison.Ordinal)) == 4,
            "four rejections",
            () => _time.Advance(TimeSpan.FromSeconds(1))
        );
        Assert.Equal(["408", "408", "408", "408"], await StatusesAsync(4));
        using var large = await _gateway.PostAsync("/api/v1/query", "query=" + new string('a', 50_000));
        Assert.Equal(HttpStatusCode.OK, large.StatusCode);
        Assert.DoesNotContain(_gateway.Log, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_client_that_disconnects_within_its_body_causes_no_error_log()
    {
        for (var i = 0; i < 4; i++)
        {
            await SendAsync(Head(1 << 20) + "query=");
        }
        await Task.Delay(200);
        foreach (var client in _clients)
        {
            client.Client.Close(timeout: 0);
        }
        await _gateway.WaitUntilAsync(
            () => _gateway.Log.Count(line => line.Contains("POST /api/v1/query", StringComparison.Ordinal)) == 4,
            "four log lines"
        );
        await Task.Delay(200);
        Assert.DoesNotContain(_gateway.Log, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("80000000")]
    [InlineData("FFFFFFFFFFFFFFFF")]
    [InlineData("ZZ")]
    public async Task A_chunk_with_an_invalid_size_is_400(string size)
    {
        var answer = await _gateway.SendRawAsync(
            Encoding.ASCII.GetBytes(
                $"POST /api/v1/query HTTP/1.1\r\nHost: x\r\n{Authorization}Content-Type: "
                    + $"application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n{size}\r\nquery=up\r\n"
            )
        );
        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bodies_of_all_lengths_arrive_completely()
    {
        foreach (
            var length in (int[])
                [
                    1,
                    RequestBodyQuota.SmallBodyBytes - 6,
                    RequestBodyQuota.SmallBodyBytes - 5,
                    RequestBodyQuota.SmallBodyBytes - 4,
                    40_000,
                    65_000,
                ]
        )
        {
            using var response = await _gateway.PostAsync("/api/v1/query", "query=" + new string('a', length));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(length + "{space_id=\"a\"}".Length, _prometheus.Requests.Last().Query!.Length);
        }
    }

    [Fact]
    public async Task Slow_readers_of_large_filtered_responses_do_not_block_other_tenants()
    {
        var help = new string('x', 1 << 20);
        var metrics = Enumerable
            .Range(0, 12)
            .Select(i => $$"""{"target":{"space_id":"a"},"metric":"m{{i}}","type":"gauge","help":"{{help}}","unit":""}""");
        _prometheus.RespondWithData($"[{string.Join(',', metrics)}]");
        for (var i = 0; i < 8; i++)
        {
            await SendAsync($"GET /api/v1/metadata HTTP/1.1\r\nHost: x\r\n{Authorization}\r\n");
        }
        await _gateway.WaitUntilAsync(() => _prometheus.Requests.Count == 3, "the requests of the slow readers");
        _prometheus.RespondWithData("""{"alerts":[]}""");

        using var other = await _gateway.SendAsync(RunningGateway.ServicesTenant, HttpMethod.Get, "/api/v1/alerts");

        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        Assert.Equal(4, _prometheus.Requests.Count);
    }

    private static string Authorization => $"Authorization: {RunningGateway.Basic(RunningGateway.TenantA)}\r\n";

    private static string Head(int length) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"POST /api/v1/query HTTP/1.1\r\nHost: x\r\n{Authorization}Content-Type: "
                + $"application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n"
        );

    private static StringContent Form(string text) => new(text, Encoding.UTF8, "application/x-www-form-urlencoded");

    private async Task SendAsync(string text)
    {
        var client = new TcpClient { ReceiveBufferSize = 4096 };
        _clients.Add(client);
        await client.ConnectAsync(IPAddress.Loopback, new Uri(_gateway.Url).Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text));
    }

    /// <summary>Waits for this many responses and returns their statuses.</summary>
    private async Task<List<string>> StatusesAsync(int count)
    {
        await _gateway.WaitUntilAsync(() => _clients.Count(client => client.Available > 0) >= count, "the answers");
        List<string> statuses = [];
        foreach (var client in _clients.Where(client => client.Available > 0))
        {
            var head = new byte[12];
            await client.GetStream().ReadExactlyAsync(head);
            statuses.Add(Encoding.ASCII.GetString(head)[9..]);
        }

        return statuses;
    }
}
