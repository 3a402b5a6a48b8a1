using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace AivenMetrics.Broker.Aiven;

/// <summary>An error response of Aiven: HTTP status, <c>error_code</c> if present, and the message without secrets.</summary>
internal sealed record AivenError(int Status, string? Code, string Message);

/// <summary>Aiven responded with an error. The message is safe to log: it never contains a raw body.</summary>
internal sealed class AivenException(string operation, AivenError error, TimeSpan? retryAfter = null)
    : Exception($"Aiven rejected the request to {operation}: {error.Status} {error.Message}")
{
    public AivenError Error { get; } = error;

    /// <summary>Delay that Aiven requested: <c>Retry-After</c>, otherwise the "try again in Ns" of the message.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;

    /// <summary>True if the same request may succeed later.</summary>
    public bool IsTransient => Error.Status is 408 or 429 or >= 500;
}

/// <summary>No usable response was received, and the request changed nothing. It is safe to retry.</summary>
internal sealed class AivenUnreachableException(string operation, string problem)
    : Exception($"The request to Aiven to {operation} failed: {problem}");

/// <summary>
/// A request that creates something was sent, and its outcome is unknown. It must not be retried. The next list of services shows whether
/// it succeeded.
/// </summary>
internal sealed class AivenOutcomeUnknownException(string operation, string problem)
    : Exception($"The outcome of the request to Aiven to {operation} is unknown: {problem}");

/// <summary>Parses Aiven's error envelope tolerantly and removes secrets.</summary>
internal static partial class AivenErrorReader
{
    private const int MaximumBytes = 64 * 1024;
    private const int MaximumCharacters = 240;

    /// <summary>Returns the exception for an unsuccessful response.</summary>
    /// <param name="secrets">Values of the request to remove from the message, in case Aiven quotes the request.</param>
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
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            // The status was received; reading the message is not worth a retry.
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
            // For example the HTML page of a load balancer, or an empty body.
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
