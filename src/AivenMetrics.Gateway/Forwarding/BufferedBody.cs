using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using ZstdSharp;

namespace AivenMetrics.Gateway.Forwarding;

/// <summary>
/// The body of an answer that is read to its end before anybody gets anything of it: then another destination can still be asked when it
/// breaks off, does not come, or is not what it says to be.
/// </summary>
internal sealed class BufferedBody : IDisposable
{
    /// <summary>The largest error that is read, 64 KiB.</summary>
    public const int MaxErrorBytes = 64 << 10;

    private static readonly BufferedBody TooLong = new(null, null);

    private BufferedBody(byte[]? text, JsonDocument? json) => (Text, Json) = (text, json);

    /// <summary>The text, uncompressed; null if it is longer than was wanted.</summary>
    public byte[]? Text { get; }

    /// <summary>The text as JSON, if it was to be; every string in it can be read. Null without <see cref="Text"/>.</summary>
    public JsonDocument? Json { get; }

    /// <summary>Reads a body.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="maxBytes">So many bytes, no more, be they compressed or not.</param>
    /// <param name="isJson">It is to be JSON.</param>
    /// <param name="cancellationToken">Ends the wait for it.</param>
    /// <exception cref="HttpRequestException">It broke off.</exception>
    /// <exception cref="IOException">It is not what it says to be.</exception>
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
            // Megabytes of JSON are too much for the thread that serves other requests' sockets.
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
            throw new IOException($"its answer cannot be read: {e.Message}", e);
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
            var other => throw new InvalidDataException($"nobody asked for the encoding {other}"),
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
    /// JSON with U+FFFD for all that is no text: bytes that are not UTF-8, and halves of surrogate pairs. VictoriaMetrics quotes such bytes
    /// of a query in its errors as they are, so that they say nothing of its health.
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

    /// <summary>The length of <c>\ud800</c>.</summary>
    private const int UnicodeEscapeLength = 6;

    /// <summary>The character of an escape with four digits; another one, that is no surrogate, if there is none.</summary>
    private static char ReadUnicodeEscape(ReadOnlySpan<byte> text) =>
        text.Length >= UnicodeEscapeLength
        && text[0] == '\\'
        && text[1] == 'u'
        && ushort.TryParse(text[2..UnicodeEscapeLength], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit)
            ? (char)unit
            : default;
}
