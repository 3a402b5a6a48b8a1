namespace AivenMetrics.PromQL;

/// <summary>Restricts a query to what a tenant may see.</summary>
/// <remarks>
/// The scope's matchers are added behind those of every selector, wherever in the tree it stands, and nothing else changes. Prometheus ANDs
/// matchers, also several on one label, so an added matcher can only narrow: it never replaces one of the query nor is left out because one
/// looks the same. <c>info(v)</c> selects series that the text does not show; it becomes <c>info(v, {__name__="target_info"})</c>, and the
/// selector that is there now gets the scope's matchers like any other.
/// </remarks>
public static class ScopeRewriter
{
    private static readonly VectorSelector TargetInfo = new(null, [new("__name__", MatchType.Equal, "target_info")]);

    /// <summary>Reads a query, restricts it and writes it again: what goes to Prometheus in place of the tenant's text.</summary>
    /// <returns>Exactly <c>Printer.Print(Scope.Apply(PromQLParser.Parse(query), scope))</c>, with less memory.</returns>
    /// <exception cref="PromQLParseException">The text is no PromQL, or it is beyond a limit.</exception>
    public static string Rewrite(string query, TenantScope scope)
    {
        ArgumentNullException.ThrowIfNull(scope);
        return Printer.Print(PromQLParser.Parse(query), scope);
    }

    /// <summary>The same for a query that was read already.</summary>
    /// <inheritdoc cref="Apply(Expr, TenantScope)"/>
    public static string Rewrite(Expr expr, TenantScope scope)
    {
        ArgumentNullException.ThrowIfNull(expr);
        ArgumentNullException.ThrowIfNull(scope);
        return Printer.Print(expr, scope);
    }

    /// <summary>The same for the selector of a <c>match[]</c> parameter.</summary>
    /// <inheritdoc cref="Rewrite(string, TenantScope)"/>
    public static string RewriteSelector(string match, TenantScope scope)
    {
        ArgumentNullException.ThrowIfNull(scope);
        return Printer.Print(PromQLParser.ParseMetricSelector(match), scope);
    }

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
            Call call => call with { Args = Apply(WithInfoSelector(call).Args, scope) },
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
        return selector with { Matchers = selector.Matchers.Append(scope.EnforcedMatchers) };
    }

    /// <summary>The call with all the selectors that it reads by: without a second one, info selects <c>target_info</c>.</summary>
    /// <exception cref="ArgumentException">A call of info that selects by anything but a selector, of which nothing is known.</exception>
    internal static Call WithInfoSelector(Call call)
    {
        if (call.Function != Function.Info)
        {
            return call;
        }
        return call.Args.Count switch
        {
            1 => call with { Args = call.Args.Append([TargetInfo]) },
            2 when call.Args[1] is VectorSelector { Name: null } => call,
            _ => throw new ArgumentException("Cannot scope a call of info that selects by other than labels.", nameof(call)),
        };
    }

    private static ValueList<Expr> Apply(ValueList<Expr> expressions, TenantScope scope)
    {
        if (expressions.Count == 0)
        {
            return expressions;
        }
        var scoped = new Expr[expressions.Count];
        for (var i = 0; i < scoped.Length; i++)
        {
            scoped[i] = Apply(expressions[i], scope);
        }
        return new ValueList<Expr>(scoped);
    }
}
