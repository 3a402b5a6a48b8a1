using System.Net;
using AivenMetrics.Gateway.Forwarding;
using AivenMetrics.Gateway.Scoping;
using AivenMetrics.Testing.Gateway;
using Google.Protobuf;
using Microsoft.Extensions.Time.Testing;
using Snappier;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Forwarding;

public sealed class MinResponseDataRateTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);

    [Theory]
    [InlineData(16 << 10, 1, 1000)]
    [InlineData(1 << 20, 60, 1000)]
    [InlineData(1, 9, 1)]
    public async Task A_client_at_the_minimum_rate_is_never_aborted(int length, int seconds, int times)
    {
        using var rate = new MinResponseDataRate(_time);
        using var client = new Client(_time) { WriteDuration = TimeSpan.FromSeconds(seconds) };
        for (var i = 0; i < times; i++)
        {
            await rate.WriteAsync(client, new byte[length]);
        }
    }

    [Fact]
    public async Task A_client_behind_by_the_grace_period_is_aborted()
    {
        using var rate = new MinResponseDataRate(_time);
        using var client = new Client(_time) { WriteDuration = TimeSpan.FromSeconds(2) };
        var written = 0;
        var stopped = await Assert.ThrowsAsync<ResponseAbortedException>(async () =>
        {
            for (; written < 100; written++)
            {
                await rate.WriteAsync(client, new byte[16 << 10]);
            }
        });
        Assert.Equal("read_too_slowly", stopped.Reason);
        Assert.InRange(written, 9, 11);
    }

    [Fact]
    public async Task A_slow_client_can_catch_up()
    {
        using var rate = new MinResponseDataRate(_time);
        using var client = new Client(_time);
        for (var i = 0; i < 100; i++)
        {
            client.WriteDuration = MinResponseDataRate.GracePeriod;
            await rate.WriteAsync(client, new byte[16 << 10]);
            client.WriteDuration = TimeSpan.Zero;
            await rate.WriteAsync(client, new byte[9 * (16 << 10)]);
        }
    }

    [Fact]
    public async Task A_fast_client_gains_no_credit()
    {
        using var rate = new MinResponseDataRate(_time);
        using var client = new Client(_time);
        for (var i = 0; i < 100; i++)
        {
            await rate.WriteAsync(client, new byte[1 << 20]);
        }
        client.WriteDuration = MinResponseDataRate.GracePeriod * 2;
        await Assert.ThrowsAsync<ResponseAbortedException>(async () => await rate.WriteAsync(client, new byte[1]));
    }

    [Fact]
    public async Task Time_without_writes_does_not_count()
    {
        using var rate = new MinResponseDataRate(_time);
        using var client = new Client(_time);
        for (var i = 0; i < 5; i++)
        {
            await rate.WriteAsync(client, new byte[1]);
            _time.Advance(TimeSpan.FromMinutes(1));
        }
    }

    /// <summary>A remote read holds a slot of all tenants until its response is read. A client that does not read loses it.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_client_that_does_not_read_is_aborted_and_the_upstream_request_cancelled(int version)
    {
        await using var prometheus = await ScriptedPrometheus.StartAsync();
        var cancelled = new TaskCompletionSource();
        prometheus.Respond = async context =>
        {
            context.RequestAborted.Register(() => cancelled.TrySetResult());
            context.Response.ContentType = "application/x-protobuf";
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(new byte[1 << 20], context.RequestAborted);
            }
        };
        await using var gateway =
            version == 2
                ? await RunningGateway.StartOverHttp2Async(prometheus.Url, _time)
                : await RunningGateway.StartAsync([prometheus.Url], RunningGateway.DefaultTenants, _time);
        using var http = new HttpClient();
        using var content = new ByteArrayContent(Snappy.CompressToArray(new ReadRequest { Queries = { new ReadQuery() } }.ToByteArray()));
        content.Headers.ContentType = new("application/x-protobuf");
        content.Headers.ContentEncoding.Add("snappy");
        using var message = new HttpRequestMessage(HttpMethod.Post, gateway.Url + "/api/v1/read")
        {
            Content = content,
            Version = version == 2 ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        message.Headers.Authorization = RunningGateway.Basic(RunningGateway.TenantA);
        using var response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);

        await gateway.WaitUntilAsync(
            () => gateway.Log.Any(line => line.Contains("receives a remote read at less than 16 KiB per second", StringComparison.Ordinal)),
            "the abort",
            () => _time.Advance(TimeSpan.FromSeconds(1))
        );

        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(10));
        await Assert.ThrowsAnyAsync<Exception>(() => response.Content.ReadAsByteArrayAsync());
        await gateway.WaitUntilAsync(
            () => gateway.Log.Any(line => line.Contains("POST /api/v1/read 200", StringComparison.Ordinal)),
            "the log line"
        );
        Assert.DoesNotContain(gateway.Log, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    /// <summary>A client whose writes take a configured time and observe cancellation.</summary>
    private sealed class Client(FakeTimeProvider time) : MemoryStream
    {
        public TimeSpan WriteDuration { get; set; }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            time.Advance(WriteDuration);
            return cancellationToken.IsCancellationRequested ? ValueTask.FromCanceled(cancellationToken) : ValueTask.CompletedTask;
        }
    }
}
