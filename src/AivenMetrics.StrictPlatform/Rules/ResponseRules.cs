using System.Text.Json;
using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Rules;

/// <summary>Rules for every response.</summary>
internal static class ResponseRules
{
    private static readonly string[] DefinedCodes = ["AsyncRequired", "ConcurrencyError", "RequiresApp", "MaintenanceInfoConflict"];

    /// <summary>Returns the violations.</summary>
    /// <param name="response">The response.</param>
    /// <param name="identity">The request identity of the request; null for none.</param>
    public static IEnumerable<Finding> Validate(OsbResponse response, string? identity) =>
        response.TransportFailure != TransportFailure.None
            ? []
            :
            [
                .. ValidateHeaders(response, identity),
                .. ValidateStatus(response),
                .. ValidateSuccess(response),
                .. ValidateError(response),
            ];

    private static IEnumerable<Finding> ValidateHeaders(OsbResponse response, string? identity)
    {
        if (!string.IsNullOrEmpty(identity) && response.Header(BrokerClient.RequestIdentityHeader) is var echoed && echoed != identity)
        {
            yield return new("8", echoed is null ? "the header is not returned" : "another value is returned", response.Location);
        }
        if (response.BodyText.Length > 0 && !IsJson(response.ContentType))
        {
            yield return new("13", $"a body of the Content-Type {response.ContentType ?? "(none)"}", response.Location);
        }
        if (response.Status == 401 && string.IsNullOrEmpty(response.Header("WWW-Authenticate")))
        {
            yield return new("4", "a 401 without WWW-Authenticate", response.Location);
        }
        if (response.Header("Retry-After") is { } wait && !wait.All(char.IsAsciiDigit))
        {
            yield return new("53", $"Retry-After is '{wait}', which Cloud Controller reads as 0", response.Location);
        }
    }

    private static IEnumerable<Finding> ValidateStatus(OsbResponse response)
    {
        var reads = response.Call.Method == HttpMethod.Get;
        if (response.Status == 202 && reads)
        {
            yield return new("15", "202 to a GET", response.Location);
        }
        else if (response.Status == 202 && !response.Call.AcceptsIncomplete)
        {
            yield return new("41", "202 although the platform did not send accepts_incomplete=true", response.Location);
        }
        if (response.Status == 201 && response.Call.Endpoint is not (Endpoint.Provision or Endpoint.Bind))
        {
            yield return new("15", "201 is for provision and bind only", response.Location);
        }
        if (response.Status is 304 && response.Call.Endpoint != Endpoint.Catalog)
        {
            yield return new("15", "304 is for the catalog only", response.Location);
        }
        else if (response.Status is >= 203 and < 400 and not 304)
        {
            yield return new("15", $"{response.Status} is not a status of this API", response.Location);
        }
        if (
            response.Status == 410
            && (
                reads
                    ? response.Call.Endpoint is Endpoint.FetchInstance or Endpoint.FetchBinding or Endpoint.Catalog
                    : response.Call.Method == HttpMethod.Put
            )
        )
        {
            yield return new("15", "410 is for deletes only", response.Location);
        }
    }

    private static IEnumerable<Finding> ValidateSuccess(OsbResponse response)
    {
        if (!response.IsSuccess || response.BodyObject is not null)
        {
            yield break;
        }
        yield return new(
            "B4",
            response.BodyText.Length == 0 ? "the body is empty; it must be a JSON object" : "the body is not a JSON object",
            response.Location
        );
    }

    private static IEnumerable<Finding> ValidateError(OsbResponse response)
    {
        if (response.Status < 400 || response.BodyObject is not { } body)
        {
            yield break;
        }
        if (JsonMembers.Member(body, "error") is { } error && !(error.ValueKind == JsonValueKind.String && IsWord(error.GetString()!)))
        {
            yield return new("16", "error is not a single word", response.Location);
        }
        if (
            JsonMembers.Member(body, "description") is { } text
            && !(text.ValueKind == JsonValueKind.String && !string.IsNullOrWhiteSpace(text.GetString()))
        )
        {
            yield return new("16", "description is not a non-empty text", response.Location);
        }
        foreach (var flag in (string[])["instance_usable", "update_repeatable"])
        {
            var allowed =
                response.Call.Endpoint == Endpoint.Update || (flag == "instance_usable" && response.Call.Endpoint == Endpoint.Deprovision);
            if (
                JsonMembers.Member(body, flag) is { } value
                && (!allowed || value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            )
            {
                yield return new(
                    "17",
                    allowed ? $"{flag} is not a boolean" : $"{flag} is not allowed in the error of this request",
                    response.Location
                );
            }
        }

        if (DefinedCodes.Contains(response.ErrorCode) && response.Status != 422)
        {
            yield return new("20", $"{response.ErrorCode} with status {response.Status}", response.Location);
        }
        if (response.ErrorCode == "AsyncRequired" && response.Call.AcceptsIncomplete)
        {
            yield return new("41", "AsyncRequired although the platform sent accepts_incomplete=true", response.Location);
        }
    }

    private static bool IsWord(string text) => text.Length > 0 && !text.Any(char.IsWhiteSpace);

    private static bool IsJson(string? contentType) =>
        contentType is not null && contentType.Split(';')[0].Trim().Equals("application/json", StringComparison.OrdinalIgnoreCase);
}
