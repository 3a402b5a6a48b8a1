using AivenMetrics.PromQL;

namespace AivenMetrics.Gateway.Limits;

/// <summary>How far back an expression reads from each moment that it is evaluated at: its ranges, those of subqueries added to those inside.</summary>
internal static class QueryLookback
{
    /// <summary>The longest reach in seconds.</summary>
    /// <param name="expr">The expression.</param>
    /// <param name="step">The step of the query in seconds, for durations that name it; 0 for an instant query.</param>
    /// <param name="range">Its range in seconds; 0 for an instant query.</param>
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

    /// <summary>The length of a duration in seconds; what its expression gives, even where a server refuses that.</summary>
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
            _ => throw new ArgumentException($"Nothing is known of a duration of type {expr.GetType().Name}.", nameof(expr)),
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
