using AivenMetrics.PromQL;

namespace AivenMetrics.Gateway.Scoping;

/// <summary>
/// Finds calls of <c>info</c> that name no label to copy. They mean all labels, but with a scope on what they look up Prometheus copies
/// the scope's labels only, and leaves out what has them already (decision 0006).
/// </summary>
internal static class InfoCalls
{
    /// <summary>What the answer to such a query warns of.</summary>
    public const string Warning =
        "info() shows nothing here unless its second argument names the labels to add: write info(v, {version=~\".+\"}) instead of info(v)";

    /// <summary>Whether a part of the expression is such a call.</summary>
    public static bool AnyWithoutLabels(Expr expr) =>
        expr switch
        {
            MatrixSelector or VectorSelector or NumberLiteral or StringLiteral => false,
            SubqueryExpr subquery => AnyWithoutLabels(subquery.Expr),
            Call call => (call.Function == Function.Info && (call.Args.Count == 1 || HasNoLabelNames(call.Args[1])))
                || AnyWithoutLabelsIn(call.Args),
            AggregateExpr aggregate => AnyWithoutLabels(aggregate.Expr)
                || (aggregate.Param is not null && AnyWithoutLabels(aggregate.Param)),
            BinaryExpr binary => AnyWithoutLabels(binary.Lhs) || AnyWithoutLabels(binary.Rhs),
            UnaryExpr unary => AnyWithoutLabels(unary.Expr),
            ParenExpr paren => AnyWithoutLabels(paren.Expr),
            _ => throw new ArgumentException($"Nothing is known of the calls in a node of type {expr.GetType().Name}.", nameof(expr)),
        };

    private static bool HasNoLabelNames(Expr labels)
    {
        if (labels is not VectorSelector selector)
        {
            return false;
        }
        for (var i = 0; i < selector.Matchers.Count; i++)
        {
            if (selector.Matchers[i].Name != "__name__")
            {
                return false;
            }
        }
        return true;
    }

    private static bool AnyWithoutLabelsIn(ValueList<Expr> expressions)
    {
        for (var i = 0; i < expressions.Count; i++)
        {
            if (AnyWithoutLabels(expressions[i]))
            {
                return true;
            }
        }
        return false;
    }
}
