using System.IO.Compression;

namespace AivenMetrics.Gateway.Failover;

/// <summary>Tells a query engine's answer, which is the client's, from everything else that can come back from an address.</summary>
internal static class AnswerJudge
{
    private const int ErrorLengthMax = 64 << 10;

    /// <summary>
    /// True for JSON with a status that Prometheus gives to queries. A redirect, a login page or a 404 is not for tenants: it means
    /// that this is no query API or that the gateway is not let in. A 503 is the engine's own only if it says that the query timed out or
    /// was cancelled; then another server would only do the same work again.
    /// </summary>
    public static async ValueTask<bool> IsOfTheQueryEngineAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentType?.MediaType != "application/json")
            return false;
        return (int)response.StatusCode switch
        {
            200 or 400 or 422 or 429 or 499 or 500 => true,
            503 or 504 => await SaysTheQueryEndedAsync(response, cancellationToken),
            _ => false,
        };
    }

    private static async ValueTask<bool> SaysTheQueryEndedAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentLength is > ErrorLengthMax)
            return false;
        await response.Content.LoadIntoBufferAsync(ErrorLengthMax, cancellationToken);
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        if (response.Content.Headers.ContentEncoding.Contains("gzip"))
            body = await UncompressedAsync(body, cancellationToken);
        return body.AsSpan().IndexOf("\"errorType\":\"timeout\""u8) >= 0 || body.AsSpan().IndexOf("\"errorType\":\"canceled\""u8) >= 0;
    }

    private static async ValueTask<byte[]> UncompressedAsync(byte[] body, CancellationToken cancellationToken)
    {
        try
        {
            await using var gzip = new GZipStream(new MemoryStream(body), CompressionMode.Decompress);
            var text = new byte[ErrorLengthMax];
            var length = await gzip.ReadAtLeastAsync(text, text.Length, throwOnEndOfStream: false, cancellationToken);
            return text[..length];
        }
        catch (InvalidDataException)
        {
            return [];
        }
    }
}
