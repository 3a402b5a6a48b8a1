using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace AivenMetrics.Gateway.Failover;

/// <summary>Sends an answer on to the client, piece by piece as it comes.</summary>
internal static class AnswerCopier
{
    /// <summary>The header that tells which Prometheus answered, by number, so that support can compare graphs without knowing host names.</summary>
    public const string InstanceHeader = "X-AivenMetrics-Instance";

    private const int PieceLength = 32 << 10;

    /// <summary>
    /// Copies status, the few headers that belong to the body, and the body. If the answer breaks off, so does the client's connection:
    /// half an answer must not look like a whole one.
    /// </summary>
    /// <returns>The number of bytes of the body that were sent.</returns>
    public static async ValueTask<long> CopyAsync(UpstreamAnswer answer, AnswerShape shape, HttpContext context, ILogger logger)
    {
        var (from, to) = (answer.Response, context.Response);
        to.StatusCode = (int)from.StatusCode;
        to.ContentType = shape is AnswerShape.Exposition or AnswerShape.RemoteRead ? from.Content.Headers.ContentType!.ToString() : "application/json";
        to.ContentLength = from.Content.Headers.ContentLength;
        to.Headers.XContentTypeOptions = "nosniff";
        if (from.Content.Headers.ContentEncoding.Count > 0)
            to.Headers.ContentEncoding = string.Join(", ", from.Content.Headers.ContentEncoding);
        to.Headers.Append(HeaderNames.Vary, HeaderNames.AcceptEncoding);

        try
        {
            return await CopyBodyAsync(answer, to, context.RequestAborted);
        }
        catch (Exception e) when (e is IOException or HttpRequestException || (e is OperationCanceledException && answer.Deadline.Passed))
        {
            logger.AnswerBrokeOff(answer.Destination.Name, e.Message);
            context.Abort();
            return 0;
        }
    }

    private static async ValueTask<long> CopyBodyAsync(UpstreamAnswer answer, HttpResponse to, CancellationToken aborted)
    {
        await using var body = await answer.Response.Content.ReadAsStreamAsync(answer.Deadline.Token);
        var piece = ArrayPool<byte>.Shared.Rent(PieceLength);
        try
        {
            var copied = 0L;
            while (await body.ReadAsync(piece, answer.Deadline.Token) is > 0 and var length)
            {
                await to.Body.WriteAsync(piece.AsMemory(0, length), aborted);
                copied += length;
                answer.Deadline.Extend();
            }

            return copied;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }
}
