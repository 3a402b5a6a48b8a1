using System.Buffers;
using System.Net;
using AivenMetrics.Gateway.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace AivenMetrics.Gateway.Forwarding;

/// <summary>How sending an answer on ended.</summary>
/// <param name="Bytes">The bytes of the body that were sent.</param>
/// <param name="AbortReason">Why the client's connection was broken off, in one word; null if it was not.</param>
/// <param name="ClientDisconnected">The client did not wait for the end.</param>
internal readonly record struct CopyResult(long Bytes, string? AbortReason = null, bool ClientDisconnected = false);

/// <summary>Sends an answer on to the client, piece by piece as it comes.</summary>
internal static class ResponseCopier
{
    /// <summary>The header that tells which Prometheus answered, by number, so that support can compare graphs without knowing host names.</summary>
    public const string InstanceHeader = "X-AivenMetrics-Instance";

    private const int BufferSize = 32 << 10;

    /// <summary>After so many pieces, others get their turn: a fast answer of 100 MB would keep the thread of their sockets busy.</summary>
    private const int BuffersPerYield = 8;

    /// <summary>
    /// Copies status, the few headers that belong to the body, and the body. If the answer breaks off, so does the client's connection:
    /// half an answer must not look like a whole one.
    /// </summary>
    /// <param name="answer">The answer.</param>
    /// <param name="shape">What it looks like.</param>
    /// <param name="lengthMax">After how many bytes of the body it is broken off.</param>
    /// <param name="to">Where it goes.</param>
    /// <param name="logger">Told when it breaks off.</param>
    public static async ValueTask<CopyResult> CopyAsync(
        UpstreamResponse answer,
        ResponseShape shape,
        long lengthMax,
        ClientResponse to,
        ILogger logger
    )
    {
        var context = to.Context;
        CopyHeaders(answer, shape, context.Response);
        var copied = new Progress();
        try
        {
            await CopyBodyAsync(answer, to, lengthMax, copied);
            return new(copied.Bytes);
        }
        catch (Exception e) when (IsClientDisconnect(e, context))
        {
            return new(copied.Bytes, ClientDisconnected: true);
        }
        catch (Exception e) when (IsUpstreamBreak(e, answer))
        {
            return Abort(e, answer, copied.Bytes, context, logger);
        }
    }

    /// <summary>Status, type and length of an answer.</summary>
    public static void CopyHeaders(UpstreamResponse answer, ResponseShape shape, HttpResponse to)
    {
        var from = answer.Message;
        to.StatusCode = (int)from.StatusCode;
        if (from.StatusCode == HttpStatusCode.NoContent)
        {
            return;
        }
        to.ContentType = shape is ResponseShape.Exposition or ResponseShape.RemoteRead
            ? from.Content.Headers.ContentType!.ToString()
            : "application/json";
        // Of two lengths the one that the chunks say is the body's.
        to.ContentLength = from.Headers.NonValidated.Contains(HeaderNames.TransferEncoding) ? null : from.Content.Headers.ContentLength;
        to.Headers.XContentTypeOptions = "nosniff";
        if (from.Content.Headers.ContentEncoding.Count > 0)
        {
            to.Headers.ContentEncoding = string.Join(", ", from.Content.Headers.ContentEncoding);
        }
        to.Headers.Append(HeaderNames.Vary, HeaderNames.AcceptEncoding);
    }

    /// <summary>The client went, and not because the gateway closed its connection.</summary>
    public static bool IsClientDisconnect(Exception e, HttpContext context) =>
        e is not ResponseAbortedException && context.RequestAborted.IsCancellationRequested;

    /// <summary>The answer ended before its end, and not because the client went.</summary>
    public static bool IsUpstreamBreak(Exception e, UpstreamResponse answer) =>
        e is IOException or HttpRequestException || (e is OperationCanceledException && answer.Timeout.HasExpired);

    /// <summary>Closes the client's connection, so that half an answer does not look whole.</summary>
    public static CopyResult Abort(Exception e, UpstreamResponse answer, long sent, HttpContext context, ILogger logger)
    {
        logger.ResponseAborted(answer.Destination.Name, e.Message);
        context.Abort();
        return new(sent, e is ResponseAbortedException { Reason: var reason } ? reason : "broken_off");
    }

    /// <summary>How far a copy has come, also when it ends with an exception.</summary>
    private sealed class Progress
    {
        public long Bytes { get; set; }
    }

    private static async ValueTask CopyBodyAsync(UpstreamResponse answer, ClientResponse to, long lengthMax, Progress copied)
    {
        await using var body = await answer.Message.Content.ReadAsStreamAsync(answer.Timeout.Token);
        var piece = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            for (var pieces = 1; await body.ReadAsync(piece, answer.Timeout.Token) is > 0 and var length; pieces++)
            {
                if (copied.Bytes + length > lengthMax)
                {
                    throw ResponseAbortedException.TooLong();
                }
                await to.WriteAsync(piece.AsMemory(0, length));
                copied.Bytes += length;
                answer.Timeout.Restart();
                if (pieces % BuffersPerYield == 0)
                {
                    await Task.Yield();
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }
}
