using AivenMetrics.PromQL;

namespace AivenMetrics.Gateway.Limits;

/// <summary>
/// How often a query evaluates what is inside its subqueries. Prometheus does so at every step of it within its range and the range of the query
/// around it, at once: of a query over a day, <c>[10m:1s]</c> makes 87,000 points, however few are looked at, and each subquery beside it makes its own.
/// </summary>
internal static class SubqueryPoints
{
    /// <summary>What Prometheus takes for a subquery without a step: its evaluation interval, a minute unless configured.</summary>
    private const double DefaultStepSeconds = 60;

    /// <summary>Prometheus counts in whole milliseconds.</summary>
    private const double MinStepSeconds = 0.001;

    /// <summary>The points of all subqueries; 0 where there is none.</summary>
    /// <param name="expr">The expression.</param>
    /// <param name="step">The step of the query in seconds, for durations that name it; 0 for an instant query.</param>
    /// <param name="range">Its range in seconds; 0 for an instant query.</param>
    public static double Compute(Expr expr, double step, double range) => new Walk(step, range).Compute(expr, range);

    private readonly record struct Walk(double Step, double Range)
    {
        /// <summary>The points inside an expression that is evaluated over so many seconds.</summary>
        public double Compute(Expr expr, double around) =>
            expr switch
            {
                SubqueryExpr subquery => Compute(subquery, around),
                Call call when HasFixedTime(call) => Sum(call.Children(), 0),
                _ => Sum(expr.Children(), around),
            };

        private double Compute(SubqueryExpr subquery, double around)
        {
            // A range that is no length of time is the server's to refuse too; it takes nothing off the others.
            var span = around + Math.Max(QueryLookback.DurationSeconds(subquery.Range, Step, Range), 0);
            var step = QueryLookback.DurationSeconds(subquery.Step, Step, Range);

            // A step that is no length of time is the server's to refuse; where it does not, it takes its usual one.
            var points = span / (step > 0 ? Math.Max(step, MinStepSeconds) : DefaultStepSeconds);
            return points + Compute(subquery.Expr, span);
        }

        private double Sum(ExprChildren children, double around)
        {
            var sum = 0.0;
            foreach (var child in children)
            {
                sum += Compute(child, around);
            }
            return sum;
        }

        /// <summary>
        /// A subquery of a fixed time (<c>@</c>) is evaluated once, however long the query around it, but only if nothing beside it in the
        /// call depends on the time.
        /// </summary>
        private static bool HasFixedTime(Call call)
        {
            foreach (var arg in call.Args)
            {
                if (arg is not (NumberLiteral or SubqueryExpr { At: not null }))
                {
                    return false;
                }
            }
            return true;
        }
    }
}
