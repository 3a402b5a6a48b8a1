using System.Globalization;
using AivenMetrics.Gateway.PrometheusApi;

namespace AivenMetrics.Gateway.Limits;

/// <summary>What the gateway says when a limit is reached, or near: its name, its value, the plan, and what to do.</summary>
internal static class LimitErrors
{
    private const int BusyRetrySeconds = 5;

    public static GatewayError RateExceeded(TenantLimits plan, TimeSpan wait)
    {
        var seconds = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds));
        return new(
            429,
            "too_many_requests",
            $"{DescribeLimit(plan, LimitNames.RequestsPerSecond)} {plan.RequestsPerSecond} requests per second and {plan.RequestBurst} at once, and there were more: "
                + $"try again in {seconds} s, and ask less often",
            LimitNames.RequestsPerSecond
        )
        {
            RetryAfter = seconds,
        };
    }

    /// <summary>No room for a body.</summary>
    public static GatewayError TooManyBodies(TenantLimits plan) =>
        new(
            429,
            "too_many_requests",
            $"too many requests of plan \"{plan.Plan}\" send their bodies at once: send them without pauses, shorter, or fewer at once",
            "bodies"
        )
        {
            RetryAfter = BusyRetrySeconds,
        };

    /// <summary>No place for a query.</summary>
    public static GatewayError FromAdmission(AdmissionResult entry, TenantLimits plan) =>
        entry switch
        {
            AdmissionResult.QueueFull => TooManyQueries(plan, $"{plan.QueuedQueries} more wait already"),
            AdmissionResult.TimedOut => TooManyQueries(plan, $"this one waited {PrometheusTime.Format(plan.QueueTime)} for its turn"),
            _ => new(
                503,
                "unavailable",
                "the metrics store has more to do than it can at the moment, for all its tenants together: try again shortly",
                "busy"
            )
            {
                RetryAfter = BusyRetrySeconds,
            },
        };

    public static GatewayError RangeTooLong(TenantLimits plan, string what, double seconds) =>
        new(
            422,
            "execution",
            $"{what} {FormatLength(seconds)}; {DescribeLimit(plan, LimitNames.QueryRange)} {PrometheusTime.Format(plan.QueryRange)}: ask for a shorter time, in several queries if need be",
            LimitNames.QueryRange
        );

    /// <summary>Goes on behind what the server said when it ended the query.</summary>
    public static GatewayError QueryTimedOut(TenantLimits plan, string said) =>
        new(
            503,
            "timeout",
            $"{said}: {DescribeLimit(plan, LimitNames.QueryTimeout)} {PrometheusTime.Format(plan.QueryTimeout)}: ask for fewer series, a shorter time or a larger step",
            LimitNames.QueryTimeout
        );

    /// <summary>Begins as Prometheus' own error, which clients know.</summary>
    public static GatewayError TooManyPoints(TenantLimits plan) =>
        new(
            400,
            "bad_data",
            string.Create(
                CultureInfo.InvariantCulture,
                $"exceeded maximum resolution of {plan.QueryPoints:N0} points per timeseries. Try decreasing the query resolution (?step=XX): "
            ) + $"{DescribeLimit(plan, LimitNames.QueryPoints)} no more",
            LimitNames.QueryPoints
        );

    public static GatewayError TooManySubqueryPoints(TenantLimits plan, double points) =>
        new(
            422,
            "execution",
            $"the subqueries of this query are evaluated at {(long)Math.Ceiling(points)} points, taken together, of each its range and that of the query around it divided by its step; "
                + $"{DescribeLimit(plan, LimitNames.SubqueryPoints)} {plan.SubqueryPoints}: take a larger step in the brackets, as in [1h:5m], or a shorter time, or ask in several queries",
            LimitNames.SubqueryPoints
        );

    /// <summary>The same for every plan: it protects the servers, and no plan needs more.</summary>
    public static GatewayError RegexesTooLarge(long size) =>
        new(
            422,
            "execution",
            string.Create(
                CultureInfo.InvariantCulture,
                $"the regular expressions of this request are too large together: with their counts, such as {{1000}}, written out they come to {size} or more, "
            )
                + $"and every plan allows ({LimitNames.RegexSize}) {RegexSize.Max}: use smaller counts and plainer expressions, or ask in several requests",
            LimitNames.RegexSize
        );

    public static GatewayError ResponseTooLarge(TenantLimits plan, long length) =>
        new(
            422,
            "execution",
            $"the answer has {length} bytes; {DescribeLimit(plan, LimitNames.ResponseBytes)} {plan.ResponseBytes}: ask for fewer series, a shorter time or a larger step",
            LimitNames.ResponseBytes
        );

    public static GatewayError TooManySeries(TenantLimits plan, long series) =>
        new(
            422,
            "execution",
            $"match[] selects {series} series; {DescribeLimit(plan, LimitNames.Series)} {plan.Series}: narrow the selectors, or fetch them in several requests",
            LimitNames.Series
        );

    public static string TruncationWarning(TenantLimits plan) =>
        $"results truncated due to limit: {DescribeLimit(plan, LimitNames.Series)} {plan.Series}; narrow match[] or the time to see the rest";

    public static string NearLimitWarning(TenantLimits plan, string limit, string what) =>
        $"near the limit {limit} of plan \"{plan.Plan}\": {what}";

    private static GatewayError TooManyQueries(TenantLimits plan, string and) =>
        new(
            429,
            "too_many_requests",
            $"{DescribeLimit(plan, LimitNames.ConcurrentQueries)} {plan.ConcurrentQueries} queries at once, and {and}: ask fewer at once, or cheaper ones, and try again",
            LimitNames.ConcurrentQueries
        )
        {
            RetryAfter = BusyRetrySeconds,
        };

    private static string DescribeLimit(TenantLimits plan, string limit) => $"plan \"{plan.Plan}\" allows ({limit})";

    private static string FormatLength(double seconds) =>
        seconds is >= 0 and < 1e10 ? PrometheusTime.Format(TimeSpan.FromSeconds(seconds)) : "longer than a query can be";
}
