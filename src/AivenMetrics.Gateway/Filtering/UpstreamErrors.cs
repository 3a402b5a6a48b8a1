using System.Text.Json;
using System.Text.RegularExpressions;
using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Failover;
using AivenMetrics.Gateway.Routing;

namespace AivenMetrics.Gateway.Filtering;

/// <summary>
/// What a Prometheus says against a request is about the text that it got, which the tenant did not write. Positions in that text are
/// left out, and words that quote the scope are replaced. What it says of values, such as a step or two series of one name, comes through.
/// </summary>
internal static partial class UpstreamErrors
{
    private const string Generic = "the metrics store refused this query: its version may lack something that the query uses";

    /// <summary>The error for the client if the server's own must not reach it as it is; null if it may.</summary>
    public static async ValueTask<Refusal?> ReplacedAsync(UpstreamAnswer answer, AnswerShape shape, Credential credential)
    {
        if ((int)answer.Response.StatusCode < 400)
            return null;
        if (shape is AnswerShape.Exposition or AnswerShape.RemoteRead)
            return await OfTextAsync(answer);
        var (errorType, said) = await ReadAsync(answer);
        var told = Told(errorType, said, credential);
        return told == said ? null : Refusal.FromUpstream((int)answer.Response.StatusCode, errorType, told);
    }

    /// <summary>The error of a request whose answer is not passed on as it is.</summary>
    public static async ValueTask<Refusal> RefusalAsync(UpstreamAnswer answer, Credential credential)
    {
        var (errorType, said) = await ReadAsync(answer);
        return Refusal.FromUpstream((int)answer.Response.StatusCode, errorType, Told(errorType, said, credential));
    }

    private static string Told(string errorType, string? said, Credential credential)
    {
        if (said is null)
            return Generic;

        // Errors of execution name series, with all their labels: those are the tenant's own.
        if (errorType is not ("execution" or "timeout" or "canceled"))
            foreach (var matcher in credential.Scope.Matchers)
                if (said.Contains(matcher.Name + "=", StringComparison.Ordinal))
                    return Generic;
        return Position().Replace(said, "");
    }

    /// <summary>Remote read and federation answer errors as bare text.</summary>
    private static async ValueTask<Refusal> OfTextAsync(UpstreamAnswer answer)
    {
        var status = (int)answer.Response.StatusCode;
        var body = await AnswerJudge.ReadErrorAsync(answer.Response, answer.Deadline.Token);
        if (body is not null && body.AsSpan().IndexOf("sample limit"u8) >= 0)
            return Refusal.FromUpstream(status, "execution", "the answer would have more samples than the metrics store gives at once: ask for a shorter time or fewer series");
        return Refusal.FromUpstream(status, status < 500 ? "bad_data" : "execution", "the metrics store refused this request");
    }

    /// <summary>Type and text of an error in Prometheus' shape; no text if it is not in that shape or too long.</summary>
    private static async ValueTask<(string ErrorType, string? Error)> ReadAsync(UpstreamAnswer answer)
    {
        if (await AnswerJudge.ReadErrorAsync(answer.Response, answer.Deadline.Token) is { } body)
        {
            try
            {
                using var json = JsonDocument.Parse(body);
                if (json.RootElement.ValueKind == JsonValueKind.Object
                    && json.RootElement.TryGetProperty("errorType", out var type) && type.ValueKind == JsonValueKind.String
                    && json.RootElement.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.String)
                    return (type.GetString()!, error.GetString()!);
            }
            catch (JsonException)
            {
                // Half an error is as good as none.
            }
        }

        return ((int)answer.Response.StatusCode < 500 ? "bad_data" : "execution", null);
    }

    [GeneratedRegex(@"\b\d+:\d+: (?=parse error)", RegexOptions.CultureInvariant)]
    private static partial Regex Position();
}
