using System.Globalization;
using AivenMetrics.Gateway.PrometheusApi;
using AivenMetrics.Gateway.Routing;

namespace AivenMetrics.Gateway.Requests;

/// <summary>
/// Parses the times, durations and limits of a request, applies the tenant's limits and stores the values that are forwarded. A value that
/// the gateway limits is forwarded as the gateway parsed it, so that the server cannot read it differently.
/// </summary>
internal static class ParameterReader
{
    /// <summary>Reads the parameters that the route limits.</summary>
    /// <returns>The error of an invalid parameter or an exceeded limit; null if there is none.</returns>
    public static GatewayError? Read(GatewayRequest request) =>
        request.Route.Limits switch
        {
            ParameterLimits.None => null,
            ParameterLimits.InstantQuery => ReadTimeout(request) ?? ReadInstant(request),
            ParameterLimits.RangeQuery => ReadTimeout(request) ?? ReadRange(request),
            ParameterLimits.Times => ReadTimes(request),
            ParameterLimits.List => ReadTimes(request) ?? ReadLimit(request),
            var limits => throw new InvalidOperationException($"The parameter limits {limits} are not implemented."),
        };

    /// <summary>Reads <c>timeout</c> and <c>lookback_delta</c>. The plan bounds both: a longer timeout is shortened.</summary>
    private static GatewayError? ReadTimeout(GatewayRequest request)
    {
        var (parameters, limits) = (request.Parameters, request.Limits);
        var given = parameters[RouteParameter.Timeout];
        var forwarded = "";
        var timeout = long.MaxValue;
        if (!string.IsNullOrEmpty(given) && !PrometheusTime.TryParseDuration(given, out timeout, out forwarded))
        {
            return Invalid(RouteParameter.Timeout, given, "duration");
        }

        parameters.Set(RouteParameter.Timeout, limits.ApplyTimeout(timeout) ? limits.Limits.QueryTimeoutText : forwarded);

        if (parameters[RouteParameter.LookbackDelta] is not { Length: > 0 } lookback)
        {
            return null;
        }

        if (!PrometheusTime.TryParseDuration(lookback, out var delta, out var forwardedDelta))
        {
            return Invalid(RouteParameter.LookbackDelta, lookback, "duration");
        }

        parameters.Set(RouteParameter.LookbackDelta, forwardedDelta);
        return limits.CheckLookbackDelta(delta);
    }

    private static GatewayError? ReadInstant(GatewayRequest request)
    {
        if (ReadTime(request, RouteParameter.Time, null, out var time) is { } invalid)
        {
            return invalid;
        }

        request.Times = time is { } at ? new(at, at) : null;
        return null;
    }

    private static GatewayError? ReadRange(GatewayRequest request)
    {
        if (ReadTime(request, RouteParameter.Start, "", out var start) is { } invalidStart)
        {
            return invalidStart;
        }

        if (ReadTime(request, RouteParameter.End, "", out var end) is { } invalidEnd)
        {
            return invalidEnd;
        }

        var times = new EvaluationTimes(start!.Value, end!.Value);
        if (times.End < times.Start)
        {
            return GatewayError.InvalidParameter("end", "end timestamp must not be before start time");
        }

        var given = request.Parameters[RouteParameter.Step];
        if (!PrometheusTime.TryParseDuration(given ?? "", out var step, out var forwarded))
        {
            return Invalid(RouteParameter.Step, given, "duration");
        }

        if (step <= 0)
        {
            return GatewayError.InvalidParameter(
                "step",
                "zero or negative query resolution step widths are not accepted. Try a positive integer"
            );
        }

        request.Parameters.Set(RouteParameter.Step, forwarded);
        request.Times = times;
        return request.Limits.CheckRange(times.Start, times.End, step);
    }

    private static GatewayError? ReadTimes(GatewayRequest request) =>
        ReadTime(request, RouteParameter.Start, null, out _) ?? ReadTime(request, RouteParameter.End, null, out _);

    /// <summary>Reads the maximum length of a list: the client's own, or the plan's if that is lower.</summary>
    private static GatewayError? ReadLimit(GatewayRequest request)
    {
        var given = request.Parameters[RouteParameter.Limit];
        var limit = 0L;
        if (
            !string.IsNullOrEmpty(given)
            && (!long.TryParse(given, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out limit) || limit < 0)
        )
        {
            return GatewayError.InvalidParameter("limit", "limit must be a number that is not negative");
        }

        request.Parameters.Set(RouteParameter.Limit, request.Limits.ApplyListLimit(limit).ToString(CultureInfo.InvariantCulture));
        return null;
    }

    /// <summary>Reads a time.</summary>
    /// <param name="request">The request.</param>
    /// <param name="parameter">The parameter.</param>
    /// <param name="absent">The text to parse if the request does not give the parameter; null if it is optional.</param>
    /// <param name="milliseconds">Milliseconds since 1970; null if the parameter is absent and optional.</param>
    private static GatewayError? ReadTime(GatewayRequest request, RouteParameter parameter, string? absent, out long? milliseconds)
    {
        milliseconds = null;
        var given = request.Parameters[parameter] is { Length: > 0 } text ? text : absent;
        if (given is null)
        {
            return null;
        }

        if (!PrometheusTime.TryParseTime(given, out var parsed, out var forwarded))
        {
            return Invalid(parameter, given, "timestamp");
        }

        milliseconds = parsed;
        request.Parameters.Set(parameter, forwarded);
        return null;
    }

    private static GatewayError Invalid(RouteParameter parameter, string? text, string kind) =>
        GatewayError.InvalidParameter(parameter.Name, $"cannot parse \"{text}\" to a valid {kind}");
}
