using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using ZstdSharp;

namespace AivenMetrics.Gateway.Forwarding;

/// <summary>
/// The body of a response that is read completely before the client receives any of it. If it is incomplete or invalid, the gateway can
/// still send the request to another destination.
/// </summary>
internal sealed class BufferedBody : IDisposable
{
    /// <summary>The maximum size of an error response in bytes, 64 KiB.</summary>
    public const int MaxErrorBytes = 64 << 10;

    private static readonly BufferedBody TooLong = new(null, null);

    private BufferedBody(byte[]? text, JsonDocument? json) => (Text, Json) = (text, json);

    /// <summary>The decompressed text; null if it exceeds the maximum size.</summary>
    public byte[]? Text { get; }

    /// <summary>The text as JSON, if JSON was expected; every string in it is readable. Null if <see cref="Text"/> is null.</summary>
    public JsonDocument? Json { get; }

    /// <summary>Reads a body.</summary>
    /// <param name="response">The response.</param>
    /// <param name="maxBytes">Maximum size in bytes, before and after decompression.</param>
    /// <param name="isJson">Whether the body must be JSON.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="HttpRequestException">The body ended early.</exception>
    /// <exception cref="IOException">The body is not valid JSON or not valid in its encoding.</exception>
    public static async ValueTask<BufferedBody> ReadAsync(
        HttpResponseMessage response,
        int maxBytes,
        bool isJson,
        CancellationToken cancellationToken
    )
    {
        try
        {
            if (await ReadTextAsync(response.Content, maxBytes, cancellationToken) is not { } text)
            {
                return TooLong;
            }
            // Parsing megabytes of JSON would block the socket thread for other requests
            // (docs/decisions/0016-requests-on-socket-threads.md).
            if (isJson && text.Length > MaxErrorBytes)
            {
                await Task.Yield();
            }
            return new(text, isJson ? JsonDocument.Parse(ReplaceInvalidText(text)) : null);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            return TooLong;
        }
        catch (Exception e) when (e is JsonException or InvalidDataException or ZstdException)
        {
            throw new IOException($"its response cannot be read: {e.Message}", e);
        }
    }

    public void Dispose() => Json?.Dispose();

    private static async ValueTask<byte[]?> ReadTextAsync(HttpContent content, int lengthMax, CancellationToken cancellationToken)
    {
        await content.LoadIntoBufferAsync(lengthMax, cancellationToken);
        var body = await content.ReadAsByteArrayAsync(cancellationToken);
        return string.Join(", ", content.Headers.ContentEncoding) switch
        {
            "" => body,
            "gzip" => await ReadAsync(new GZipStream(new MemoryStream(body), CompressionMode.Decompress), lengthMax, cancellationToken),
            "zstd" => await ReadAsync(new DecompressionStream(new MemoryStream(body)), lengthMax, cancellationToken),
            var other => throw new InvalidDataException($"the encoding {other} was not requested"),
        };
    }

    private static async ValueTask<byte[]?> ReadAsync(Stream compressed, int maxBytes, CancellationToken cancellationToken)
    {
        await using (compressed)
        {
            var text = new byte[maxBytes + 1];
            var length = await compressed.ReadAtLeastAsync(text, text.Length, throwOnEndOfStream: false, cancellationToken);
            return length > maxBytes ? null : text[..length];
        }
    }

    /// <summary>
    /// Replaces invalid text in JSON by U+FFFD: bytes that are not UTF-8, and halves of surrogate pairs. VictoriaMetrics quotes such bytes
    /// of a query in its errors unchanged, so that they do not indicate a failure.
    /// </summary>
    private static byte[] ReplaceInvalidText(byte[] json)
    {
        if (!Utf8.IsValid(json))
        {
            json = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(json));
        }
        var rest = json.AsSpan();
        while (rest.IndexOf((byte)'\\') is >= 0 and var at)
        {
            rest = rest[at..];
            var first = ReadUnicodeEscape(rest);
            var isPair = char.IsHighSurrogate(first) && char.IsLowSurrogate(ReadUnicodeEscape(rest[UnicodeEscapeLength..]));
            if (char.IsSurrogate(first) && !isPair)
            {
                "fffd"u8.CopyTo(rest[2..]);
            }
            rest = rest[
                Math.Min(
                    rest.Length,
                    isPair ? 2 * UnicodeEscapeLength
                        : char.IsSurrogate(first) ? UnicodeEscapeLength
                        : 2
                )..
            ];
        }

        return json;
    }

    /// <summary>The length of an escape such as <c>\ud800</c>.</summary>
    private const int UnicodeEscapeLength = 6;

    /// <summary>Returns the character of an escape with four digits; U+0000, which is no surrogate, if there is none.</summary>
    private static char ReadUnicodeEscape(ReadOnlySpan<byte> text) =>
        text.Length >= UnicodeEscapeLength
        && text[0] == '\\'
        && text[1] == 'u'
        && ushort.TryParse(text[2..UnicodeEscapeLength], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit)
            ? (char)unit
            : default;
}
