namespace AivenMetrics.PromQL;

/// <summary>Restricts a query to what a tenant may see.</summary>
/// <remarks>
/// The scope's matchers are added behind those of every selector, wherever in the tree it stands, and nothing else changes. Prometheus ANDs
/// matchers, also several on one label, so an added matcher can only narrow: it never replaces one of the query nor is left out because one
/// looks the same.
/// </remarks>
public static class Scope
{
    /// <summary>A new tree in which every selector carries the scope's matchers.</summary>
    /// <exception cref="ArgumentException">A node of an unknown type, about which nothing can be promised.</exception>
    public static Expr Apply(Expr expr, TenantScope scope)
    {
        ArgumentNullException.ThrowIfNull(expr);
        ArgumentNullException.ThrowIfNull(scope);
        return expr switch
        {
            VectorSelector selector => Apply(selector, scope),
            MatrixSelector matrix => matrix with { Selector = Apply(matrix.Selector, scope) },
            SubqueryExpr subquery => subquery with { Expr = Apply(subquery.Expr, scope) },
            Call call => call with { Args = Apply(call.Args, scope) },
            AggregateExpr aggregate => aggregate with
            {
                Expr = Apply(aggregate.Expr, scope),
                Param = aggregate.Param is null ? null : Apply(aggregate.Param, scope),
            },
            BinaryExpr binary => binary with { Lhs = Apply(binary.Lhs, scope), Rhs = Apply(binary.Rhs, scope) },
            UnaryExpr unary => unary with { Expr = Apply(unary.Expr, scope) },
            ParenExpr paren => paren with { Expr = Apply(paren.Expr, scope) },
            NumberLiteral or StringLiteral => expr,
            _ => throw new ArgumentException($"Cannot scope a node of type {expr.GetType().Name}.", nameof(expr)),
        };
    }

    /// <summary>A new selector with its own matchers, then the scope's.</summary>
    public static VectorSelector Apply(VectorSelector selector, TenantScope scope)
    {
        ArgumentNullException.ThrowIfNull(selector);
        ArgumentNullException.ThrowIfNull(scope);
        return selector with { Matchers = selector.Matchers.Append(scope.Enforced) };
    }

    private static ValueList<Expr> Apply(ValueList<Expr> expressions, TenantScope scope)
    {
        if (expressions.Count == 0) return expressions;
        var scoped = new Expr[expressions.Count];
        for (var i = 0; i < scoped.Length; i++) scoped[i] = Apply(expressions[i], scope);
        return new ValueList<Expr>(scoped);
    }
}
