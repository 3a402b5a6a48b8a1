using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;

namespace AivenMetrics.StrictPlatform.Protocol;

/// <summary>Why there was no answer.</summary>
internal enum TransportFailure
{
    /// <summary>The broker answered.</summary>
    None,

    /// <summary>The connection was made, but no whole answer came in time, or the connection broke.</summary>
    TimedOut,

    /// <summary>There was no connection: the broker cannot have done anything.</summary>
    Unreachable,
}

/// <summary>What a broker answered.</summary>
/// <param name="Status">HTTP status; 0 when there was none.</param>
/// <param name="BodyText">Body; empty when there was none.</param>
/// <param name="Body">Body as JSON; null when it is none. May be no object.</param>
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

    /// <summary>Header <c>Last-Modified</c> as it was sent.</summary>
    public string? LastModified { get; init; }

    /// <summary>What was wrong with the answer by itself.</summary>
    public IReadOnlyList<Finding> Findings { get; init; } = [];

    /// <summary>Cloud Controller could not read it.</summary>
    public bool IsMalformed => Findings.Any(finding => finding.Requirement.Id == "B4");

    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>The body when it is an object.</summary>
    public JsonElement? BodyObject => Body is { ValueKind: JsonValueKind.Object } ? Body : null;

    public string? ErrorCode => JsonMembers.Text(BodyObject, "error");

    /// <summary>The broker's words; else the status.</summary>
    public string Description =>
        JsonMembers.Text(BodyObject, "description")
        ?? TransportFailure switch
        {
            TransportFailure.TimedOut => "the broker did not answer in time",
            TransportFailure.Unreachable => "the broker cannot be reached",
            _ => $"the broker answered {Status} without a description",
        };

    public string? Operation => JsonMembers.Text(BodyObject, "operation");

    /// <summary>Whole seconds; a date counts as none, as Cloud Controller reads it.</summary>
    public TimeSpan RetryAfter =>
        Headers?.TryGetValues("Retry-After", out var values) == true
        && int.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? TimeSpan.FromSeconds(seconds)
            : TimeSpan.Zero;

    public string Location => TransportFailure == TransportFailure.None ? $"{Call} {Status}" : $"{Call} (no answer)";

    /// <summary>Status and error code, for messages.</summary>
    public string StatusText =>
        TransportFailure != TransportFailure.None ? "no answer"
        : ErrorCode is { } code ? $"{Status} {code}"
        : Status.ToString(CultureInfo.InvariantCulture);

    public string? Header(string name) => Headers?.TryGetValues(name, out var values) == true ? string.Join(", ", values) : null;
}

/// <summary>Reads members that may be absent or of another type.</summary>
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
