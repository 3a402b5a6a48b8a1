using System.Text.Json;
using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Rules;

/// <summary>Rules that hold for every answer, whatever was asked.</summary>
internal static class AnswerRules
{
    private static readonly string[] DefinedCodes = ["AsyncRequired", "ConcurrencyError", "RequiresApp", "MaintenanceInfoConflict"];

    /// <summary>What is wrong.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="identity">The request identity that was sent; null: none.</param>
    public static IEnumerable<Finding> Faults(Answer answer, string? identity) =>
        answer.Silence != Silence.None ? [] : [.. Headers(answer, identity), .. Status(answer), .. Success(answer), .. Error(answer)];

    private static IEnumerable<Finding> Headers(Answer answer, string? identity)
    {
        if (!string.IsNullOrEmpty(identity) && answer.Header(BrokerClient.RequestIdentityHeader) is var echoed && echoed != identity)
            yield return new("8", echoed is null ? "the header is not sent back" : "another value is sent back", answer.Where);
        if (answer.Text.Length > 0 && !IsJson(answer.ContentType))
            yield return new("13", $"a body of the Content-Type {answer.ContentType ?? "(none)"}", answer.Where);
        if (answer.Status == 401 && string.IsNullOrEmpty(answer.Header("WWW-Authenticate")))
            yield return new("4", "a 401 without WWW-Authenticate", answer.Where);
        if (answer.Header("Retry-After") is { } wait && !wait.All(char.IsAsciiDigit))
            yield return new("53", $"Retry-After is '{wait}', which Cloud Controller takes for 0", answer.Where);
    }

    private static IEnumerable<Finding> Status(Answer answer)
    {
        bool reads = answer.Ask.Method == HttpMethod.Get;
        if (answer.Status == 202 && reads)
            yield return new("15", "202 to a GET", answer.Where);
        else if (answer.Status == 202 && !answer.Ask.AcceptsIncomplete)
            yield return new("41", "202 though the platform did not send accepts_incomplete=true", answer.Where);
        if (answer.Status == 201 && answer.Ask.Endpoint is not (Endpoint.Provision or Endpoint.Bind))
            yield return new("15", "201 is for provision and bind only", answer.Where);
        if (answer.Status is 304 && answer.Ask.Endpoint != Endpoint.Catalog)
            yield return new("15", "304 is for the catalog only", answer.Where);
        else if (answer.Status is >= 203 and < 400 and not 304)
            yield return new("15", $"{answer.Status} is no answer of this API", answer.Where);
        if (answer.Status == 410 && (reads ? answer.Ask.Endpoint is Endpoint.FetchInstance or Endpoint.FetchBinding or Endpoint.Catalog : answer.Ask.Method == HttpMethod.Put))
            yield return new("15", "410 is for deletes only", answer.Where);
    }

    private static IEnumerable<Finding> Success(Answer answer)
    {
        if (!answer.IsSuccess || answer.Object is not null)
            yield break;
        yield return new("B4", answer.Text.Length == 0 ? "the body is empty; it must be a JSON object" : "the body is no JSON object", answer.Where);
    }

    private static IEnumerable<Finding> Error(Answer answer)
    {
        if (answer.Status < 400 || answer.Object is not { } body)
            yield break;
        if (Json.Member(body, "error") is { } error && !(error.ValueKind == JsonValueKind.String && IsWord(error.GetString()!)))
            yield return new("16", "error is not a single word", answer.Where);
        if (Json.Member(body, "description") is { } text && !(text.ValueKind == JsonValueKind.String && !string.IsNullOrWhiteSpace(text.GetString())))
            yield return new("16", "description is not a non-empty text", answer.Where);
        foreach (string flag in (string[])["instance_usable", "update_repeatable"])
        {
            bool allowed = answer.Ask.Endpoint == Endpoint.Update || (flag == "instance_usable" && answer.Ask.Endpoint == Endpoint.Deprovision);
            if (Json.Member(body, flag) is { } value && (!allowed || value.ValueKind is not (JsonValueKind.True or JsonValueKind.False)))
                yield return new("17", allowed ? $"{flag} is not a boolean" : $"{flag} in the error of another request", answer.Where);
        }

        if (DefinedCodes.Contains(answer.ErrorCode) && answer.Status != 422)
            yield return new("20", $"{answer.ErrorCode} with status {answer.Status}", answer.Where);
        if (answer.ErrorCode == "AsyncRequired" && answer.Ask.AcceptsIncomplete)
            yield return new("41", "AsyncRequired though the platform sent accepts_incomplete=true", answer.Where);
    }

    private static bool IsWord(string text) => text.Length > 0 && !text.Any(char.IsWhiteSpace);

    private static bool IsJson(string? contentType) =>
        contentType is not null && contentType.Split(';')[0].Trim().Equals("application/json", StringComparison.OrdinalIgnoreCase);
}
