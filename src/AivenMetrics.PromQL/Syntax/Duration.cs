namespace AivenMetrics.PromQL;

/// <summary>
/// A length of time after <c>offset</c> or in brackets: fixed, or an expression that only the server can evaluate, because it asks for the
/// step or the range of the query, or because it is finer than the milliseconds that every Prometheus can read.
/// </summary>
/// <param name="Fixed">The length in whole milliseconds; zero if there is an expression.</param>
/// <param name="Expr">The expression, null for a fixed length.</param>
public readonly record struct Duration(TimeSpan Fixed, DurationExpr? Expr = null)
{
    /// <summary>No length at all: what an absent offset is.</summary>
    public bool IsZero => Fixed == TimeSpan.Zero && Expr is null;

    /// <summary>A fixed length.</summary>
    public static implicit operator Duration(TimeSpan length) => new(length);

    /// <summary>A length that the server evaluates.</summary>
    public static implicit operator Duration(DurationExpr expr) => new(TimeSpan.Zero, expr);
}

/// <summary>
/// A duration expression (experimental in Prometheus 3). It holds no selectors, ever: the types of this file are all there are.
/// </summary>
public abstract record DurationExpr
{
    private protected DurationExpr() { }
}

/// <summary>A number of seconds, such as <c>0.5</c>, with its sign.</summary>
public sealed record DurationNumber(double Seconds) : DurationExpr;

/// <summary>A duration with units, such as <c>5m</c>, with its sign; whole milliseconds.</summary>
public sealed record DurationLiteral(TimeSpan Value) : DurationExpr;

/// <summary>What a query was asked with.</summary>
public enum QueryProperty
{
    /// <summary><c>step()</c>, the time between two evaluations of a range query.</summary>
    Step,

    /// <summary><c>range()</c>, the time between the first and the last of them.</summary>
    Range,
}

/// <summary><c>step()</c> or <c>range()</c>.</summary>
public sealed record DurationQueryProperty(QueryProperty Property) : DurationExpr;

/// <summary><c>min_of(a, b)</c> or <c>max_of(a, b)</c>.</summary>
public sealed record DurationMinMax(bool IsMax, DurationExpr First, DurationExpr Second) : DurationExpr;

/// <summary>A minus before what is not a bare number. (A plus means nothing and is left out.)</summary>
public sealed record DurationNegation(DurationExpr Expr) : DurationExpr;

/// <summary>Two durations with one of <c>+ - * / % ^</c> between them.</summary>
public sealed record DurationBinary(BinaryOperator Op, DurationExpr Lhs, DurationExpr Rhs) : DurationExpr;

/// <summary>A duration in parentheses, kept as written.</summary>
public sealed record DurationParen(DurationExpr Expr) : DurationExpr;
