namespace AivenMetrics.PromQL;

/// <summary>What an expression evaluates to.</summary>
public enum ExprType
{
    /// <summary>One number.</summary>
    Scalar,

    /// <summary>Series with one sample each ("instant vector").</summary>
    Vector,

    /// <summary>Series with samples over a range of time ("range vector").</summary>
    Matrix,

    /// <summary>A string, the "string" of the documentation.</summary>
    Text,
}

/// <summary>
/// A node of the syntax tree. The nodes of this file are all there are: whoever walks a tree must refuse any other. Trees are immutable and
/// compare by value; where in the text a node stood is not part of it.
/// </summary>
public abstract record Expr
{
    private protected Expr() { }

    /// <summary>What the expression evaluates to.</summary>
    public abstract ExprType Type { get; }

    /// <summary>
    /// Returns the direct subexpressions in the order of the text. A traversal uses it for every node without a rule of its own, so that a
    /// new type of node cannot be skipped.
    /// </summary>
    /// <exception cref="NotSupportedException">The node is of an unknown type.</exception>
    public ExprChildren Children() => this switch
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

    /// <summary>The canonical text of <see cref="Printer.Print(Expr)"/>.</summary>
    public sealed override string ToString() => Printer.Print(this);
}

/// <summary>
/// A number, such as <c>1.5e3</c>, <c>-2</c>, <c>Inf</c>, or a duration as its seconds; a sign directly before it belongs to it.
/// </summary>
public sealed record NumberLiteral(double Value) : Expr
{
    private static readonly NumberLiteral[] Small = [.. Enumerable.Range(0, 101).Select(value => new NumberLiteral(value))];

    /// <summary>The literal of a number; those that most queries have are made once.</summary>
    internal static NumberLiteral Create(double value) =>
        value is >= 0 and <= 100 && value == (int)value && !double.IsNegative(value) ? Small[(int)value] : new NumberLiteral(value);

    /// <inheritdoc/>
    public override ExprType Type => ExprType.Scalar;
}

/// <summary>A string, unquoted; invalid UTF-8 as in <see cref="LabelMatcher.Value"/>.</summary>
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
/// <param name="ReturnBool">True with <c>bool</c>: a comparison answers 0 or 1 and filters nothing.</param>
/// <param name="Matching">What was written with <c>on</c> or <c>ignoring</c>; null without either and when a side is a scalar.</param>
public sealed record BinaryExpr(BinaryOperator Op, Expr Lhs, Expr Rhs, bool ReturnBool = false, VectorMatching? Matching = null) : Expr
{
    /// <summary>What stands for missing series of either side (Prometheus 3.10); null without <c>fill</c>.</summary>
    public FillValues? Fill { get; init; }

    /// <inheritdoc/>
    public override ExprType Type => Lhs.Type == ExprType.Scalar && Rhs.Type == ExprType.Scalar ? ExprType.Scalar : ExprType.Vector;
}

/// <summary>The side that may have many series for one of the other.</summary>
public enum GroupModifier
{
    /// <summary>Neither.</summary>
    None,

    /// <summary><c>group_left</c>: many on the left.</summary>
    Left,

    /// <summary><c>group_right</c>: many on the right.</summary>
    Right,
}

/// <summary>How the series of two vectors find each other.</summary>
/// <param name="On">True for <c>on</c>, false for <c>ignoring</c>.</param>
/// <param name="MatchingLabels">The labels in its parentheses; may be empty.</param>
/// <param name="Group">Whether and where <c>group_left</c> or <c>group_right</c> was written.</param>
/// <param name="Include">The labels in the parentheses of that.</param>
public sealed record VectorMatching(
    bool On,
    ValueList<string> MatchingLabels,
    GroupModifier Group = GroupModifier.None,
    ValueList<string> Include = default
);

/// <summary>
/// The samples that stand for series without a partner: <c>fill (0)</c> for both sides, <c>fill_left</c>, <c>fill_right</c>.
/// </summary>
/// <param name="Left">For what is missing on the left, null for nothing.</param>
/// <param name="Right">For what is missing on the right, null for nothing.</param>
public sealed record FillValues(double? Left, double? Right);

/// <summary>An aggregation such as <c>sum by (job) (up)</c>.</summary>
/// <param name="Op">The aggregation.</param>
/// <param name="Expr">What is aggregated, an instant vector.</param>
/// <param name="Param">
/// First argument of <c>topk</c>, <c>bottomk</c>, <c>quantile</c>, <c>limitk</c>, <c>limit_ratio</c> and <c>count_values</c>; it can hold
/// selectors too.
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

