using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;

namespace AivenMetrics.StrictPlatform.Protocol;

/// <summary>The reason why there is no response.</summary>
internal enum TransportFailure
{
    /// <summary>There is a response.</summary>
    None,

    /// <summary>The connection was established, but no complete response arrived in time, or the connection broke.</summary>
    TimedOut,

    /// <summary>No connection was established, so the request had no effect.</summary>
    Unreachable,
}

/// <summary>A response of a broker.</summary>
/// <param name="Status">HTTP status; 0 if there is no response.</param>
/// <param name="BodyText">Body as text; empty if there is none.</param>
/// <param name="Body">Body as JSON of any kind; null if it is not JSON.</param>
internal sealed record OsbResponse(
    OsbCall Call,
    int Status,
    string BodyText,
    JsonElement? Body,
    string? ContentType,
    HttpResponseHeaders? Headers,
    TimeSpan Duration
)
{
    public TransportFailure TransportFailure { get; init; }

    /// <summary>The header <c>Last-Modified</c> verbatim.</summary>
    public string? LastModified { get; init; }

    /// <summary>Violations in this response.</summary>
    public IReadOnlyList<Finding> Findings { get; init; } = [];

    /// <summary>Whether Cloud Controller cannot parse the body.</summary>
    public bool IsMalformed => Findings.Any(finding => finding.Requirement.Id == "B4");

    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>The body if it is an object.</summary>
    public JsonElement? BodyObject => Body is { ValueKind: JsonValueKind.Object } ? Body : null;

    public string? ErrorCode => JsonMembers.Text(BodyObject, "error");

    /// <summary>The description of the broker, otherwise the status.</summary>
    public string Description =>
        JsonMembers.Text(BodyObject, "description")
        ?? TransportFailure switch
        {
            TransportFailure.TimedOut => "the broker did not respond in time",
            TransportFailure.Unreachable => "the broker cannot be reached",
            _ => $"the broker responded with {Status} without a description",
        };

    public string? Operation => JsonMembers.Text(BodyObject, "operation");

    /// <summary>The header in whole seconds; zero for a date, which Cloud Controller does not support.</summary>
    public TimeSpan RetryAfter =>
        Headers?.TryGetValues("Retry-After", out var values) == true
        && int.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? TimeSpan.FromSeconds(seconds)
            : TimeSpan.Zero;

    public string Location => TransportFailure == TransportFailure.None ? $"{Call} {Status}" : $"{Call} (no response)";

    /// <summary>Status and error code, for messages.</summary>
    public string StatusText =>
        TransportFailure != TransportFailure.None ? "no response"
        : ErrorCode is { } code ? $"{Status} {code}"
        : Status.ToString(CultureInfo.InvariantCulture);

    public string? Header(string name) => Headers?.TryGetValues(name, out var values) == true ? string.Join(", ", values) : null;
}

/// <summary>Reads members of JSON objects that may be absent or of another type.</summary>
internal static class JsonMembers
{
    public static JsonElement? Member(JsonElement? parent, string name) =>
        parent is { ValueKind: JsonValueKind.Object } element && element.TryGetProperty(name, out var value) ? value : null;

    public static string? Text(JsonElement? parent, string name) =>
        Member(parent, name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    public static bool? Boolean(JsonElement? parent, string name) =>
        Member(parent, name)?.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => null,
        };

    public static IEnumerable<JsonElement> Items(JsonElement? parent, string name) =>
        Member(parent, name) is { ValueKind: JsonValueKind.Array } array ? array.EnumerateArray() : [];
}
