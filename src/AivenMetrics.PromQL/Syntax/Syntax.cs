namespace AivenMetrics.PromQL;

/// <summary>The type of an expression's result.</summary>
public enum ExprType
{
    /// <summary>One number.</summary>
    Scalar,

    /// <summary>Series with one sample each ("instant vector").</summary>
    Vector,

    /// <summary>Series with samples over a range of time ("range vector").</summary>
    Matrix,

    /// <summary>A string.</summary>
    Text,
}

/// <summary>
/// A node of the syntax tree. The nodes in this file are the complete set; a traversal must reject any other type. Trees are immutable and
/// compare by value. Positions in the text are not part of the tree.
/// </summary>
public abstract record Expr
{
    private protected Expr() { }

    /// <summary>The type of the expression's result.</summary>
    public abstract ExprType Type { get; }

    /// <summary>
    /// Returns the direct subexpressions in the order of the text. A traversal uses it for every node without a rule of its own, so that a
    /// new type of node cannot be skipped.
    /// </summary>
    /// <exception cref="NotSupportedException">The node is of an unknown type.</exception>
    public ExprChildren Children() =>
        this switch
        {
            VectorSelector or NumberLiteral or StringLiteral => default,
            MatrixSelector matrix => new(matrix.Selector),
            SubqueryExpr subquery => new(subquery.Expr),
            ParenExpr paren => new(paren.Expr),
            UnaryExpr unary => new(unary.Expr),
            BinaryExpr binary => new(binary.Lhs, binary.Rhs),
            AggregateExpr { Param: { } param } aggregate => new(param, aggregate.Expr),
            AggregateExpr aggregate => new(aggregate.Expr),
            Call call => new(call.Args),
            _ => throw new NotSupportedException($"Expressions of type {GetType().Name} are not supported."),
        };

    /// <summary>Returns the canonical text of <see cref="Printer.Print(Expr)"/>.</summary>
    public sealed override string ToString() => Printer.Print(this);
}

/// <summary>
/// A number such as <c>1.5e3</c>, <c>-2</c> or <c>Inf</c>, or a duration in seconds. A sign directly before the number is part of it.
/// </summary>
public sealed record NumberLiteral(double Value) : Expr
{
    private static readonly NumberLiteral[] Small = [.. Enumerable.Range(0, 101).Select(value => new NumberLiteral(value))];

    /// <summary>Returns the literal of a number. Frequent small numbers share one instance.</summary>
    internal static NumberLiteral Create(double value) =>
        value is >= 0 and <= 100 && value == (int)value && !double.IsNegative(value) ? Small[(int)value] : new NumberLiteral(value);

    /// <inheritdoc/>
    public override ExprType Type => ExprType.Scalar;
}

/// <summary>An unquoted string. Invalid UTF-8 is stored as in <see cref="LabelMatcher.Value"/>.</summary>
public sealed record StringLiteral(string Value) : Expr
{
    /// <inheritdoc/>
    public override ExprType Type => ExprType.Text;
}

/// <summary>An expression in parentheses, kept as written.</summary>
public sealed record ParenExpr(Expr Expr) : Expr
{
    /// <inheritdoc/>
    public override ExprType Type => Expr.Type;
}

/// <summary>A sign before an expression that is not a bare number.</summary>
public sealed record UnaryExpr(UnaryOperator Op, Expr Expr) : Expr
{
    /// <inheritdoc/>
    public override ExprType Type => Expr.Type;
}

/// <summary>Two expressions with an operator between them.</summary>
/// <param name="Op">The operator.</param>
/// <param name="Lhs">Left side.</param>
/// <param name="Rhs">Right side.</param>
/// <param name="ReturnBool">True with <c>bool</c>: a comparison returns 0 or 1 instead of filtering.</param>
/// <param name="Matching">The vector matching of <c>on</c> or <c>ignoring</c>. Null if neither is present or one side is a scalar.</param>
public sealed record BinaryExpr(BinaryOperator Op, Expr Lhs, Expr Rhs, bool ReturnBool = false, VectorMatching? Matching = null) : Expr
{
    /// <summary>Default values for missing series (Prometheus 3.10); null without <c>fill</c>.</summary>
    public FillValues? Fill { get; init; }

    /// <inheritdoc/>
    public override ExprType Type => Lhs.Type == ExprType.Scalar && Rhs.Type == ExprType.Scalar ? ExprType.Scalar : ExprType.Vector;
}

/// <summary>The side with many series in many-to-one matching.</summary>
public enum GroupModifier
{
    /// <summary>Neither side: one-to-one matching.</summary>
    None,

    /// <summary><c>group_left</c>: many on the left.</summary>
    Left,

    /// <summary><c>group_right</c>: many on the right.</summary>
    Right,
}

/// <summary>The rule that matches the series of two vectors.</summary>
/// <param name="On">True for <c>on</c>, false for <c>ignoring</c>.</param>
/// <param name="MatchingLabels">The labels of <c>on</c> or <c>ignoring</c>; may be empty.</param>
/// <param name="Group">The group modifier: <c>group_left</c>, <c>group_right</c> or none.</param>
/// <param name="Include">The labels of the group modifier.</param>
public sealed record VectorMatching(
    bool On,
    ValueList<string> MatchingLabels,
    GroupModifier Group = GroupModifier.None,
    ValueList<string> Include = default
);

