using AivenMetrics.PromQL;

namespace AivenMetrics.Tests.PromQL;

/// <summary>Walks trees by reflection over their properties, so that it finds what the product's own walks might forget.</summary>
internal static class Selectors
{
    public static IEnumerable<VectorSelector> In(Expr expr) => All(expr).OfType<VectorSelector>();

    public static IEnumerable<Expr> All(Expr expr) => Children(expr).SelectMany(All).Prepend(expr);

    public static Expr WithoutParens(Expr expr) => expr switch
    {
        ParenExpr paren => WithoutParens(paren.Expr),
        // A sign folds into a number only where no parentheses stood between; folding both ways keeps trees comparable.
        UnaryExpr unary => WithoutParens(unary.Expr) is NumberLiteral number
            ? new NumberLiteral(unary.Op == UnaryOperator.Minus ? -number.Value : number.Value)
            : unary with { Expr = WithoutParens(unary.Expr) },
        BinaryExpr binary => binary with { Lhs = WithoutParens(binary.Lhs), Rhs = WithoutParens(binary.Rhs) },
        Call call => call with { Args = [.. call.Args.AsSpan().ToArray().Select(WithoutParens)] },
        SubqueryExpr subquery => subquery with { Expr = WithoutParens(subquery.Expr) },
        AggregateExpr aggregate => aggregate with
        {
            Expr = WithoutParens(aggregate.Expr),
            Param = aggregate.Param is null ? null : WithoutParens(aggregate.Param),
        },
        _ => expr,
    };

    private static IEnumerable<Expr> Children(Expr expr) =>
        from property in expr.GetType().GetProperties()
        let value = property.GetIndexParameters().Length == 0 ? property.GetValue(expr) : null
        from child in value as IEnumerable<Expr> ?? (value is Expr one ? [one] : [])
        select child;
}
