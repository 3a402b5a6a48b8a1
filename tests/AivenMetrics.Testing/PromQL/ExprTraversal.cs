using AivenMetrics.PromQL;

namespace AivenMetrics.Testing.PromQL;

/// <summary>Traverses trees by reflection over their properties, independently of the product's own traversals.</summary>
internal static class ExprTraversal
{
    public static IEnumerable<VectorSelector> SelectorsIn(Expr expr) => DescendantsAndSelf(expr).OfType<VectorSelector>();

    /// <summary>Returns a node and all nodes below it, parents first. The time is linear, also for a tree of ten thousand levels.</summary>
    public static IEnumerable<Expr> DescendantsAndSelf(Expr expr)
    {
        var pending = new Stack<Expr>([expr]);
        while (pending.TryPop(out var node))
        {
            yield return node;
            foreach (var child in Children(node).Reverse())
            {
                pending.Push(child);
            }
        }
    }

    /// <summary>Returns all durations of a node and their parts.</summary>
    public static IEnumerable<DurationExpr> DurationsOf(Expr expr) =>
        from property in expr.GetType().GetProperties()
        where property.PropertyType == typeof(Duration)
        let duration = (Duration)property.GetValue(expr)!
        where duration.Expr is not null
        from part in DurationsOf(duration.Expr!)
        select part;

    private static IEnumerable<DurationExpr> DurationsOf(DurationExpr expr) =>
        expr.GetType()
            .GetProperties()
            .Select(property => property.GetValue(expr))
            .OfType<DurationExpr>()
            .SelectMany(DurationsOf)
            .Prepend(expr);

    /// <summary>Returns the tree with the implicit selector of info written out.</summary>
    public static Expr WithExplicitInfo(Expr expr) =>
        expr switch
        {
            Call call when call.Function.Name == "info" && call.Args.Count == 1 => call with
            {
                Args = [WithExplicitInfo(call.Args[0]), PromQLParser.Parse("{__name__=\"target_info\"}")],
            },
            Call call => call with { Args = [.. call.Args.AsSpan().ToArray().Select(WithExplicitInfo)] },
            ParenExpr paren => new ParenExpr(WithExplicitInfo(paren.Expr)),
            UnaryExpr unary => unary with { Expr = WithExplicitInfo(unary.Expr) },
            BinaryExpr binary => binary with { Lhs = WithExplicitInfo(binary.Lhs), Rhs = WithExplicitInfo(binary.Rhs) },
            SubqueryExpr subquery => subquery with { Expr = WithExplicitInfo(subquery.Expr) },
            AggregateExpr aggregate => aggregate with
            {
                Expr = WithExplicitInfo(aggregate.Expr),
                Param = aggregate.Param is null ? null : WithExplicitInfo(aggregate.Param),
            },
            _ => expr,
        };

    public static Expr WithoutParens(Expr expr) =>
        expr switch
        {
            ParenExpr paren => WithoutParens(paren.Expr),
            // A sign becomes part of a number only without parentheses in between. Folding both forms makes the trees comparable.
            UnaryExpr unary => WithoutParens(unary.Expr) is NumberLiteral number
                ? new NumberLiteral(unary.Op == UnaryOperator.Minus ? -number.Value : number.Value)
                : unary with
                {
                    Expr = WithoutParens(unary.Expr),
                },
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

    /// <summary>Returns the direct subexpressions that the properties of a node contain.</summary>
    public static IEnumerable<Expr> Children(Expr expr) =>
        from property in expr.GetType().GetProperties()
        let value = property.GetIndexParameters().Length == 0 ? property.GetValue(expr) : null
        from child in value as IEnumerable<Expr> ?? (value is Expr one ? [one] : [])
        select child;
}
