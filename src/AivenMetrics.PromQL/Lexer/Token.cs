using System.Collections.Frozen;

namespace AivenMetrics.PromQL;

/// <summary>The kinds of tokens. Operators and aggregations have the same order as in their enumerations.</summary>
internal enum TokenKind : byte
{
    EndOfInput,
    Identifier,
    MetricIdentifier,
    Number,
    Duration,
    String,
    LeftParen,
    RightParen,
    LeftBrace,
    RightBrace,
    LeftBracket,
    RightBracket,
    Comma,
    Colon,
    At,
    Assign,
    EqualRegex,
    NotRegex,
    Or,
    And,
    Unless,
    Equal,
    NotEqual,
    LessOrEqual,
    Less,
    GreaterOrEqual,
    Greater,
    TrimUpper,
    TrimLower,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Atan2,
    Power,
    Sum,
    Avg,
    Count,
    Min,
    Max,
    Group,
    Stddev,
    Stdvar,
    Topk,
    Bottomk,
    CountValues,
    Quantile,
    Limitk,
    LimitRatio,
    Offset,
    By,
    Without,
    On,
    Ignoring,
    GroupLeft,
    GroupRight,
    Bool,
    Anchored,
    Smoothed,
    Fill,
    FillLeft,
    FillRight,
    Start,
    End,
    Step,
    Range,
    MaxOf,
    MinOf,
}

/// <summary>A token: its kind and the range of characters in the query.</summary>
internal readonly record struct Token(TokenKind Kind, int Start, int End)
{
    private static readonly FrozenDictionary<string, TokenKind> Keywords = CreateKeywords()
        .ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenDictionary<string, TokenKind>.AlternateLookup<ReadOnlySpan<char>> KeywordsBySpan =
        Keywords.GetAlternateLookup<ReadOnlySpan<char>>();

    public bool IsBinaryOperator => Kind is >= TokenKind.Or and <= TokenKind.Power;

    public bool IsAggregateOperator => Kind is >= TokenKind.Sum and <= TokenKind.LimitRatio;

    /// <summary>True for the keywords of duration expressions. Inside brackets these are the only valid words.</summary>
    public bool IsDurationKeyword => Kind is >= TokenKind.Step and <= TokenKind.MinOf;

    /// <summary>True for the words that Prometheus' grammar accepts as a metric name. All other words are always keywords.</summary>
    public bool IsMetricName =>
        Kind
            is TokenKind.Identifier
                or TokenKind.MetricIdentifier
                or TokenKind.Or
                or TokenKind.And
                or TokenKind.Unless
                or (>= TokenKind.Sum and <= TokenKind.LimitRatio)
                or TokenKind.Offset
                or TokenKind.By
                or TokenKind.Without
                or (>= TokenKind.Anchored and <= TokenKind.MinOf);

    /// <summary>
    /// True for the words that the grammar accepts as a label after by, without, on, ignoring and group_*. Excluded are <c>without</c>,
    /// <c>inf</c> and <c>nan</c>.
    /// </summary>
    public bool IsGroupingLabel =>
        Kind
            is TokenKind.Identifier
                or TokenKind.MetricIdentifier
                or TokenKind.Or
                or TokenKind.And
                or TokenKind.Unless
                or TokenKind.Atan2
                or (>= TokenKind.Sum and <= TokenKind.LimitRatio)
                or TokenKind.Offset
                or TokenKind.By
                or (>= TokenKind.On and <= TokenKind.MinOf);

    public BinaryOperator BinaryOperator => (BinaryOperator)(Kind - TokenKind.Or);

    public AggregateOperator AggregateOperator => (AggregateOperator)(Kind - TokenKind.Sum);

    /// <summary>Returns the kind of a word outside braces: a keyword (case-insensitive), a number or an identifier.</summary>
    public static TokenKind KindOf(ReadOnlySpan<char> word)
    {
        if (word.Length is >= 2 and <= 12 && KeywordsBySpan.TryGetValue(word, out var keyword))
        {
            return keyword;
        }
        return word.Contains(':') ? TokenKind.MetricIdentifier : TokenKind.Identifier;
    }

    /// <summary>Describes the token for error messages, as Prometheus does.</summary>
    public string Describe(ReadOnlySpan<char> query)
    {
        var text = query[Start..End];
        return Kind switch
        {
            TokenKind.EndOfInput => "end of input",
            TokenKind.Identifier => $"identifier {Printer.Quote(text)}",
            TokenKind.MetricIdentifier => $"metric identifier {Printer.Quote(text)}",
            TokenKind.Number => $"number {Truncate(text)}",
            TokenKind.Duration => $"duration {Truncate(text)}",
            TokenKind.String => $"string {Truncate(text)}",
            >= TokenKind.EqualRegex and <= TokenKind.Power => $"<op:{text}>",
            TokenKind.At => $"<op:{text}>",
            >= TokenKind.Sum and <= TokenKind.LimitRatio => $"<aggr:{text}>",
            >= TokenKind.Offset and <= TokenKind.FillRight => $"<{text}>",
            _ => Printer.Quote(text),
        };
    }

    private static string Truncate(ReadOnlySpan<char> text) =>
        text.Length > 10 ? Printer.Quote(text[..(char.IsHighSurrogate(text[9]) ? 9 : 10)]) + "..." : Printer.Quote(text);

    private static Dictionary<string, TokenKind> CreateKeywords()
    {
        var keywords = new Dictionary<string, TokenKind>
        {
            ["offset"] = TokenKind.Offset,
            ["by"] = TokenKind.By,
            ["without"] = TokenKind.Without,
            ["on"] = TokenKind.On,
            ["ignoring"] = TokenKind.Ignoring,
            ["group_left"] = TokenKind.GroupLeft,
            ["group_right"] = TokenKind.GroupRight,
            ["bool"] = TokenKind.Bool,
            ["anchored"] = TokenKind.Anchored,
            ["smoothed"] = TokenKind.Smoothed,
            ["fill"] = TokenKind.Fill,
            ["fill_left"] = TokenKind.FillLeft,
            ["fill_right"] = TokenKind.FillRight,
            ["step"] = TokenKind.Step,
            ["range"] = TokenKind.Range,
            ["max_of"] = TokenKind.MaxOf,
            ["min_of"] = TokenKind.MinOf,
            ["start"] = TokenKind.Start,
            ["end"] = TokenKind.End,
            ["inf"] = TokenKind.Number,
            ["nan"] = TokenKind.Number,
            ["or"] = TokenKind.Or,
            ["and"] = TokenKind.And,
            ["unless"] = TokenKind.Unless,
            ["atan2"] = TokenKind.Atan2,
        };
        foreach (var op in Enum.GetValues<AggregateOperator>())
        {
            keywords[op.Text()] = (TokenKind)((int)TokenKind.Sum + (int)op);
        }
        return keywords;
    }
}
