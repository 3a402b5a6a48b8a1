using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.Forwarding;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.Gateway.PrometheusApi;
using AivenMetrics.Gateway.Requests;

namespace AivenMetrics.Gateway.Responses;

/// <summary>
/// Converts errors of a Prometheus server for the client. The server's text refers to the scoped query, which the tenant did not write:
/// positions in it are removed and texts that quote the scope are replaced. Texts about values, such as a step, are kept.
/// </summary>
internal static partial class UpstreamErrors
{
    private const string Busy = "The metrics store is busy. Try again shortly.";
    private const string RequestRejected = "The metrics store rejected this request.";
    private const string QueryRejected = "The metrics store rejected this query. Its version may not support all parts of it.";

    /// <summary>Returns the error that replaces the server's response; null if the client receives the response unchanged.</summary>
    public static GatewayError? GetReplacement(UpstreamResponse response, ResponseShape shape, GatewayRequest request)
    {
        if ((int)response.Message.StatusCode < 400)
        {
            return null;
        }
        if (shape is ResponseShape.Exposition or ResponseShape.RemoteRead)
        {
            return FromTextResponse(response, shape);
        }
        var error = Read(response);
        var sanitized = Sanitize(error, request.Credential);
        if (error.Type == "timeout" && request.Limits.IsPlanTimeout)
        {
            return LimitErrors.QueryTimedOut(request.Account.Limits, sanitized);
        }
        // A text with invalid UTF-8 is replaced.
        return sanitized == error.Text && error.IsPrometheusError && !sanitized.Contains('\ufffd', StringComparison.Ordinal)
            ? null
            : GatewayError.FromUpstream((int)response.Message.StatusCode, error.Type, sanitized);
    }

    /// <summary>Converts an error response that the client does not receive unchanged.</summary>
    public static GatewayError ToGatewayError(UpstreamResponse response, Credential credential)
    {
        var error = Read(response);
        return GatewayError.FromUpstream((int)response.Message.StatusCode, error.Type, Sanitize(error, credential));
    }

    /// <summary>Returns the error for a request to which no Prometheus server responded.</summary>
    public static GatewayError FromFailure(UpstreamFailure failure, DestinationPool destinations) =>
        failure switch
        {
            UpstreamFailure.TimedOut => GatewayError.UpstreamTimedOut,
            UpstreamFailure.NotSupported => GatewayError.NotSupported,
            _ => GatewayError.UpstreamUnavailable with
            {
                Message = $"No server of the metrics store can respond ({destinations.DescribeForTenants()}). Try again shortly.",
            },
        };

    /// <summary>An error of an engine.</summary>
    /// <param name="Type">The error type of Prometheus.</param>
    /// <param name="Text">The text; null if it cannot be read.</param>
    /// <param name="IsPrometheusError">Whether type and text are those of the response.</param>
    private readonly record struct EngineError(string Type, string? Text, bool IsPrometheusError);

    private static string Sanitize(EngineError error, Credential credential)
    {
        if (error.Text is not { } text)
        {
            return error.Type == "unavailable" ? Busy : QueryRejected;
        }

        // Execution errors of Prometheus contain series with all labels. These are the tenant's own.
        if (!error.IsPrometheusError || error.Type is not ("execution" or "timeout" or "canceled"))
        {
            foreach (var matcher in credential.Scope.Matchers)
            {
                if (text.Contains(matcher.Name + "=", StringComparison.Ordinal))
                {
                    return QueryRejected;
                }
            }
        }
        return QueryPosition().Replace(text, "");
    }

    /// <summary>Converts the plain-text errors of remote read and federation.</summary>
    private static GatewayError FromTextResponse(UpstreamResponse response, ResponseShape shape)
    {
        var status = (int)response.Message.StatusCode;
        if (response.Body!.Text.AsSpan().IndexOf("sample limit"u8) >= 0)
        {
            return GatewayError.FromUpstream(
                status,
                "execution",
                "The response would exceed the sample limit of the metrics store. Query a shorter time or fewer series."
            );
        }
        // Prometheus returns 5xx for a remote read with an invalid matcher.
        return status < 500
            ? GatewayError.FromUpstream(status, "bad_data", RequestRejected)
            : GatewayError.FromUpstream(shape == ResponseShape.RemoteRead ? 422 : status, "execution", RequestRejected);
    }

    /// <summary>
    /// Reads type and text of an error in the form of Prometheus; the text is null if the form differs or the text is too long.
    /// </summary>
    private static EngineError Read(UpstreamResponse response)
    {
        var status = (int)response.Message.StatusCode;
        return
            response.Body!.Json?.RootElement is { ValueKind: JsonValueKind.Object } body
            && UpstreamData.GetMember(body, "errorType") is { ValueKind: JsonValueKind.String } type
            && UpstreamData.GetMember(body, "error") is { ValueKind: JsonValueKind.String } error
            ? Read(type.GetString()!, error.GetString()!)
            : new(
                status == 429 ? "unavailable"
                    : status < 500 ? "bad_data"
                    : "execution",
                null,
                false
            );
    }

    /// <summary>
    /// Converts errors of VictoriaMetrics, which uses the status as the type and quotes the executed query before the problem.
    /// </summary>
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
    /// Matches the position of a problem in the scoped query: <c>1:8: parse error</c>, and the first and last character of an invalid
    /// duration,
    /// <c>76:83: duration must be …</c>. Only at the beginning: such digits elsewhere may be the tenant's own text.
    /// </summary>
    [GeneratedRegex(
        """(?<=^(?:invalid parameter "[^"]*": )?)\d+:\d+: |(?<=^(?:[\w ]+: |invalid parameter "[^"]*": )*)(?:\d+:\d+|invalid position): (?=parse error)""",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex QueryPosition();
}
