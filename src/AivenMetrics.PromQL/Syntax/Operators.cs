namespace AivenMetrics.PromQL;

/// <summary>Binary operators, from the loosest to the tightest binding.</summary>
public enum BinaryOperator
{
    /// <summary><c>or</c>: union of two vectors.</summary>
    Or,

    /// <summary><c>and</c>: intersection.</summary>
    And,

    /// <summary><c>unless</c>: complement.</summary>
    Unless,

    /// <summary><c>==</c></summary>
    Equal,

    /// <summary><c>!=</c></summary>
    NotEqual,

    /// <summary><c>&lt;=</c></summary>
    LessOrEqual,

    /// <summary><c>&lt;</c></summary>
    Less,

    /// <summary><c>&gt;=</c></summary>
    GreaterOrEqual,

    /// <summary><c>&gt;</c></summary>
    Greater,

    /// <summary><c>&lt;/</c>: keeps the part of a native histogram below a number.</summary>
    TrimUpper,

    /// <summary><c>&gt;/</c>: keeps the part of a native histogram above a number.</summary>
    TrimLower,

    /// <summary><c>+</c></summary>
    Add,

    /// <summary><c>-</c></summary>
    Subtract,

    /// <summary><c>*</c></summary>
    Multiply,

    /// <summary><c>/</c></summary>
    Divide,

    /// <summary><c>%</c></summary>
    Modulo,

    /// <summary><c>atan2</c></summary>
    Atan2,

    /// <summary><c>^</c>, the only right-associative operator.</summary>
    Power,
}

/// <summary>A sign before an expression.</summary>
public enum UnaryOperator
{
    /// <summary><c>+</c>: keeps the value.</summary>
    Plus,

    /// <summary><c>-</c>: negates the value and drops the metric name.</summary>
    Minus,
}

/// <summary>Aggregation operators.</summary>
public enum AggregateOperator
{
    /// <summary><c>sum</c></summary>
    Sum,

    /// <summary><c>avg</c></summary>
    Avg,

    /// <summary><c>count</c></summary>
    Count,

    /// <summary><c>min</c></summary>
    Min,

    /// <summary><c>max</c></summary>
    Max,

    /// <summary><c>group</c></summary>
    Group,

    /// <summary><c>stddev</c></summary>
    Stddev,

    /// <summary><c>stdvar</c></summary>
    Stdvar,

    /// <summary><c>topk</c>, with a scalar parameter.</summary>
    Topk,

    /// <summary><c>bottomk</c>, with a scalar parameter.</summary>
    Bottomk,

    /// <summary><c>count_values</c>, with a string parameter.</summary>
    CountValues,

    /// <summary><c>quantile</c>, with a scalar parameter.</summary>
    Quantile,

    /// <summary><c>limitk</c>, with a scalar parameter; experimental in Prometheus 3.</summary>
    Limitk,

    /// <summary><c>limit_ratio</c>, with a scalar parameter; experimental in Prometheus 3.</summary>
    LimitRatio,
}

/// <summary>The text, precedence and parameter type of each operator.</summary>
internal static class Operators
{
    /// <summary>Precedence of <c>^</c>. A sign binds like <c>*</c>, one level looser.</summary>
    public const int PowerPrecedence = 6;

    private static readonly string[] BinaryTexts =
    [
        "or",
        "and",
        "unless",
        "==",
        "!=",
        "<=",
        "<",
        ">=",
        ">",
        "</",
        ">/",
        "+",
        "-",
        "*",
        "/",
        "%",
        "atan2",
        "^",
    ];

    private static readonly string[] AggregateTexts =
    [
        "sum",
        "avg",
        "count",
        "min",
        "max",
        "group",
        "stddev",
        "stdvar",
        "topk",
        "bottomk",
        "count_values",
        "quantile",
        "limitk",
        "limit_ratio",
    ];

    private static ReadOnlySpan<byte> Precedences => [1, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 4, 4, 5, 5, 5, 5, PowerPrecedence];

    public static string Text(this BinaryOperator op) => BinaryTexts[(int)op];

    public static string Text(this AggregateOperator op) => AggregateTexts[(int)op];

    public static string Text(this UnaryOperator op) => op == UnaryOperator.Minus ? "-" : "+";

    public static int Precedence(this BinaryOperator op) => Precedences[(int)op];

    public static bool IsComparisonOperator(this BinaryOperator op) => op is >= BinaryOperator.Equal and <= BinaryOperator.Greater;

    /// <summary>Returns true for the operators that are also valid in duration expressions.</summary>
    public static bool IsArithmeticOperator(this BinaryOperator op) => op is >= BinaryOperator.Add and not BinaryOperator.Atan2;

    public static bool IsSetOperator(this BinaryOperator op) => op <= BinaryOperator.Unless;

    /// <summary>Returns true if a following <c>+ - * / % ^</c> is never parsed as part of this offset.</summary>
    public static bool IsSelfDelimiting(DurationExpr expr) =>
        expr switch
        {
            DurationNegation minus => minus.Expr is DurationQueryProperty or DurationMinMax or DurationParen,
            DurationBinary => false,
            _ => true,
        };

    /// <summary>Returns the type of the parameter before the aggregated expression; null if the aggregation has none.</summary>
    public static ExprType? ParameterType(this AggregateOperator op) =>
        op switch
        {
            AggregateOperator.CountValues => ExprType.Text,
            AggregateOperator.Topk
            or AggregateOperator.Bottomk
            or AggregateOperator.Quantile
            or AggregateOperator.Limitk
            or AggregateOperator.LimitRatio => ExprType.Scalar,
            _ => null,
        };

    /// <summary>Returns the name of the type in Prometheus' documentation.</summary>
    public static string DocumentedType(this ExprType type) =>
        type switch
        {
            ExprType.Scalar => "scalar",
            ExprType.Vector => "instant vector",
            ExprType.Matrix => "range vector",
            _ => "string",
        };
}
