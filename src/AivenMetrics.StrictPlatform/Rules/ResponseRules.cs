using System.Text.Json;
using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Rules;

/// <summary>Rules that hold for every answer, whatever was asked.</summary>
internal static class ResponseRules
{
    private static readonly string[] DefinedCodes = ["AsyncRequired", "ConcurrencyError", "RequiresApp", "MaintenanceInfoConflict"];

    /// <summary>What is wrong.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="identity">The request identity that was sent; null: none.</param>
    public static IEnumerable<Finding> Validate(OsbResponse answer, string? identity) =>
        answer.TransportFailure != TransportFailure.None
            ? []
            : [.. ValidateHeaders(answer, identity), .. ValidateStatus(answer), .. ValidateSuccess(answer), .. ValidateError(answer)];

    private static IEnumerable<Finding> ValidateHeaders(OsbResponse answer, string? identity)
    {
        if (!string.IsNullOrEmpty(identity) && answer.Header(BrokerClient.RequestIdentityHeader) is var echoed && echoed != identity)
        {
            yield return new("8", echoed is null ? "the header is not sent back" : "another value is sent back", answer.Location);
        }
        if (answer.BodyText.Length > 0 && !IsJson(answer.ContentType))
        {
            yield return new("13", $"a body of the Content-Type {answer.ContentType ?? "(none)"}", answer.Location);
        }
        if (answer.Status == 401 && string.IsNullOrEmpty(answer.Header("WWW-Authenticate")))
        {
            yield return new("4", "a 401 without WWW-Authenticate", answer.Location);
        }
        if (answer.Header("Retry-After") is { } wait && !wait.All(char.IsAsciiDigit))
        {
            yield return new("53", $"Retry-After is '{wait}', which Cloud Controller takes for 0", answer.Location);
        }
    }

    private static IEnumerable<Finding> ValidateStatus(OsbResponse answer)
    {
        var reads = answer.Call.Method == HttpMethod.Get;
        if (answer.Status == 202 && reads)
        {
            yield return new("15", "202 to a GET", answer.Location);
        }
        else if (answer.Status == 202 && !answer.Call.AcceptsIncomplete)
        {
            yield return new("41", "202 though the platform did not send accepts_incomplete=true", answer.Location);
        }
        if (answer.Status == 201 && answer.Call.Endpoint is not (Endpoint.Provision or Endpoint.Bind))
        {
            yield return new("15", "201 is for provision and bind only", answer.Location);
        }
        if (answer.Status is 304 && answer.Call.Endpoint != Endpoint.Catalog)
        {
            yield return new("15", "304 is for the catalog only", answer.Location);
        }
        else if (answer.Status is >= 203 and < 400 and not 304)
        {
            yield return new("15", $"{answer.Status} is no answer of this API", answer.Location);
        }
        if (
            answer.Status == 410
            && (
                reads
                    ? answer.Call.Endpoint is Endpoint.FetchInstance or Endpoint.FetchBinding or Endpoint.Catalog
                    : answer.Call.Method == HttpMethod.Put
            )
        )
        {
            yield return new("15", "410 is for deletes only", answer.Location);
        }
    }

    private static IEnumerable<Finding> ValidateSuccess(OsbResponse answer)
    {
        if (!answer.IsSuccess || answer.BodyObject is not null)
        {
            yield break;
        }
        yield return new(
            "B4",
            answer.BodyText.Length == 0 ? "the body is empty; it must be a JSON object" : "the body is no JSON object",
            answer.Location
        );
    }

    private static IEnumerable<Finding> ValidateError(OsbResponse answer)
    {
        if (answer.Status < 400 || answer.BodyObject is not { } body)
        {
            yield break;
        }
        if (JsonMembers.Member(body, "error") is { } error && !(error.ValueKind == JsonValueKind.String && IsWord(error.GetString()!)))
        {
            yield return new("16", "error is not a single word", answer.Location);
        }
        if (
            JsonMembers.Member(body, "description") is { } text
            && !(text.ValueKind == JsonValueKind.String && !string.IsNullOrWhiteSpace(text.GetString()))
        )
        {
            yield return new("16", "description is not a non-empty text", answer.Location);
        }
        foreach (var flag in (string[])["instance_usable", "update_repeatable"])
        {
            var allowed =
                answer.Call.Endpoint == Endpoint.Update || (flag == "instance_usable" && answer.Call.Endpoint == Endpoint.Deprovision);
            if (
                JsonMembers.Member(body, flag) is { } value
                && (!allowed || value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            )
            {
                yield return new("17", allowed ? $"{flag} is not a boolean" : $"{flag} in the error of another request", answer.Location);
            }
        }

        if (DefinedCodes.Contains(answer.ErrorCode) && answer.Status != 422)
        {
            yield return new("20", $"{answer.ErrorCode} with status {answer.Status}", answer.Location);
        }
        if (answer.ErrorCode == "AsyncRequired" && answer.Call.AcceptsIncomplete)
        {
            yield return new("41", "AsyncRequired though the platform sent accepts_incomplete=true", answer.Location);
        }
    }

    private static bool IsWord(string text) => text.Length > 0 && !text.Any(char.IsWhiteSpace);

    private static bool IsJson(string? contentType) =>
        contentType is not null && contentType.Split(';')[0].Trim().Equals("application/json", StringComparison.OrdinalIgnoreCase);
}
