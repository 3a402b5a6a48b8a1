using System.Buffers;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using AivenMetrics.Feed;
using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.Forwarding;
using AivenMetrics.Gateway.PrometheusApi;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Forwarding;

/// <summary>
/// One loop copies responses, edited or not. It yields its thread regularly, so that a large response does not block other requests.
/// </summary>
public sealed class ResponseCopierTests
{
    private const int Yields = 3;

    private static readonly byte[] Body = RandomNumberGenerator.GetBytes(
        ResponseCopier.BufferSize * ResponseCopier.BuffersPerYield * Yields
    );

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void A_copy_yields_its_thread_after_every_eighth_buffer(bool isEdited, bool useGzip)
    {
        var scheduler = new CountingScheduler();
        var received = new MemoryStream();
        var transformation = isEdited ? new ResponseTransformation(new Unchanged(), useGzip) : null;

        var result = scheduler.Run(() => CopyAsync(received, transformation));

        // Every read and write completes at once, so that each return to the scheduler is a yield.
        Assert.Equal(Yields, scheduler.Yields);
        Assert.Equal(new CopyResult(received.Length), result);
        Assert.Equal(Body, useGzip ? Decompress(received) : received.ToArray());
    }

    [Fact]
    public void An_edited_response_ends_with_its_transformation()
    {
        var received = new MemoryStream();

        var result = new CountingScheduler().Run(() =>
            CopyAsync(received, new ResponseTransformation(new FirstBufferOnly(), UseGzip: false))
        );

        Assert.Equal(new CopyResult(ResponseCopier.BufferSize), result);
        Assert.Equal(Body[..ResponseCopier.BufferSize], received.ToArray());
    }

    private static async Task<CopyResult> CopyAsync(Stream received, ResponseTransformation? transformation)
    {
        var time = TimeProvider.System;
        var store = new CredentialStore(time);
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("secret")));
        var tenant = new TenantCredential("tenant", hash, [new ScopeMatcher("space_id", "=", "a")], "space");
        var snapshot = CredentialSnapshot.Create(new CredentialFeed([tenant]), null, out var error)!;
        Assert.Null(error);
        store.Replace(snapshot, "a test", NullLogger.Instance);

        var context = new DefaultHttpContext();
        context.Response.Body = received;
        var client = new ClientResponse(context, snapshot.Find("tenant")!, new Authenticator(store, time));
        using var destination = new Destination(1, "http://127.0.0.1:9090", time);
        var message = new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new MemoryStream(Body)) };
        using var response = new UpstreamResponse(
            destination,
            message,
            null,
            new UpstreamTimeout(TimeSpan.FromMinutes(1), time, CancellationToken.None)
        );
        return await ResponseCopier.CopyAsync(
            response,
            ResponseShape.RequiredJson,
            long.MaxValue,
            client,
            transformation,
            NullLogger.Instance
        );
    }

    private static byte[] Decompress(MemoryStream compressed)
    {
        compressed.Position = 0;
        var text = new MemoryStream();
        using var gzip = new GZipStream(compressed, CompressionMode.Decompress);
        gzip.CopyTo(text);
        return text.ToArray();
    }

    private sealed class Unchanged : IResponseTransform
    {
        public bool IsComplete => false;

        public void Transform(ReadOnlySpan<byte> input, IBufferWriter<byte> output) => output.Write(input);
    }

    private sealed class FirstBufferOnly : IResponseTransform
    {
        public bool IsComplete { get; private set; }

        public void Transform(ReadOnlySpan<byte> input, IBufferWriter<byte> output)
        {
            output.Write(input);
            IsComplete = true;
        }
    }

    /// <summary>Runs a task on the calling thread and counts how often it yields.</summary>
    private sealed class CountingScheduler : SynchronizationContext
    {
        private readonly Queue<(SendOrPostCallback Callback, object? State)> _posted = new();

        public int Yields { get; private set; }

        public override void Post(SendOrPostCallback d, object? state)
        {
            Yields++;
            _posted.Enqueue((d, state));
        }

        public T Run<T>(Func<Task<T>> start)
        {
            var before = Current;
            SetSynchronizationContext(this);
            try
            {
                var task = start();
                while (_posted.TryDequeue(out var next))
                {
                    next.Callback(next.State);
                }

                Assert.True(task.IsCompleted);
                return task.GetAwaiter().GetResult();
            }
            finally
            {
                SetSynchronizationContext(before);
            }
        }
    }
}
