namespace AivenMetrics.PromQL;

/// <summary>
/// A duration after <c>offset</c> or in brackets. It is either a fixed length or an expression that only the server can evaluate. An
/// expression refers to the step or range of the query, or is finer than a millisecond, which not every Prometheus version can read.
/// </summary>
/// <param name="Fixed">The length in whole milliseconds; zero if <paramref name="Expr"/> is set.</param>
/// <param name="Expr">The expression; null for a fixed length.</param>
public readonly record struct Duration(TimeSpan Fixed, DurationExpr? Expr = null)
{
    /// <summary>True if the length is zero, as for an absent offset.</summary>
    public bool IsZero => Fixed == TimeSpan.Zero && Expr is null;

    /// <summary>Creates a fixed length.</summary>
    public static implicit operator Duration(TimeSpan length) => new(length);

    /// <summary>Creates a length that the server evaluates.</summary>
    public static implicit operator Duration(DurationExpr expr) => new(TimeSpan.Zero, expr);
}

/// <summary>
/// A duration expression (experimental in Prometheus 3). It never contains selectors. The types in this file are the complete set.
/// </summary>
public abstract record DurationExpr
{
    private protected DurationExpr() { }
}

/// <summary>A number of seconds with its sign, such as <c>0.5</c>.</summary>
public sealed record DurationNumber(double Seconds) : DurationExpr;

/// <summary>A duration in units with its sign, such as <c>5m</c>; whole milliseconds.</summary>
public sealed record DurationLiteral(TimeSpan Value) : DurationExpr;

/// <summary>A property of the query that a duration can refer to.</summary>
public enum QueryProperty
{
    /// <summary><c>step()</c>, the interval between two evaluations of a range query.</summary>
    Step,

    /// <summary><c>range()</c>, the time between the first and the last evaluation.</summary>
    Range,
}

/// <summary><c>step()</c> or <c>range()</c>.</summary>
public sealed record DurationQueryProperty(QueryProperty Property) : DurationExpr;

/// <summary><c>min_of(a, b)</c> or <c>max_of(a, b)</c>.</summary>
public sealed record DurationMinMax(bool IsMax, DurationExpr First, DurationExpr Second) : DurationExpr;

/// <summary>A minus before an expression that is not a bare number. A plus has no effect and is not kept.</summary>
public sealed record DurationNegation(DurationExpr Expr) : DurationExpr;

/// <summary>Two durations with one of <c>+ - * / % ^</c> between them.</summary>
public sealed record DurationBinary(BinaryOperator Op, DurationExpr Lhs, DurationExpr Rhs) : DurationExpr;

/// <summary>A duration in parentheses, kept as written.</summary>
public sealed record DurationParen(DurationExpr Expr) : DurationExpr;
