using AivenMetrics.PromQL;

namespace AivenMetrics.Gateway.Limits;

/// <summary>
/// Computes the lookback of an expression at each evaluation: the longest range, with the ranges of enclosing subqueries added.
/// </summary>
internal static class QueryLookbackCalculator
{
    /// <summary>Returns the longest lookback in seconds.</summary>
    /// <param name="expr">The expression.</param>
    /// <param name="step">The step of the query in seconds, for durations that depend on it; 0 for an instant query.</param>
    /// <param name="range">The range of the query in seconds; 0 for an instant query.</param>
    public static double Compute(Expr expr, double step, double range) =>
        expr switch
        {
            MatrixSelector matrix => DurationSeconds(matrix.Range, step, range),
            SubqueryExpr subquery => DurationSeconds(subquery.Range, step, range) + Compute(subquery.Expr, step, range),
            _ => Longest(expr.Children(), step, range),
        };

    private static double Longest(ExprChildren children, double step, double range)
    {
        var longest = 0.0;
        foreach (var child in children)
        {
            longest = Math.Max(longest, Compute(child, step, range));
        }
        return longest;
    }

    /// <summary>Returns a duration in seconds. An expression is evaluated even if the server would reject its result.</summary>
    public static double DurationSeconds(Duration duration, double step, double range) =>
        duration.Expr is null ? duration.Fixed.TotalSeconds : DurationSeconds(duration.Expr, step, range);

    private static double DurationSeconds(DurationExpr expr, double step, double range) =>
        expr switch
        {
            DurationNumber number => number.Seconds,
            DurationLiteral literal => literal.Value.TotalSeconds,
            DurationQueryProperty ofQuery => ofQuery.Property == QueryProperty.Step ? step : range,
            DurationMinMax choice => choice.IsMax
                ? Math.Max(DurationSeconds(choice.First, step, range), DurationSeconds(choice.Second, step, range))
                : Math.Min(DurationSeconds(choice.First, step, range), DurationSeconds(choice.Second, step, range)),
            DurationNegation minus => -DurationSeconds(minus.Expr, step, range),
            DurationParen paren => DurationSeconds(paren.Expr, step, range),
            DurationBinary binary => Compute(binary.Op, DurationSeconds(binary.Lhs, step, range), DurationSeconds(binary.Rhs, step, range)),
            _ => throw new ArgumentException($"Durations of type {expr.GetType().Name} are not supported.", nameof(expr)),
        };

    private static double Compute(BinaryOperator op, double left, double right) =>
        op switch
        {
            BinaryOperator.Add => left + right,
            BinaryOperator.Subtract => left - right,
            BinaryOperator.Multiply => left * right,
            BinaryOperator.Divide => left / right,
            BinaryOperator.Modulo => left % right,
            BinaryOperator.Power => Math.Pow(left, right),
            _ => throw new ArgumentException($"Durations have no operator {op}.", nameof(op)),
        };
}