/// <summary>A call of one of <see cref="PromQL.Function"/>'s functions.</summary>
public sealed record Call(Function Function, ValueList<Expr> Args) : Expr
{
    /// <inheritdoc/>
    public override ExprType Type => Function.ReturnType;
}

/// <summary>Which time of evaluation an <c>@</c> asks for.</summary>
public enum AtKind
{
    /// <summary>A Unix time.</summary>
    Timestamp,

    /// <summary><c>start()</c>, the first time of a range query.</summary>
    Start,

    /// <summary><c>end()</c>, the last time of a range query.</summary>
    End,
}

/// <summary>An <c>@</c> modifier.</summary>
/// <param name="Kind">What it refers to.</param>
/// <param name="Seconds">Seconds since 1970 as written, for <see cref="AtKind.Timestamp"/>; else 0.</param>
public sealed record AtModifier(AtKind Kind, double Seconds = 0);

/// <summary>How a range is read beyond its samples (experimental in Prometheus 3.7).</summary>
public enum ExtendedRangeMode
{
    /// <summary>As it always was.</summary>
    None,

    /// <summary><c>anchored</c>: with the last sample before the range.</summary>
    Anchored,

    /// <summary><c>smoothed</c>: with values interpolated at its ends.</summary>
    Smoothed,
}

/// <summary>Selects series by name and labels.</summary>
/// <param name="Name">
/// The metric name before the braces; null if there is none. One that is quoted between the braces is a matcher on <c>__name__</c>.
/// </param>
/// <param name="Matchers">The matchers between the braces, in their order.</param>
public sealed record VectorSelector(string? Name, ValueList<LabelMatcher> Matchers) : Expr
{
    // Most selectors have none of these: they cost one null then.
    private readonly SelectorModifiers? _modifiers;

    /// <summary>How far back to look, negative for ahead; zero for no <c>offset</c>.</summary>
    public Duration Offset
    {
        get => _modifiers?.Offset ?? default;
        init => _modifiers = SelectorModifiers.CreateOrNull(value, ExtendedRange, At);
    }

    /// <summary>Whether <c>anchored</c> or <c>smoothed</c> was written.</summary>
    public ExtendedRangeMode ExtendedRange
    {
        get => _modifiers?.ExtendedRange ?? ExtendedRangeMode.None;
        init => _modifiers = SelectorModifiers.CreateOrNull(Offset, value, At);
    }

    /// <summary>The <c>@</c> modifier, null for none.</summary>
    public AtModifier? At
    {
        get => _modifiers?.At;
        init => _modifiers = SelectorModifiers.CreateOrNull(Offset, ExtendedRange, value);
    }

    /// <inheritdoc/>
    public override ExprType Type => ExprType.Vector;
}

/// <summary>What may be written behind a selector; null stands for nothing of it, so that equal selectors are equal.</summary>
internal sealed record SelectorModifiers(Duration Offset, ExtendedRangeMode ExtendedRange, AtModifier? At)
{
    public static SelectorModifiers? CreateOrNull(Duration offset, ExtendedRangeMode reading, AtModifier? at) =>
        offset.IsZero && reading == ExtendedRangeMode.None && at is null ? null : new SelectorModifiers(offset, reading, at);
}

/// <summary>A selector over a range of time, <c>up[5m]</c>.</summary>
/// <param name="Selector">The selector; its offset and <c>@</c> are those written after the range.</param>
/// <param name="Range">The range, above zero.</param>
public sealed record MatrixSelector(VectorSelector Selector, Duration Range) : Expr
{
    /// <inheritdoc/>
    public override ExprType Type => ExprType.Matrix;
}

/// <summary>A query evaluated over a range of time, <c>(up == 1)[1h:5m]</c>.</summary>
/// <param name="Expr">The inner query, an instant vector.</param>
/// <param name="Range">The range, above zero.</param>
/// <param name="Step">Time between evaluations; zero for the server's default.</param>
public sealed record SubqueryExpr(Expr Expr, Duration Range, Duration Step = default) : Expr
{
    /// <inheritdoc cref="VectorSelector.Offset"/>
    public Duration Offset { get; init; }

    /// <inheritdoc cref="VectorSelector.At"/>
    public AtModifier? At { get; init; }

    /// <inheritdoc/>
    public override ExprType Type => ExprType.Matrix;
}
