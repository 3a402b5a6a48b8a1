using AivenMetrics.PromQL;

namespace AivenMetrics.Gateway.Scoping;

/// <summary>
/// Finds calls of <c>info</c> that name no labels to add. They mean all labels, but with a scope on the info series Prometheus adds only
/// the labels of the scope, which the series have already (docs/decisions/0006-one-text-for-every-prometheus.md).
/// </summary>
internal static class InfoCallCheck
{
    /// <summary>The warning in the response to such a query.</summary>
    public const string Warning =
        "info() adds no labels unless its second argument names them: write info(v, {version=~\".+\"}) instead of info(v)";

    /// <summary>Returns true if the expression or a part of it is such a call.</summary>
    public static bool AnyWithoutLabels(Expr expr)
    {
        if (expr is Call call && call.Function == Function.Info && (call.Args.Count == 1 || HasNoLabelNames(call.Args[1])))
        {
            return true;
        }
        foreach (var child in expr.Children())
        {
            if (AnyWithoutLabels(child))
            {
                return true;
            }
        }
        return false;
    }

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
}
