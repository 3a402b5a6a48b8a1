using System.Buffers;
using System.IO.Compression;
using System.Net;
using AivenMetrics.Gateway.PrometheusApi;
using AivenMetrics.Gateway.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace AivenMetrics.Gateway.Forwarding;

/// <summary>The result of copying a response to a client.</summary>
/// <param name="Bytes">The number of bytes of the body that were sent.</param>
/// <param name="AbortReason">The reason why the gateway closed the client's connection, in one word; null if it did not.</param>
/// <param name="ClientDisconnected">Whether the client disconnected before the end.</param>
internal readonly record struct CopyResult(long Bytes, string? AbortReason = null, bool ClientDisconnected = false);

/// <summary>Copies a response to a client as it arrives, with an optional transformation.</summary>
internal static class ResponseCopier
{
    /// <summary>
    /// The header with the number of the Prometheus server that responded, such as <c>prometheus-1</c>; it reveals no host name.
    /// </summary>
    public const string InstanceHeader = "X-AivenMetrics-Instance";

    /// <summary>The size of the copy buffer in bytes.</summary>
    public const int BufferSize = 32 << 10;

    /// <summary>
    /// The number of buffers after which a copy yields its thread. The body of a fast server is always ready, so that a copy of 100 MB
    /// would otherwise block the socket thread for every other request (docs/decisions/0016-requests-on-socket-threads.md).
    /// </summary>
    public const int BuffersPerYield = 8;

    /// <summary>Whether a response can be transformed: it succeeded and is uncompressed.</summary>
    public static bool CanTransform(UpstreamResponse response) =>
        response.Message.StatusCode == HttpStatusCode.OK && response.Message.Content.Headers.ContentEncoding.Count == 0;

    /// <summary>
    /// Copies the status, the headers that describe the body, and the body. If the body ends early, the gateway closes the client's
    /// connection, so that half a response does not look complete.
    /// </summary>
    /// <param name="response">The response of the server.</param>
    /// <param name="shape">Its form.</param>
    /// <param name="maxBytes">The number of bytes of the server's body after which the gateway aborts the response.</param>
    /// <param name="client">The client.</param>
    /// <param name="transformation">The transformation of the body; null to copy it unchanged.</param>
    /// <param name="logger">The log for an aborted response.</param>
    public static async ValueTask<CopyResult> CopyAsync(
        UpstreamResponse response,
        ResponseShape shape,
        long maxBytes,
        ClientResponse client,
        ResponseTransformation? transformation,
        ILogger logger
    )
    {
        CopyHeaders(response, shape, client.Context.Response, transformation);
        var gzip = transformation is { UseGzip: true }
            ? new GZipStream(new ClientResponseStream(client), CompressionLevel.Fastest, leaveOpen: true)
            : null;
        try
        {
            await CopyBodyAsync(response, maxBytes, client, transformation?.Transform, gzip);
            if (gzip is not null)
            {
                await gzip.DisposeAsync();
            }

            return new(client.BytesSent);
        }
        catch (Exception e) when (IsClientDisconnect(e, client.Context))
        {
            return new(client.BytesSent, ClientDisconnected: true);
        }
        catch (Exception e) when (IsUpstreamBreak(e, response))
        {
            logger.ResponseAborted(response.Destination.Name, e.Message);
            client.Context.Abort();
            return new(client.BytesSent, e is ResponseAbortedException { Reason: var reason } ? reason : "broken_off");
        }
        finally
        {
            await ReleaseAsync(gzip);
        }
    }

    private static void CopyHeaders(UpstreamResponse response, ResponseShape shape, HttpResponse to, ResponseTransformation? transformation)
    {
        var from = response.Message;
        to.StatusCode = (int)from.StatusCode;
        if (from.StatusCode == HttpStatusCode.NoContent)
        {
            return;
        }

        var isJson = shape is ResponseShape.RequiredJson or ResponseShape.OptionalJson;
        to.ContentType = isJson ? "application/json" : from.Content.Headers.ContentType!.ToString();
        // A chunked body has no other length (RFC 9112 6.3).
        var isChunked = from.Headers.NonValidated.Contains(HeaderNames.TransferEncoding);
        to.ContentLength = isChunked || transformation is not null ? null : from.Content.Headers.ContentLength;
        to.Headers.XContentTypeOptions = "nosniff";
        if (transformation is { UseGzip: true })
        {
            to.Headers.ContentEncoding = "gzip";
        }
        else if (from.Content.Headers.ContentEncoding.Count > 0)
        {
            to.Headers.ContentEncoding = string.Join(", ", from.Content.Headers.ContentEncoding);
        }

        to.Headers.Append(HeaderNames.Vary, HeaderNames.AcceptEncoding);
    }

    private static async ValueTask CopyBodyAsync(
        UpstreamResponse response,
        long maxBytes,
        ClientResponse client,
        IResponseTransform? transform,
        Stream? gzip
    )
    {
        var timeout = response.Timeout;
        await using var body = await response.Message.Content.ReadAsStreamAsync(timeout.Token);
        var transformed = transform is null ? null : new ArrayBufferWriter<byte>(BufferSize);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            var read = 0L;
            for (
                var buffers = 1;
                transform is not { IsComplete: true } && await body.ReadAsync(buffer, timeout.Token) is > 0 and var length;
                buffers++
            )
            {
                read += length;
                if (read > maxBytes)
                {
                    throw ResponseAbortedException.TooLong();
                }

                client.ThrowIfRevoked();
                ReadOnlyMemory<byte> output = buffer.AsMemory(0, length);
                if (transformed is not null)
                {
                    transformed.ResetWrittenCount();
                    transform!.Transform(output.Span, transformed);
                    output = transformed.WrittenMemory;
                }

                await (gzip is null ? client.WriteAsync(output) : gzip.WriteAsync(output, client.Context.RequestAborted));
                timeout.Restart();
                if (buffers % BuffersPerYield == 0)
                {
                    await Task.Yield();
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Releases a compressor. After an aborted copy the end of its stream has no destination.</summary>
    private static async ValueTask ReleaseAsync(Stream? gzip)
    {
        try
        {
            if (gzip is not null)
            {
                await gzip.DisposeAsync();
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            return;
        }
    }

    /// <summary>Whether an exception results from a client that disconnected, and not from the gateway closing the connection.</summary>
    private static bool IsClientDisconnect(Exception e, HttpContext context) =>
        e is not ResponseAbortedException && context.RequestAborted.IsCancellationRequested;

    /// <summary>Whether an exception results from a body that ended early or from a limit of the gateway.</summary>
    private static bool IsUpstreamBreak(Exception e, UpstreamResponse response) =>
        e is IOException or HttpRequestException || (e is OperationCanceledException && response.Timeout.HasExpired);
}
