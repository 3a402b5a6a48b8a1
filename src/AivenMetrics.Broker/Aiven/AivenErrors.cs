using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace AivenMetrics.Broker.Aiven;

/// <summary>Aiven's refusal: HTTP status, <c>error_code</c> when given, and the envelope's message without secrets.</summary>
internal sealed record AivenError(int Status, string? Code, string Message);

/// <summary>Aiven answered, with an error. Its text is safe to log: never a raw body.</summary>
internal sealed class AivenException(string operation, AivenError error, TimeSpan? retryAfter = null)
    : Exception($"Aiven refused to {operation}: {error.Status} {error.Message}")
{
    public AivenError Error { get; } = error;

    /// <summary>How long Aiven asked us to wait: <c>Retry-After</c>, else the "try again in Ns" of the message.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;

    /// <summary>True when the same call may succeed in a moment.</summary>
    public bool IsTransient => Error.Status is 408 or 429 or >= 500;
}

/// <summary>No usable answer came, and nothing was changed as far as this call is concerned: trying again is safe.</summary>
internal sealed class AivenUnreachableException(string operation, string problem)
    : Exception($"Aiven could not be asked to {operation}: {problem}");

/// <summary>
/// A call that creates something was sent and its end is unknown: it must not be repeated blindly. The next reading of
/// the service list says what became of it.
/// </summary>
internal sealed class AivenOutcomeUnknownException(string operation, string problem)
    : Exception($"Whether Aiven did {operation} is unknown: {problem}");

/// <summary>Reads Aiven's error envelope, leniently and without letting secrets through.</summary>
internal static partial class AivenErrorReader
{
    private const int MaximumBytes = 64 * 1024;
    private const int MaximumCharacters = 240;

    /// <summary>The exception for an answer that is not a success.</summary>
    /// <param name="secrets">Values of the request that must not reappear in the message, should Aiven quote the request.</param>
    public static async Task<AivenException> ReadExceptionAsync(
        string operation,
        HttpResponseMessage response,
        IReadOnlyList<string> secrets,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var (message, code) = ParseEnvelope(await ReadBodyAsync(response, cancellationToken));
        var text = message is null ? StatusText(response.StatusCode) : Redact(message, secrets);
        var error = new AivenError((int)response.StatusCode, code is null ? null : Redact(code, secrets), text);
        return new AivenException(operation, error, ParseRetryAfter(response.Headers.RetryAfter, now) ?? ParseRetryAfter(text));
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBodyAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            var buffer = new byte[MaximumBytes];
            await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
            var length = await stream.ReadAtLeastAsync(buffer, MaximumBytes, throwOnEndOfStream: false, cancellationToken);
            return buffer.AsMemory(0, length);
        }
        catch (Exception fault) when (fault is IOException or HttpRequestException)
        {
            // The status has arrived; the text is worth no retry of its own.
            return default;
        }
    }

    private static (string? Message, string? Code) ParseEnvelope(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                return default;
            }
            var first =
                root.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array && errors.GetArrayLength() > 0
                    ? errors[0]
                    : default;
            return (
                StringMember(root, "message")
                    ?? (first.ValueKind == JsonValueKind.String ? first.GetString() : StringMember(first, "message")),
                StringMember(first, "error_code")
            );
        }
        catch (JsonException)
        {
            // A load balancer's HTML, or nothing at all.
            return default;
        }
    }

    private static string? StringMember(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private static string Redact(string text, IReadOnlyList<string> secrets)
    {
        foreach (var secret in secrets.Where(secret => secret.Length > 0))
        {
            text = text.Replace(secret, "<redacted>", StringComparison.Ordinal);
        }
        text = string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
        return text.Length <= MaximumCharacters ? text : text[..MaximumCharacters] + "…";
    }

    private static string StatusText(HttpStatusCode status) => $"({status}, without a message)";

    private static TimeSpan? ParseRetryAfter(RetryConditionHeaderValue? header, DateTimeOffset now) =>
        header switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date > now ? date - now : TimeSpan.Zero,
            _ => null,
        };

    private static TimeSpan? ParseRetryAfter(string message) =>
        TryAgainIn().Match(message) is { Success: true } match
            ? TimeSpan.FromSeconds(int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture))
            : null;

    [GeneratedRegex(@"try again in (\d{1,5})\s?s", RegexOptions.IgnoreCase)]
    private static partial Regex TryAgainIn();
}
