using AivenMetrics.PromQL;

namespace AivenMetrics.Gateway.Scoping;

/// <summary>
/// Finds calls of <c>info</c> that name no labels to add. They mean all labels, but with a scope on the info series Prometheus adds only the labels of
/// the scope, which the series have already (docs/decisions/0006-one-text-for-every-prometheus.md).
/// </summary>
internal static class InfoCalls
{
    /// <summary>The warning in the response to such a query.</summary>
    public const string Warning =
        "info() shows nothing here unless its second argument names the labels to add: write info(v, {version=~\".+\"}) instead of info(v)";

    /// <summary>Returns whether an expression contains such a call.</summary>
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
