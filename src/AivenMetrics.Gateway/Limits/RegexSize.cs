using AivenMetrics.PromQL;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Gateway.Limits;

/// <summary>
/// Computes the compiled size of the regular expressions in a query. No limit of Prometheus bounds that memory, and seven characters such as
/// <c>.{1000}</c> need a thousand times as much as one.
/// </summary>
internal static class RegexSize
{
    /// <summary>
    /// The maximum total size of the regular expressions in one request. A query of the maximum length that lists plain values is allowed. An allowed
    /// request costs a server at most about 25 MB and 0.3 s (docs/decisions/0011-limits-and-fair-queues.md).
    /// </summary>
    public const int Max = 100_000;

    /// <summary>Returns the size of all regular expressions in a query.</summary>
    public static long Compute(Expr expr) =>
        expr switch
        {
            VectorSelector selector => Compute(selector),
            MatrixSelector matrix => Compute(matrix.Selector),
            SubqueryExpr subquery => Compute(subquery.Expr),
            Call call => Compute(call.Args) + (call.Function == Function.LabelReplace ? ComputeLiteral(call.Args[^1]) : 0),
            AggregateExpr aggregate => Compute(aggregate.Expr) + (aggregate.Param is null ? 0 : Compute(aggregate.Param)),
            BinaryExpr binary => Compute(binary.Lhs) + Compute(binary.Rhs),
            UnaryExpr unary => Compute(unary.Expr),
            ParenExpr paren => Compute(paren.Expr),
            NumberLiteral or StringLiteral => 0,
            _ => throw new ArgumentException($"Nothing is known of the expressions in a node of type {expr.GetType().Name}.", nameof(expr)),
        };

    /// <summary>Returns the size of all regular expressions in a selector.</summary>
    public static long Compute(VectorSelector selector)
    {
        var size = 0L;
        foreach (var matcher in selector.Matchers)
        {
            size += matcher.RegexSize();
        }
        return size;
    }

    private static long Compute(ValueList<Expr> expressions)
    {
        var size = 0L;
        foreach (var expr in expressions)
        {
            size += Compute(expr);
        }
        return size;
    }

    private static long ComputeLiteral(Expr regex) =>
        regex switch
        {
            ParenExpr paren => ComputeLiteral(paren.Expr),
            StringLiteral text => new LabelMatcher("", MatchType.Regex, text.Value).RegexSize(),
            _ => throw new ArgumentException($"A text is no {regex.GetType().Name}.", nameof(regex)),
        };
}
