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
    public async Task Who_keeps_up_may_read_for_ever(int length, int seconds, int times)
    {
        using var pace = new MinResponseDataRate(_time);
        using var client = new Client(_time) { Takes = TimeSpan.FromSeconds(seconds) };
        for (var i = 0; i < times; i++)
        {
            await pace.WriteAsync(client, new byte[length]);
        }
    }

    [Fact]
    public async Task Who_falls_behind_by_the_grace_is_ended()
    {
        using var pace = new MinResponseDataRate(_time);
        using var client = new Client(_time) { Takes = TimeSpan.FromSeconds(2) };
        var written = 0;
        var stopped = await Assert.ThrowsAsync<ResponseAbortedException>(async () =>
        {
            for (; written < 100; written++)
            {
                await pace.WriteAsync(client, new byte[16 << 10]);
            }
        });
        Assert.Equal("read_too_slowly", stopped.Reason);
        Assert.InRange(written, 9, 11);
    }

    [Fact]
    public async Task Who_was_behind_can_catch_up()
    {
        using var pace = new MinResponseDataRate(_time);
        using var client = new Client(_time);
        for (var i = 0; i < 100; i++)
        {
            client.Takes = MinResponseDataRate.GracePeriod;
            await pace.WriteAsync(client, new byte[16 << 10]);
            client.Takes = TimeSpan.Zero;
            await pace.WriteAsync(client, new byte[9 * (16 << 10)]);
        }
    }

    [Fact]
    public async Task Who_was_fast_has_saved_nothing_up()
    {
        using var pace = new MinResponseDataRate(_time);
        using var client = new Client(_time);
        for (var i = 0; i < 100; i++)
        {
            await pace.WriteAsync(client, new byte[1 << 20]);
        }
        client.Takes = MinResponseDataRate.GracePeriod * 2;
        await Assert.ThrowsAsync<ResponseAbortedException>(async () => await pace.WriteAsync(client, new byte[1]));
    }

    [Fact]
    public async Task Time_in_which_there_is_nothing_to_write_does_not_count()
    {
        using var pace = new MinResponseDataRate(_time);
        using var client = new Client(_time);
        for (var i = 0; i < 5; i++)
        {
            await pace.WriteAsync(client, new byte[1]);
            _time.Advance(TimeSpan.FromMinutes(1));
        }
    }

    /// <summary>A place of everybody is held until the answer is read: who does not read loses it, and its upstream is told.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Who_does_not_read_is_broken_off_and_the_server_is_told(int version)
    {
        await using var prometheus = await ScriptedPrometheus.StartAsync();
        var reported = new TaskCompletionSource();
        prometheus.Respond = async context =>
        {
            context.RequestAborted.Register(() => reported.TrySetResult());
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
            () => gateway.Log.Any(line => line.Contains("reads a remote read at less than 16 KiB per second", StringComparison.Ordinal)),
            "the end",
            () => _time.Advance(TimeSpan.FromSeconds(1))
        );

        await reported.Task.WaitAsync(TimeSpan.FromSeconds(10));
        await Assert.ThrowsAnyAsync<Exception>(() => response.Content.ReadAsByteArrayAsync());
        await gateway.WaitUntilAsync(
            () => gateway.Log.Any(line => line.Contains("POST /api/v1/read 200", StringComparison.Ordinal)),
            "its line"
        );
        Assert.DoesNotContain(gateway.Log, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    /// <summary>Takes a while for each piece, and notices when it takes too long.</summary>
    private sealed class Client(FakeTimeProvider time) : MemoryStream
    {
        public TimeSpan Takes { get; set; }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            time.Advance(Takes);
            return cancellationToken.IsCancellationRequested ? ValueTask.FromCanceled(cancellationToken) : ValueTask.CompletedTask;
        }
    }
}
