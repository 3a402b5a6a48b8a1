using AivenMetrics.PromQL;

namespace AivenMetrics.Gateway.Limits;

/// <summary>
/// Computes the number of evaluations inside the subqueries of a query. Prometheus evaluates a subquery at every step within its own range
/// and the range of the enclosing query: over a day, <c>[10m:1s]</c> needs 87,000 evaluations. The evaluations of all subqueries add up.
/// </summary>
internal static class SubqueryPointsCalculator
{
    /// <summary>
    /// The step in seconds that Prometheus uses for a subquery without one: its evaluation interval, 1 min by default.
    /// </summary>
    private const double DefaultStepSeconds = 60;

    /// <summary>The minimum step in seconds. Prometheus counts whole milliseconds.</summary>
    private const double MinStepSeconds = 0.001;

    /// <summary>Returns the number of evaluations in all subqueries; 0 if there is none.</summary>
    /// <param name="expr">The expression.</param>
    /// <param name="step">The step of the query in seconds, for durations that depend on it; 0 for an instant query.</param>
    /// <param name="range">The range of the query in seconds; 0 for an instant query.</param>
    public static double Compute(Expr expr, double step, double range) => new Walk(step, range).Compute(expr, range);

    private readonly record struct Walk(double Step, double Range)
    {
        /// <summary>Returns the number of evaluations inside an expression that is evaluated over a range in seconds.</summary>
        public double Compute(Expr expr, double around) =>
            expr switch
            {
                SubqueryExpr subquery => Compute(subquery, around),
                Call call when HasFixedTime(call) => Sum(call.Children(), 0),
                _ => Sum(expr.Children(), around),
            };

        private double Compute(SubqueryExpr subquery, double around)
        {
            // The server rejects a negative range. It does not reduce the sum here.
            var span = around + Math.Max(QueryLookbackCalculator.DurationSeconds(subquery.Range, Step, Range), 0);
            var step = QueryLookbackCalculator.DurationSeconds(subquery.Step, Step, Range);

            // The server rejects a step of zero or less, or uses its default step.
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
        /// Returns whether Prometheus evaluates the arguments of a call once, however long the enclosing query is: all of them are numbers
        /// or subqueries with a fixed time (<c>@</c>).
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
