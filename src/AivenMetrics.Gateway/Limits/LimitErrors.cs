using System.Globalization;
using AivenMetrics.Gateway.PrometheusApi;

namespace AivenMetrics.Gateway.Limits;

/// <summary>
/// Errors and warnings for limits. Each names the limit, its value, the plan and the remedy.
/// </summary>
internal static class LimitErrors
{
    private const int BusyRetrySeconds = 5;

    /// <summary>The request rate exceeds the plan's.</summary>
    /// <param name="limits">The limits of the plan.</param>
    /// <param name="wait">The time until the next request is allowed.</param>
    public static GatewayError RateExceeded(TenantLimits limits, TimeSpan wait)
    {
        var seconds = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds));
        return new(
            429,
            "too_many_requests",
            $"The request rate exceeds the limit: {Allows(limits, LimitNames.RequestsPerSecond)} {limits.RequestsPerSecond} "
                + "requests per second and "
                + $"bursts of {limits.RequestBurst}. Try again in {seconds} s and send fewer requests.",
            LimitNames.RequestsPerSecond
        )
        {
            RetryAfter = seconds,
        };
    }

    /// <summary>Too many request bodies of the tenant are arriving at the same time.</summary>
    public static GatewayError TooManyBodies(TenantLimits limits) =>
        new(
            429,
            "too_many_requests",
            $"Too many requests of plan \"{limits.Plan}\" are sending their bodies at the same time. Send bodies without "
                + "pauses, shorter, or fewer at a time.",
            "bodies"
        )
        {
            RetryAfter = BusyRetrySeconds,
        };

    /// <summary>A query was not admitted.</summary>
    public static GatewayError FromAdmission(AdmissionResult result, TenantLimits limits) =>
        result switch
        {
            AdmissionResult.QueueFull => TooManyQueries(limits, $"{limits.QueuedQueries} more are waiting"),
            AdmissionResult.TimedOut => TooManyQueries(limits, $"this one waited {PrometheusTime.Format(limits.QueueTime)}"),
            _ => new(503, "unavailable", "The metrics store is busy with queries of all tenants. Try again shortly.", "busy")
            {
                RetryAfter = BusyRetrySeconds,
            },
        };

    /// <summary>A time range is too long.</summary>
    /// <param name="limits">The limits of the plan.</param>
    /// <param name="what">The range with its verb, such as <c>lookback_delta is</c>.</param>
    /// <param name="seconds">Its length.</param>
    public static GatewayError RangeTooLong(TenantLimits limits, string what, double seconds) =>
        new(
            422,
            "execution",
            $"The time range is too long: {what} {FormatLength(seconds)}; "
                + $"{Allows(limits, LimitNames.QueryRange)} {PrometheusTime.Format(limits.QueryRange)}. "
                + "Query a shorter time, in several queries if necessary.",
            LimitNames.QueryRange
        );

    /// <summary>The timeout of the plan ended a query.</summary>
    /// <param name="limits">The limits of the plan.</param>
    /// <param name="serverMessage">The error message of the server.</param>
    public static GatewayError QueryTimedOut(TenantLimits limits, string serverMessage) =>
        new(
            503,
            "timeout",
            $"{serverMessage}: {Allows(limits, LimitNames.QueryTimeout)} {PrometheusTime.Format(limits.QueryTimeout)}. "
                + "Query fewer series, a shorter time or a larger step.",
            LimitNames.QueryTimeout
        );

    /// <summary>A range query has too many points. The message begins as Prometheus' own, which clients recognise.</summary>
    public static GatewayError TooManyPoints(TenantLimits limits) =>
        new(
            400,
            "bad_data",
            string.Create(CultureInfo.InvariantCulture, $"exceeded maximum resolution of {limits.QueryPoints:N0} points per timeseries. ")
                + "Try decreasing the query resolution (?step=XX): "
                + $"{Allows(limits, LimitNames.QueryPoints)} no more.",
            LimitNames.QueryPoints
        );

    /// <summary>The subqueries of a query are evaluated too often.</summary>
    public static GatewayError TooManySubqueryPoints(TenantLimits limits, double points) =>
        new(
            422,
            "execution",
            $"The subqueries of this query need {(long)Math.Ceiling(points)} evaluations, summed over all subqueries: (own "
                + "range + enclosing range) / step; "
                + $"{Allows(limits, LimitNames.SubqueryPoints)} {limits.SubqueryPoints}. Use a larger step in the brackets, as "
                + "in [1h:5m], a shorter time, or several queries.",
            LimitNames.SubqueryPoints
        );

    /// <summary>
    /// The regular expressions of a request are too large. The limit protects the servers and is the same for every plan.
    /// </summary>
    public static GatewayError RegexesTooLarge(long size) =>
        new(
            422,
            "execution",
            string.Create(
                CultureInfo.InvariantCulture,
                $"The regular expressions of this request have a size of {size} or more, with counts such as {{1000}} written out; "
            ) + $"every plan allows ({LimitNames.RegexSize}) {RegexSize.Max}. Use smaller counts, simpler expressions or several requests.",
            LimitNames.RegexSize
        );

    /// <summary>A response is too long.</summary>
    public static GatewayError ResponseTooLarge(TenantLimits limits, long bytes) =>
        new(
            422,
            "execution",
            $"The response has {bytes} bytes; {Allows(limits, LimitNames.ResponseBytes)} {limits.ResponseBytes}. "
                + "Query fewer series, a shorter time or a larger step.",
            LimitNames.ResponseBytes
        );

    /// <summary>A federation selects too many series.</summary>
    public static GatewayError TooManySeries(TenantLimits limits, long series) =>
        new(
            422,
            "execution",
            $"match[] selects {series} series; {Allows(limits, LimitNames.Series)} {limits.Series}. Narrow the selectors or "
                + "use several requests.",
            LimitNames.Series
        );

    /// <summary>Returns the warning of a truncated list. It begins as Prometheus' own.</summary>
    public static string TruncationWarning(TenantLimits limits) =>
        $"results truncated due to limit: {Allows(limits, LimitNames.Series)} {limits.Series}; narrow match[] or the time to see the rest";

    /// <summary>Returns the warning of a limit that is nearly reached.</summary>
    public static string NearLimitWarning(TenantLimits limits, string limit, string what) =>
        $"near the limit {limit} of plan \"{limits.Plan}\": {what}";

    private static GatewayError TooManyQueries(TenantLimits limits, string detail) =>
        new(
            429,
            "too_many_requests",
            $"Too many concurrent queries: {Allows(limits, LimitNames.ConcurrentQueries)} {limits.ConcurrentQueries}, and {detail}. "
                + "Send fewer or cheaper queries at a time and try again.",
            LimitNames.ConcurrentQueries
        )
        {
            RetryAfter = BusyRetrySeconds,
        };

    private static string Allows(TenantLimits limits, string limit) => $"plan \"{limits.Plan}\" allows ({limit})";

    private static string FormatLength(double seconds) =>
        seconds is >= 0 and < 1e10 ? PrometheusTime.Format(TimeSpan.FromSeconds(seconds)) : "more than the maximum";
}
