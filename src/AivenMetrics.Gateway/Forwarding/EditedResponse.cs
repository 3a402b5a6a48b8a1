using System.Buffers;
using System.IO.Compression;
using System.Net;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.Gateway.Responses;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Gateway.Forwarding;

/// <summary>Sends a JSON answer on with the warnings of <see cref="RequestLimits"/> in it and its list no longer than it may be.</summary>
internal static class EditedResponse
{
    private const int BufferSize = 32 << 10;

    /// <summary>Whether an answer can be edited: it is a 200, and came uncompressed as it was asked for.</summary>
    public static bool CanEdit(UpstreamResponse answer) =>
        answer.Message.StatusCode == HttpStatusCode.OK && answer.Message.Content.Headers.ContentEncoding.Count == 0;

    /// <summary>Copies it as <see cref="ResponseCopier"/> does, editing on the way; compressed if the client takes gzip.</summary>
    public static async ValueTask<CopyResult> CopyAsync(
        UpstreamResponse answer,
        RequestLimits limits,
        bool compress,
        ClientResponse recipient,
        ILogger logger
    )
    {
        var context = recipient.Context;
        ResponseCopier.CopyHeaders(answer, ResponseShape.RequiredJson, context.Response);
        context.Response.ContentLength = null;
        if (compress)
        {
            context.Response.Headers.ContentEncoding = "gzip";
        }
        var counted = new CountingStream(context.Response.Body);
        CopyResult? broken = null;
        try
        {
            await using var to = compress ? new GZipStream(counted, CompressionLevel.Fastest, leaveOpen: true) : (Stream)counted;
            try
            {
                await EditAsync(answer, limits, recipient, to);
            }
            catch (Exception e) when (ResponseCopier.IsClientDisconnect(e, context))
            {
                broken = new(counted.BytesWritten, ClientDisconnected: true);
            }
            catch (Exception e) when (ResponseCopier.IsUpstreamBreak(e, answer))
            {
                // Before the compressed stream gets an end that would look like the answer's.
                broken = ResponseCopier.Abort(e, answer, counted.BytesWritten, context, logger);
            }
        }
        catch (Exception e) when (broken is not null && e is (IOException or OperationCanceledException))
        {
            // The end of the compressed stream has nowhere to go any more.
            return broken.Value;
        }

        return broken ?? new(counted.BytesWritten);
    }

    private static async Task EditAsync(UpstreamResponse answer, RequestLimits limits, ClientResponse recipient, Stream to)
    {
        var plan = limits.Limits;
        var editor = new ResponseEditor(
            limits.Warnings,
            limits.MaxElements,
            limits.IsClientLimit ? "results truncated due to limit" : LimitErrors.TruncationWarning(plan),
            limits.IsClientLimit
                ? null
                : LimitErrors.NearLimitWarning(plan, LimitNames.Series, $"this answer has most of the {plan.Series} that are shown")
        );
        var edited = new ArrayBufferWriter<byte>(BufferSize);
        var piece = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            await using var body = await answer.Message.Content.ReadAsStreamAsync(answer.Timeout.Token);
            var read = 0L;
            while (!editor.IsEnded && await body.ReadAsync(piece, answer.Timeout.Token) is > 0 and var length)
            {
                read += length;
                if (read > plan.ResponseBytes)
                {
                    throw ResponseAbortedException.TooLong();
                }
                recipient.ThrowIfRevoked();
                editor.Edit(piece.AsSpan(0, length), edited);
                await to.WriteAsync(edited.WrittenMemory, recipient.Context.RequestAborted);
                edited.ResetWrittenCount();
                answer.Timeout.Restart();
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }
}
