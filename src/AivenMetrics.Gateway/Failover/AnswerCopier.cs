using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace AivenMetrics.Gateway.Failover;

/// <summary>How sending an answer on ended.</summary>
/// <param name="Bytes">The bytes of the body that were sent.</param>
/// <param name="BrokenOff">Why the client's connection was broken off, in one word; null if it was not.</param>
/// <param name="ClientWent">The client did not wait for the end.</param>
internal readonly record struct Copied(long Bytes, string? BrokenOff = null, bool ClientWent = false);

/// <summary>Sends an answer on to the client, piece by piece as it comes.</summary>
internal static class AnswerCopier
{
    /// <summary>The header that tells which Prometheus answered, by number, so that support can compare graphs without knowing host names.</summary>
    public const string InstanceHeader = "X-AivenMetrics-Instance";

    private const int PieceLength = 32 << 10;

    /// <summary>After so many pieces, others get their turn: a fast answer of 100 MB would keep the thread of their sockets busy.</summary>
    private const int PiecesAtOnce = 8;

    /// <summary>
    /// Copies status, the few headers that belong to the body, and the body. If the answer breaks off, so does the client's connection:
    /// half an answer must not look like a whole one.
    /// </summary>
    /// <param name="answer">The answer.</param>
    /// <param name="shape">What it looks like.</param>
    /// <param name="lengthMax">After how many bytes of the body it is broken off.</param>
    /// <param name="to">Where it goes.</param>
    /// <param name="logger">Told when it breaks off.</param>
    public static async ValueTask<Copied> CopyAsync(UpstreamAnswer answer, AnswerShape shape, long lengthMax, Recipient to, ILogger logger)
    {
        var context = to.Context;
        CopyHeaders(answer, shape, context.Response);
        var copied = new Progress();
        try
        {
            await CopyBodyAsync(answer, to, lengthMax, copied);
            return new(copied.Bytes);
        }
        catch (Exception e) when (IsClientsGoing(e, context))
        {
            return new(copied.Bytes, ClientWent: true);
        }
        catch (Exception e) when (IsBreak(e, answer))
        {
            return BreakOff(e, answer, copied.Bytes, context, logger);
        }
    }

    /// <summary>Status, type and length of an answer.</summary>
    public static void CopyHeaders(UpstreamAnswer answer, AnswerShape shape, HttpResponse to)
    {
        var from = answer.Response;
        to.StatusCode = (int)from.StatusCode;
        if (from.StatusCode == HttpStatusCode.NoContent)
            return;
        to.ContentType = shape is AnswerShape.Exposition or AnswerShape.RemoteRead ? from.Content.Headers.ContentType!.ToString() : "application/json";
        // Of two lengths the one that the chunks say is the body's.
        to.ContentLength = from.Headers.NonValidated.Contains(HeaderNames.TransferEncoding) ? null : from.Content.Headers.ContentLength;
        to.Headers.XContentTypeOptions = "nosniff";
        if (from.Content.Headers.ContentEncoding.Count > 0)
            to.Headers.ContentEncoding = string.Join(", ", from.Content.Headers.ContentEncoding);
        to.Headers.Append(HeaderNames.Vary, HeaderNames.AcceptEncoding);
    }

    /// <summary>The client went, and not because the gateway closed its connection.</summary>
    public static bool IsClientsGoing(Exception e, HttpContext context) => e is not AnswerStoppedException && context.RequestAborted.IsCancellationRequested;

    /// <summary>The answer ended before its end, and not because the client went.</summary>
    public static bool IsBreak(Exception e, UpstreamAnswer answer) =>
        e is IOException or HttpRequestException || (e is OperationCanceledException && answer.Deadline.Passed);

    /// <summary>Closes the client's connection, so that half an answer does not look whole.</summary>
    public static Copied BreakOff(Exception e, UpstreamAnswer answer, long sent, HttpContext context, ILogger logger)
    {
        logger.AnswerBrokeOff(answer.Destination.Name, e.Message);
        context.Abort();
        return new(sent, e is AnswerStoppedException { Reason: var reason } ? reason : "broken_off");
    }

    /// <summary>How far a copy has come, also when it ends with an exception.</summary>
    private sealed class Progress
    {
        public long Bytes { get; set; }
    }

    private static async ValueTask CopyBodyAsync(UpstreamAnswer answer, Recipient to, long lengthMax, Progress copied)
    {
        await using var body = await answer.Response.Content.ReadAsStreamAsync(answer.Deadline.Token);
        var piece = ArrayPool<byte>.Shared.Rent(PieceLength);
        try
        {
            for (var pieces = 1; await body.ReadAsync(piece, answer.Deadline.Token) is > 0 and var length; pieces++)
            {
                if (copied.Bytes + length > lengthMax)
                    throw AnswerStoppedException.TooLong();
                await to.WriteAsync(piece.AsMemory(0, length));
                copied.Bytes += length;
                answer.Deadline.Extend();
                if (pieces % PiecesAtOnce == 0)
                    await Task.Yield();
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }
}