/// <summary>Default values for series without a match: <c>fill (0)</c> for both sides, <c>fill_left</c>, <c>fill_right</c>.</summary>
/// <param name="Left">Value for series that are missing on the left; null for none.</param>
/// <param name="Right">Value for series that are missing on the right; null for none.</param>
public sealed record FillValues(double? Left, double? Right);

/// <summary>An aggregation such as <c>sum by (job) (up)</c>.</summary>
/// <param name="Op">The aggregation.</param>
/// <param name="Expr">The aggregated expression, an instant vector.</param>
/// <param name="Param">
/// First argument of <c>topk</c>, <c>bottomk</c>, <c>quantile</c>, <c>limitk</c>, <c>limit_ratio</c> and <c>count_values</c>. It can
/// contain selectors.
/// </param>
/// <param name="Grouping">Labels of <c>by</c> or <c>without</c>.</param>
/// <param name="Without">True for <c>without</c>.</param>
public sealed record AggregateExpr(
    AggregateOperator Op,
    Expr Expr,
    Expr? Param = null,
    ValueList<string> Grouping = default,
    bool Without = false
) : Expr
{
    /// <inheritdoc/>
    public override ExprType Type => ExprType.Vector;
}

/// <summary>A call of a <see cref="PromQL.Function"/>.</summary>
public sealed record Call(Function Function, ValueList<Expr> Args) : Expr
{
    /// <inheritdoc/>
    public override ExprType Type => Function.ReturnType;
}

/// <summary>The kind of time in an <c>@</c> modifier.</summary>
public enum AtKind
{
    /// <summary>A Unix time.</summary>
    Timestamp,

    /// <summary><c>start()</c>, the time of the first evaluation.</summary>
    Start,

    /// <summary><c>end()</c>, the time of the last evaluation.</summary>
    End,
}

/// <summary>An <c>@</c> modifier.</summary>
/// <param name="Kind">The kind of time.</param>
/// <param name="Seconds">Unix time in seconds, for <see cref="AtKind.Timestamp"/>; otherwise 0.</param>
public sealed record AtModifier(AtKind Kind, double Seconds = 0);

/// <summary>The treatment of a range's boundaries (experimental in Prometheus 3.7).</summary>
public enum ExtendedRangeMode
{
    /// <summary>No modifier: only the samples within the range.</summary>
    None,

    /// <summary><c>anchored</c>: includes the last sample before the range.</summary>
    Anchored,

    /// <summary><c>smoothed</c>: interpolates the values at the boundaries of the range.</summary>
    Smoothed,
}

/// <summary>Selects series by name and labels.</summary>
/// <param name="Name">
/// The metric name before the braces; null if absent. A quoted name between the braces is a matcher on <c>__name__</c>.
/// </param>
/// <param name="Matchers">The matchers between the braces, in the order of the query.</param>
public sealed record VectorSelector(string? Name, ValueList<LabelMatcher> Matchers) : Expr
{
    // Most selectors have no modifiers; for these the field is null to save memory.
    private readonly SelectorModifiers? _modifiers;

    /// <summary>The offset into the past, negative for the future; zero without <c>offset</c>.</summary>
    public Duration Offset
    {
        get => _modifiers?.Offset ?? default;
        init => _modifiers = SelectorModifiers.CreateOrNull(value, ExtendedRange, At);
    }

    /// <summary>The <c>anchored</c> or <c>smoothed</c> modifier.</summary>
    public ExtendedRangeMode ExtendedRange
    {
        get => _modifiers?.ExtendedRange ?? ExtendedRangeMode.None;
        init => _modifiers = SelectorModifiers.CreateOrNull(Offset, value, At);
    }

    /// <summary>The <c>@</c> modifier; null if absent.</summary>
    public AtModifier? At
    {
        get => _modifiers?.At;
        init => _modifiers = SelectorModifiers.CreateOrNull(Offset, ExtendedRange, value);
    }

    /// <inheritdoc/>
    public override ExprType Type => ExprType.Vector;
}

/// <summary>The modifiers of a selector. A selector without modifiers stores null, so that equal selectors compare equal.</summary>
internal sealed record SelectorModifiers(Duration Offset, ExtendedRangeMode ExtendedRange, AtModifier? At)
{
    public static SelectorModifiers? CreateOrNull(Duration offset, ExtendedRangeMode reading, AtModifier? at) =>
        offset.IsZero && reading == ExtendedRangeMode.None && at is null ? null : new SelectorModifiers(offset, reading, at);
}

/// <summary>A selector over a range of time, <c>up[5m]</c>.</summary>
/// <param name="Selector">The selector. Its offset and <c>@</c> modifier apply to the range.</param>
/// <param name="Range">The range, greater than zero.</param>
public sealed record MatrixSelector(VectorSelector Selector, Duration Range) : Expr
{
    /// <inheritdoc/>
    public override ExprType Type => ExprType.Matrix;
}

/// <summary>A query evaluated over a range of time, <c>(up == 1)[1h:5m]</c>.</summary>
/// <param name="Expr">The inner query, an instant vector.</param>
/// <param name="Range">The range, greater than zero.</param>
/// <param name="Step">Interval between evaluations; zero for the server's default.</param>
public sealed record SubqueryExpr(Expr Expr, Duration Range, Duration Step = default) : Expr
{
    /// <inheritdoc cref="VectorSelector.Offset"/>
    public Duration Offset { get; init; }

    /// <inheritdoc cref="VectorSelector.At"/>
    public AtModifier? At { get; init; }

    /// <inheritdoc/>
    public override ExprType Type => ExprType.Matrix;
}
