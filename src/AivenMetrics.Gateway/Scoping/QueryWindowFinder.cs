using System.Globalization;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.Requests;
using AivenMetrics.Gateway.Routing;
using AivenMetrics.PromQL;

namespace AivenMetrics.Gateway.Scoping;

/// <summary>
/// Finds out which time a query asks about: from its first evaluation, less what its ranges and offsets reach back, to its last. Only
/// asked while a destination is known to have a hole.
/// </summary>
internal static class QueryWindowFinder
{
    /// <summary>The time of an instant or range query; null for all else, and where a time cannot be read: that is Prometheus' to refuse.</summary>
    public static QueryWindow? Find(Route route, RequestParameters parameters, TimeProvider time)
    {
        if (route.Kind != RouteKind.Expression || parameters.Expression is not { } query)
        {
            return null;
        }
        long? from,
            to;
        switch (route.Path)
        {
            case "/api/v1/query":
                from = to = parameters["time"] is { Length: > 0 } at ? ParseMilliseconds(at) : time.GetUtcNow().ToUnixTimeMilliseconds();
                break;
            case "/api/v1/query_range":
                (from, to) = (ParseMilliseconds(parameters["start"]), ParseMilliseconds(parameters["end"]));
                break;
            default:
                return null;
        }

        return from is { } first && to is { } last ? ExtendByLookback(query, first, last) : null;
    }

    /// <summary>Adds what an expression reaches back.</summary>
    internal static QueryWindow? ExtendByLookback(string query, long from, long to)
    {
        if (query.AsSpan().IndexOfAny('[', '@') < 0 && !query.Contains("offset", StringComparison.OrdinalIgnoreCase))
        {
            return new(from, to);
        }
        try
        {
            return new(Math.Min(from, EarliestRead(PromQLParser.Parse(query), from, from)), to);
        }
        catch (PromQLParseException)
        {
            // Scoping refuses it with the reason.
            return null;
        }
    }

    /// <summary>
    /// The earliest time that a part of an expression reads, evaluated at <paramref name="at"/>. Durations that only the server can
    /// evaluate count as none, and so does the look back for the newest sample: a hole that it bridges is none.
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

    /// <summary>A time as Prometheus reads it: seconds since 1970 or RFC 3339.</summary>
    private static long? ParseMilliseconds(string? text)
    {
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds))
        {
            return Math.Abs(seconds) < 1e15 ? (long)(seconds * 1000) : null;
        }
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? at.ToUnixTimeMilliseconds()
            : null;
    }
}
