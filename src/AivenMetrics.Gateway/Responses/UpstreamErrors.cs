using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Forwarding;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.Gateway.PrometheusApi;

namespace AivenMetrics.Gateway.Responses;

/// <summary>
/// What a Prometheus says against a request is about the text that it got, which the tenant did not write. Positions in that text are
/// left out, and words that quote the scope are replaced. What it says of values, such as a step or two series of one name, comes through.
/// </summary>
internal static partial class UpstreamErrors
{
    private const string Busy = "the metrics store has too much to do at the moment: try again shortly";
    private const string RequestRejected = "the metrics store refused this request";
    private const string QueryRejected = "the metrics store refused this query: its version may lack something that the query uses";

    /// <summary>The error for the client if the server's own must not reach it as it is; null if it may.</summary>
    public static GatewayError? GetReplacement(UpstreamResponse answer, ResponseShape shape, Credential credential, RequestLimits limits)
    {
        if ((int)answer.Message.StatusCode < 400)
        {
            return null;
        }
        if (shape is ResponseShape.Exposition or ResponseShape.RemoteRead)
        {
            return FromTextResponse(answer, shape);
        }
        var error = Read(answer);
        var told = Sanitize(error, credential);
        if (error.Type == "timeout" && limits.IsPlanTimeout)
        {
            return LimitErrors.QueryTimedOut(limits.Limits, told);
        }
        // What was no text is not passed on as it came.
        return told == error.Text && error.IsPrometheusError && !told.Contains('\ufffd', StringComparison.Ordinal)
            ? null
            : GatewayError.FromUpstream((int)answer.Message.StatusCode, error.Type, told);
    }

    /// <summary>The error of a request whose answer is not passed on as it is.</summary>
    public static GatewayError ToGatewayError(UpstreamResponse answer, Credential credential)
    {
        var error = Read(answer);
        return GatewayError.FromUpstream((int)answer.Message.StatusCode, error.Type, Sanitize(error, credential));
    }

    /// <summary>What an engine said.</summary>
    /// <param name="Type">The error's type in Prometheus' words.</param>
    /// <param name="Text">Its text; null if it had none that can be read.</param>
    /// <param name="IsPrometheusError">Type and text are those of the answer.</param>
    private readonly record struct EngineError(string Type, string? Text, bool IsPrometheusError);

    private static string Sanitize(EngineError error, Credential credential)
    {
        if (error.Text is not { } said)
        {
            return error.Type == "unavailable" ? Busy : QueryRejected;
        }

        // Errors of Prometheus' execution name series, with all their labels: those are the tenant's own.
        if (!error.IsPrometheusError || error.Type is not ("execution" or "timeout" or "canceled"))
        {
            foreach (var matcher in credential.Scope.Matchers)
            {
                if (said.Contains(matcher.Name + "=", StringComparison.Ordinal))
                {
                    return QueryRejected;
                }
            }
        }
        return QueryPosition().Replace(said, "");
    }

    /// <summary>Remote read and federation answer errors as bare text.</summary>
    private static GatewayError FromTextResponse(UpstreamResponse answer, ResponseShape shape)
    {
        var status = (int)answer.Message.StatusCode;
        if (answer.Body!.Text.AsSpan().IndexOf("sample limit"u8) >= 0)
        {
            return GatewayError.FromUpstream(
                status,
                "execution",
                "the answer would have more samples than the metrics store gives at once: ask for a shorter time or fewer series"
            );
        }
        // For a matcher that it cannot read, Prometheus answers a remote read as if the fault were its own.
        return status < 500
            ? GatewayError.FromUpstream(status, "bad_data", RequestRejected)
            : GatewayError.FromUpstream(shape == ResponseShape.RemoteRead ? 422 : status, "execution", RequestRejected);
    }

    /// <summary>Type and text of an error in Prometheus' shape; no text if it is not in that shape or too long.</summary>
    private static EngineError Read(UpstreamResponse answer)
    {
        var status = (int)answer.Message.StatusCode;
        return
            answer.Body!.Json?.RootElement is { ValueKind: JsonValueKind.Object } said
            && UpstreamData.GetMember(said, "errorType") is { ValueKind: JsonValueKind.String } type
            && UpstreamData.GetMember(said, "error") is { ValueKind: JsonValueKind.String } error
            ? Read(type.GetString()!, error.GetString()!)
            : new(
                status == 429 ? "unavailable"
                    : status < 500 ? "bad_data"
                    : "execution",
                null,
                false
            );
    }

    /// <summary>VictoriaMetrics gives the status as the type, and before what is wrong with a query the query as it got it.</summary>
    private static EngineError Read(string type, string text) =>
        type switch
        {
            "400" => new("bad_data", ExecutedQuery().Replace(text, ""), false),
            "429" or "503" => new("unavailable", Busy, false),
            _ when type.Length == 3 && int.TryParse(type, NumberStyles.None, CultureInfo.InvariantCulture, out _) => new(
                "execution",
                ExecutedQuery().Replace(text, ""),
                false
            ),
            _ => new(type, text, true),
        };

    [GeneratedRegex(
        """^error when executing query="(?:[^"\\]|\\.)*" (?:for|on the time range) \([^)]*\): """,
        RegexOptions.CultureInvariant | RegexOptions.Singleline
    )]
    private static partial Regex ExecutedQuery();

    /// <summary>
    /// Where in the query something is wrong: <c>1:8: parse error</c> and its like, and the first and last letter of a duration that cannot
    /// be, <c>76:83: duration must be …</c>. Only at the beginning: further on such digits are what the tenant wrote.
    /// </summary>
    [GeneratedRegex(
        """(?<=^(?:invalid parameter "[^"]*": )?)\d+:\d+: |(?<=^(?:[\w ]+: |invalid parameter "[^"]*": )*)(?:\d+:\d+|invalid position): (?=parse error)""",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex QueryPosition();
}
