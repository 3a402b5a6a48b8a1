using System.Buffers;
using System.IO.Compression;
using System.Net;
using AivenMetrics.Gateway.Failover;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Gateway.Limits;

/// <summary>Sends a JSON answer on with the warnings of <see cref="RequestLimits"/> in it and its list no longer than it may be.</summary>
internal static class EditedAnswer
{
    private const int PieceLength = 32 << 10;

    /// <summary>Whether an answer can be edited: it is a 200, and came uncompressed as it was asked for.</summary>
    public static bool IsReadable(UpstreamAnswer answer) =>
        answer.Response.StatusCode == HttpStatusCode.OK && answer.Response.Content.Headers.ContentEncoding.Count == 0;

    /// <summary>Copies it as <see cref="AnswerCopier"/> does, editing on the way; compressed if the client takes gzip.</summary>
    public static async ValueTask<Copied> CopyAsync(
        UpstreamAnswer answer, RequestLimits limits, bool compress, Recipient recipient, ILogger logger)
    {
        var context = recipient.Context;
        AnswerCopier.CopyHeaders(answer, AnswerShape.Query, context.Response);
        context.Response.ContentLength = null;
        if (compress)
            context.Response.Headers.ContentEncoding = "gzip";
        var counted = new CountingStream(context.Response.Body);
        Copied? broken = null;
        try
        {
            await using var to = compress ? new GZipStream(counted, CompressionLevel.Fastest, leaveOpen: true) : (Stream)counted;
            try
            {
                await EditAsync(answer, limits, recipient, to);
            }
            catch (Exception e) when (AnswerCopier.IsClientsGoing(e, context))
            {
                broken = new(counted.Written, ClientWent: true);
            }
            catch (Exception e) when (AnswerCopier.IsBreak(e, answer))
            {
                // Before the compressed stream gets an end that would look like the answer's.
                broken = AnswerCopier.BreakOff(e, answer, counted.Written, context, logger);
            }
        }
        catch (Exception e) when (broken is not null && e is (IOException or OperationCanceledException))
        {
            // The end of the compressed stream has nowhere to go any more.
            return broken.Value;
        }

        return broken ?? new(counted.Written);
    }

    private static async Task EditAsync(UpstreamAnswer answer, RequestLimits limits, Recipient recipient, Stream to)
    {
        var plan = limits.Plan;
        var editor = new AnswerEditor(
            limits.Warnings, limits.ElementsMax,
            limits.ElementsMaxIsClients ? "results truncated due to limit" : LimitRefusals.Truncated(plan),
            limits.ElementsMaxIsClients ? null : LimitRefusals.Warning(plan, LimitNames.Series, $"this answer has most of the {plan.Series} that are shown"));
        var edited = new ArrayBufferWriter<byte>(PieceLength);
        var piece = ArrayPool<byte>.Shared.Rent(PieceLength);
        try
        {
            await using var body = await answer.Response.Content.ReadAsStreamAsync(answer.Deadline.Token);
            var read = 0L;
            while (!editor.IsEnded && await body.ReadAsync(piece, answer.Deadline.Token) is > 0 and var length)
            {
                read += length;
                if (read > plan.ResponseBytes)
                    throw AnswerStoppedException.TooLong();
                recipient.ThrowIfRevoked();
                editor.Edit(piece.AsSpan(0, length), edited);
                await to.WriteAsync(edited.WrittenMemory, recipient.Context.RequestAborted);
                edited.ResetWrittenCount();
                answer.Deadline.Extend();
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }
}
