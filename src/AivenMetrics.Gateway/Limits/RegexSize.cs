using AivenMetrics.PromQL;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Gateway.Limits;

/// <summary>
/// Computes the compiled size of the regular expressions in a query. No limit of Prometheus bounds that memory, and seven characters such
/// as
/// <c>.{1000}</c> need a thousand times as much as one.
/// </summary>
internal static class RegexSize
{
    /// <summary>
    /// The maximum total size of the regular expressions in one request. A query of the maximum length that lists plain values is allowed.
    /// An allowed request costs a server at most about 25 MB and 0.3 s (docs/decisions/0011-limits-and-fair-queues.md).
    /// </summary>
    public const int Max = 100_000;

    /// <summary>Returns the size of all regular expressions in a query.</summary>
    public static long Compute(Expr expr)
    {
        var size = expr switch
        {
            VectorSelector selector => Compute(selector),
            Call call when call.Function == Function.LabelReplace => ComputeLiteral(call.Args[^1]),
            _ => 0,
        };
        foreach (var child in expr.Children())
        {
            size += Compute(child);
        }
        return size;
    }

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

    private static long ComputeLiteral(Expr regex) =>
        regex switch
        {
            ParenExpr paren => ComputeLiteral(paren.Expr),
            StringLiteral text => new LabelMatcher("", MatchType.Regex, text.Value).RegexSize(),
            _ => throw new ArgumentException($"A text is no {regex.GetType().Name}.", nameof(regex)),
        };
}
