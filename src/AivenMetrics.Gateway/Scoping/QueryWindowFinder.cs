using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.Requests;
using AivenMetrics.Gateway.Routing;
using AivenMetrics.PromQL;

namespace AivenMetrics.Gateway.Scoping;

/// <summary>
/// Finds the time range that a query reads: from its first evaluation, less its ranges and offsets, to its last. It is needed only while
/// destinations have different gaps.
/// </summary>
internal static class QueryWindowFinder
{
    /// <summary>Returns the time range of an instant or range query; null for every other request.</summary>
    public static QueryWindow? Find(GatewayRequest request, TimeProvider time)
    {
        if (
            request.Route.Limits is not (ParameterLimits.InstantQuery or ParameterLimits.RangeQuery)
            || request.ParseExpression().Expression is not { } expression
        )
        {
            return null;
        }

        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var (start, end) = request.Times ?? new(now, now);
        return Find(expression, start, end);
    }

    /// <summary>Extends a time range by the lookback of an expression.</summary>
    /// <param name="expression">The expression.</param>
    /// <param name="start">The first evaluation, in milliseconds since 1970.</param>
    /// <param name="end">The last evaluation, in milliseconds since 1970.</param>
    internal static QueryWindow Find(Expr expression, long start, long end) =>
        new(Math.Min(start, EarliestRead(expression, start, start)), end);

    /// <summary>
    /// Returns the earliest time that an expression reads, evaluated at <paramref name="at"/>. Durations that only the server can evaluate
    /// count as zero. The lookback also counts as zero, because a gap shorter than the lookback does not change the result.
    /// </summary>
    private static long EarliestRead(Expr expr, long at, long start) =>
        expr switch
        {
            VectorSelector selector => EvaluationTime(selector.At, at, start) - DurationMilliseconds(selector.Offset),
            MatrixSelector matrix => EarliestRead(matrix.Selector, at, start) - DurationMilliseconds(matrix.Range),
            SubqueryExpr subquery => EarliestRead(
                subquery.Expr,
                EvaluationTime(subquery.At, at, start) - DurationMilliseconds(subquery.Offset) - DurationMilliseconds(subquery.Range),
                start
            ),
            _ => EarliestRead(expr.Children(), at, start),
        };

    private static long EarliestRead(ExprChildren children, long at, long start)
    {
        var earliest = at;
        foreach (var child in children)
        {
            earliest = Math.Min(earliest, EarliestRead(child, at, start));
        }
        return earliest;
    }

    private static long EvaluationTime(AtModifier? modifier, long at, long start) =>
        modifier switch
        {
            null => at,
            { Kind: AtKind.Timestamp } => (long)Math.Clamp(modifier.Seconds * 1000, 0, long.MaxValue / 2d),
            _ => start,
        };

    private static long DurationMilliseconds(Duration duration) => (long)Math.Max(0, duration.Fixed.TotalMilliseconds);
}
