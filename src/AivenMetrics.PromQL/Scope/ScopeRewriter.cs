namespace AivenMetrics.PromQL;

/// <summary>Restricts queries to the series of a tenant.</summary>
/// <remarks>
/// The rewriter appends the scope's matchers to every selector of the tree and changes nothing else. Prometheus combines matchers with AND,
/// also several on the same label. An additional matcher can therefore only narrow a selection. It never replaces a matcher of the query,
/// and it is added even if the query contains the same one. <c>info(v)</c> implicitly selects the <c>target_info</c> series. It becomes
/// <c>info(v, {__name__="target_info"})</c>, and this selector is scoped like any other.
/// </remarks>
public static class ScopeRewriter
{
    private static readonly VectorSelector TargetInfo = new(null, [new("__name__", MatchType.Equal, "target_info")]);

    /// <summary>Parses a query, restricts it to the scope and returns the text to forward to Prometheus.</summary>
    /// <returns>
    /// The same text as <c>Printer.Print(ScopeRewriter.Apply(PromQLParser.Parse(query), scope))</c>, with fewer allocations.
    /// </returns>
    /// <exception cref="PromQLParseException">The text is not valid PromQL or exceeds a limit.</exception>
    public static string Rewrite(string query, TenantScope scope)
    {
        ArgumentNullException.ThrowIfNull(scope);
        return Printer.Print(PromQLParser.Parse(query), scope);
    }

    /// <summary>Restricts a parsed query to the scope and returns its text.</summary>
    /// <inheritdoc cref="Apply(Expr, TenantScope)"/>
    public static string Rewrite(Expr expr, TenantScope scope)
    {
        ArgumentNullException.ThrowIfNull(expr);
        ArgumentNullException.ThrowIfNull(scope);
        return Printer.Print(expr, scope);
    }

    /// <summary>Parses the selector of a <c>match[]</c> parameter, restricts it to the scope and returns its text.</summary>
    /// <inheritdoc cref="Rewrite(string, TenantScope)"/>
    public static string RewriteSelector(string match, TenantScope scope)
    {
        ArgumentNullException.ThrowIfNull(scope);
        return Printer.Print(PromQLParser.ParseMetricSelector(match), scope);
    }

    /// <summary>Returns a new tree in which every selector has the scope's matchers.</summary>
    /// <exception cref="ArgumentException">The tree contains a node of an unknown type.</exception>
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
            _ => throw new ArgumentException($"Expressions of type {expr.GetType().Name} cannot be scoped.", nameof(expr)),
        };
    }

    /// <summary>Returns a new selector with its own matchers followed by the scope's.</summary>
    public static VectorSelector Apply(VectorSelector selector, TenantScope scope)
    {
        ArgumentNullException.ThrowIfNull(selector);
        ArgumentNullException.ThrowIfNull(scope);
        return selector with { Matchers = selector.Matchers.Append(scope.EnforcedMatchers) };
    }

    /// <summary>Returns the call with explicit selectors: info without a second argument selects <c>target_info</c>.</summary>
    /// <exception cref="ArgumentException">The second argument of info is not a selector without a name.</exception>
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
            _ => throw new ArgumentException("The second argument of info must be a selector without a name.", nameof(call)),
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
