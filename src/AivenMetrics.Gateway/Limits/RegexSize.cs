using AivenMetrics.PromQL;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Gateway.Limits;

/// <summary>
/// How much a server makes of the regular expressions of a query when it compiles them: that is memory that no limit of Prometheus bounds,
/// and seven characters such as <c>.{1000}</c> ask for a thousand times as much as one.
/// </summary>
internal static class RegexSize
{
    /// <summary>
    /// The most that the expressions of one request may come to, together. A query of the greatest length whose expressions list plain
    /// values fits; whatever fits costs a server some 25 MB and 0.3 s to compile (decision 0011).
    /// </summary>
    public const int Max = 100_000;

    /// <summary>The size of all expressions in a query.</summary>
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

    /// <summary>The size of all expressions in a selector.</summary>
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
