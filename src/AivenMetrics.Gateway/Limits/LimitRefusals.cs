using System.Globalization;
using AivenMetrics.Gateway.Routing;

namespace AivenMetrics.Gateway.Limits;

/// <summary>What the gateway says when a limit is reached, or near: its name, its value, the plan, and what to do.</summary>
internal static class LimitRefusals
{
    private const int BusyRetrySeconds = 5;

    public static Refusal Rate(PlanLimits plan, TimeSpan wait)
    {
        var seconds = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds));
        return new(429, "too_many_requests",
            $"{Allows(plan, LimitNames.RequestsPerSecond)} {plan.RequestsPerSecond} requests per second and {plan.RequestBurst} at once, and there were more: "
            + $"try again in {seconds} s, and ask less often", LimitNames.RequestsPerSecond)
        {
            RetryAfter = seconds,
        };
    }

    /// <summary>No room for a body.</summary>
    public static Refusal Bodies(PlanLimits plan) => new(429, "too_many_requests",
        $"too many requests of plan \"{plan.Plan}\" send their bodies at once: send them without pauses, shorter, or fewer at once", "bodies")
    {
        RetryAfter = BusyRetrySeconds,
    };

    /// <summary>No place for a query.</summary>
    public static Refusal Of(Entry entry, PlanLimits plan) => entry switch
    {
        Entry.QueueFull => Queries(plan, $"{plan.QueuedQueries} more wait already"),
        Entry.TooLong => Queries(plan, $"this one waited {ApiTime.Print(plan.QueueTime)} for its turn"),
        _ => new(503, "unavailable",
            "the metrics store has more to do than it can at the moment, for all its tenants together: try again shortly", "busy")
        {
            RetryAfter = BusyRetrySeconds,
        },
    };

    public static Refusal Range(PlanLimits plan, string what, double seconds) => new(422, "execution",
        $"{what} {Length(seconds)}; {Allows(plan, LimitNames.QueryRange)} {ApiTime.Print(plan.QueryRange)}: ask for a shorter time, in several queries if need be",
        LimitNames.QueryRange);

    /// <summary>Goes on behind what the server said when it ended the query.</summary>
    public static Refusal Timeout(PlanLimits plan, string said) => new(503, "timeout",
        $"{said}: {Allows(plan, LimitNames.QueryTimeout)} {ApiTime.Print(plan.QueryTimeout)}: ask for fewer series, a shorter time or a larger step", LimitNames.QueryTimeout);

    /// <summary>Begins as Prometheus' own error, which clients know.</summary>
    public static Refusal Points(PlanLimits plan) => new(400, "bad_data",
        string.Create(CultureInfo.InvariantCulture, $"exceeded maximum resolution of {plan.QueryPoints:N0} points per timeseries. Try decreasing the query resolution (?step=XX): ")
        + $"{Allows(plan, LimitNames.QueryPoints)} no more", LimitNames.QueryPoints);

    public static Refusal SubqueryPoints(PlanLimits plan, double points) => new(422, "execution",
        $"the subqueries of this query are evaluated at {(long)Math.Ceiling(points)} points, taken together, of each its range and that of the query around it divided by its step; "
        + $"{Allows(plan, LimitNames.SubqueryPoints)} {plan.SubqueryPoints}: take a larger step in the brackets, as in [1h:5m], or a shorter time, or ask in several queries",
        LimitNames.SubqueryPoints);

    /// <summary>The same for every plan: it protects the servers, and no plan needs more.</summary>
    public static Refusal Regexes(long size) => new(422, "execution",
        string.Create(CultureInfo.InvariantCulture, $"the regular expressions of this request are too large together: with their counts, such as {{1000}}, written out they come to {size} or more, ")
        + $"and every plan allows ({LimitNames.RegexSize}) {RegexSize.Max}: use smaller counts and plainer expressions, or ask in several requests",
        LimitNames.RegexSize);

    public static Refusal TooLong(PlanLimits plan, long length) => new(422, "execution",
        $"the answer has {length} bytes; {Allows(plan, LimitNames.ResponseBytes)} {plan.ResponseBytes}: ask for fewer series, a shorter time or a larger step",
        LimitNames.ResponseBytes);

    public static Refusal TooManySeries(PlanLimits plan, long series) => new(422, "execution",
        $"match[] selects {series} series; {Allows(plan, LimitNames.Series)} {plan.Series}: narrow the selectors, or fetch them in several requests",
        LimitNames.Series);

    public static string Truncated(PlanLimits plan) =>
        $"results truncated due to limit: {Allows(plan, LimitNames.Series)} {plan.Series}; narrow match[] or the time to see the rest";

    public static string Warning(PlanLimits plan, string limit, string what) => $"near the limit {limit} of plan \"{plan.Plan}\": {what}";

    private static Refusal Queries(PlanLimits plan, string and) => new(429, "too_many_requests",
        $"{Allows(plan, LimitNames.ConcurrentQueries)} {plan.ConcurrentQueries} queries at once, and {and}: ask fewer at once, or cheaper ones, and try again",
        LimitNames.ConcurrentQueries)
    {
        RetryAfter = BusyRetrySeconds,
    };

    private static string Allows(PlanLimits plan, string limit) => $"plan \"{plan.Plan}\" allows ({limit})";

    private static string Length(double seconds) => seconds is >= 0 and < 1e10 ? ApiTime.Print(TimeSpan.FromSeconds(seconds)) : "longer than a query can be";
}
