using AivenMetrics.PromQL;

namespace AivenMetrics.Gateway.Limits;

/// <summary>How far back an expression reads from each moment that it is evaluated at: its ranges, those of subqueries added to those inside.</summary>
internal static class QueryReach
{
    /// <summary>The longest reach in seconds.</summary>
    /// <param name="expr">The expression.</param>
    /// <param name="step">The step of the query in seconds, for durations that name it; 0 for an instant query.</param>
    /// <param name="range">Its range in seconds; 0 for an instant query.</param>
    public static double Of(Expr expr, double step, double range) => expr switch
    {
        MatrixSelector matrix => Seconds(matrix.Range, step, range),
        SubqueryExpr subquery => Seconds(subquery.Range, step, range) + Of(subquery.Expr, step, range),
        Call call => Longest(call.Args, step, range),
        AggregateExpr aggregate => Math.Max(Of(aggregate.Expr, step, range), aggregate.Param is null ? 0 : Of(aggregate.Param, step, range)),
        BinaryExpr binary => Math.Max(Of(binary.Lhs, step, range), Of(binary.Rhs, step, range)),
        UnaryExpr unary => Of(unary.Expr, step, range),
        ParenExpr paren => Of(paren.Expr, step, range),
        VectorSelector or NumberLiteral or StringLiteral => 0,
        _ => throw new ArgumentException($"Nothing is known of the reach of a node of type {expr.GetType().Name}.", nameof(expr)),
    };

    private static double Longest(ValueList<Expr> expressions, double step, double range)
    {
        var longest = 0.0;
        foreach (var expr in expressions)
            longest = Math.Max(longest, Of(expr, step, range));
        return longest;
    }

    /// <summary>The length of a duration in seconds; what its expression gives, even where a server refuses that.</summary>
    public static double Seconds(Duration duration, double step, double range) =>
        duration.Expr is null ? duration.Fixed.TotalSeconds : Seconds(duration.Expr, step, range);

    private static double Seconds(DurationExpr expr, double step, double range) => expr switch
    {
        DurationNumber number => number.Seconds,
        DurationLiteral literal => literal.Value.TotalSeconds,
        DurationOfQuery ofQuery => ofQuery.Time == QueryTime.Step ? step : range,
        DurationChoice choice => choice.Larger
            ? Math.Max(Seconds(choice.First, step, range), Seconds(choice.Second, step, range))
            : Math.Min(Seconds(choice.First, step, range), Seconds(choice.Second, step, range)),
        DurationMinus minus => -Seconds(minus.Expr, step, range),
        DurationParen paren => Seconds(paren.Expr, step, range),
        DurationBinary binary => Of(binary.Op, Seconds(binary.Lhs, step, range), Seconds(binary.Rhs, step, range)),
        _ => throw new ArgumentException($"Nothing is known of a duration of type {expr.GetType().Name}.", nameof(expr)),
    };

    private static double Of(BinaryOperator op, double left, double right) => op switch
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
