using AivenMetrics.PromQL;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Testing.PromQL;

/// <summary>
/// Generates a tree that the parser could have returned, from a list of bytes. Each byte makes one choice. When the list ends, the simplest
/// choice is taken, so that shorter lists give smaller trees. The generator follows the grammar level by level, independently of the
/// printer's rules for parentheses.
/// </summary>
/// <remarks>
/// With a dialect of <see cref="Dialect.Prometheus242"/> or <see cref="Dialect.Prometheus353"/> it generates only trees that this server
/// can parse.
/// </remarks>
internal sealed class ExprGenerator
{
    private static readonly string[] MetricNames =
    [
        "up",
        "a",
        "http_requests_total",
        "job:rate5m:sum",
        ":",
        "sum",
        "by",
        "and",
        "OFFSET",
        "start",
        "end",
        "_x",
        "without",
        "topk",
        "step",
        "max_of",
        "anchored",
        "fill",
        "limitk",
        "target_info",
    ];

    private static readonly string[] LabelNames =
    [
        "job",
        "a",
        "le",
        "instance",
        "_",
        "__x__",
        "B2",
        "by",
        "on",
        "bool",
        "offset",
        "sum",
        "start",
        "range",
        "smoothed",
        "fill_left",
    ];

    private static readonly string[] QuotedNames = ["a.b", "é", "without", "inf", "5", "\"", "a b", "x\n}", "日本"];

    private static readonly string[] Texts =
    [
        "x",
        "",
        "a b",
        "\"",
        "\\",
        "'",
        "`",
        "\n",
        "\t\r\u0001\u007f",
        "é",
        "日本",
        "😀",
        "\u00a0\u2028",
        "\ufffd",
        "\udcff\udc80",
        "}\"or{",
        "#",
    ];

    private static readonly string[] Regexes =
    [
        "a+",
        "a|b",
        ".+",
        "x.*y",
        "(a|b)c?d",
        "[^a-z]\\d+",
        "\\.",
        "(?i:abc)",
        "\\p{Greek}",
        "a{2,3}",
        ".*",
        "",
        "a|",
        "b*",
        "日+",
    ];

    private static readonly double[] Numbers =
    [
        1,
        0,
        2,
        0.5,
        1e3,
        1e21,
        1e-7,
        double.PositiveInfinity,
        double.NaN,
        1.7976931348623157e308,
        4.9e-324,
        9007199254740993,
        0.1,
        100,
    ];

    private static readonly long[] Milliseconds =
    [
        60_000,
        300_000,
        1,
        1_500,
        3_600_000,
        86_400_000,
        604_800_000,
        31_536_000_000,
        5_400_000,
        90_061_001,
    ];

    private readonly byte[] _choices;
    private readonly Dialect _dialect;
    private readonly long[] _milliseconds;
    private int _next;

    private ExprGenerator(byte[] choices, Dialect dialect, long[] milliseconds) =>
        (_choices, _dialect, _milliseconds) = (choices, dialect, milliseconds);

    /// <summary>Returns the tree for the given choices; of any type.</summary>
    /// <param name="choices">Any bytes.</param>
    /// <param name="dialect">The server that must be able to parse the tree.</param>
    /// <param name="milliseconds">The lengths of ranges, steps and offsets. Default: several lengths up to hours.</param>
    public static Expr Build(byte[] choices, Dialect dialect = Dialect.Newest, long[]? milliseconds = null)
    {
        var generator = new ExprGenerator(choices, dialect, milliseconds ?? Milliseconds);
        return generator.Choose(8) switch
        {
            0 => generator.Of(ExprType.Scalar, Loosest, 5),
            1 => generator.Of(ExprType.Matrix, Loosest, 5),
            2 => generator.Text(),
            _ => generator.Of(ExprType.Vector, Loosest, 5),
        };
    }

    private const int Loosest = 1,
        Product = 5,
        Power = 6,
        Primary = 7;

    private int Choose(int count) => _next < _choices.Length ? _choices[_next++] % count : 0;

    private T Choose<T>(T[] items) => items[Choose(items.Length)];

    private bool Chance(int inHowMany) => Choose(inHowMany) == inHowMany - 1;

    /// <summary>Generates an expression that needs no parentheses next to an operator of this precedence.</summary>
    private Expr Of(ExprType type, int level, int depth)
    {
        if (type == ExprType.Matrix)
        {
            return Range(depth);
        }
        if (depth == 0 || level >= Primary)
        {
            return OfPrimary(type, depth);
        }
        return Choose(4) switch
        {
            1 => Binary(type, level, depth - 1),
            2 when level <= Product => Signed(type, depth - 1),
            _ => OfPrimary(type, depth),
        };
    }

    private Expr OfPrimary(ExprType type, int depth)
    {
        if (depth > 0 && Chance(5))
        {
            return new ParenExpr(Of(type, Loosest, depth - 1));
        }
        if (type == ExprType.Scalar)
        {
            return Choose(depth > 0 ? 5 : 3) switch
            {
                3 => CallOf("scalar", depth - 1),
                4 => CallOf(Choose(_dialect == Dialect.Newest ? ScalarFunctions : ["time", "pi"]), depth - 1),
                _ => new NumberLiteral(Choose(Numbers)),
            };
        }
        var functions = _dialect switch
        {
            Dialect.Prometheus242 => VectorFunctions242,
            Dialect.Prometheus353 => VectorFunctions353,
            _ => VectorFunctions,
        };
        return Choose(depth > 0 ? 7 : 3) switch
        {
            3 or 4 => Aggregate(depth - 1),
            5 or 6 => CallOf(Choose(functions), depth - 1),
            _ => Selector(),
        };
    }

    private static readonly string[] VectorFunctions =
    [
        .. Function.All.Where(f => f.ReturnType == ExprType.Vector).Select(f => f.Name).Order(StringComparer.Ordinal),
    ];

    private static readonly string[] ScalarFunctions = ["time", "pi", "start", "end", "step", "range", "max_of", "min_of"];

    // The functions added after 2.42 and after 3.5. Prometheus 3.0 removed holt_winters.
    private static readonly string[] Since36 = ["first_over_time", "histogram_quantiles", "start_timestamp", "ts_of_first_over_time"];

    private static readonly string[] Since3 =
    [
        .. Since36,
        "double_exponential_smoothing",
        "histogram_avg",
        "histogram_stddev",
        "histogram_stdvar",
        "info",
        "mad_over_time",
        "sort_by_label",
        "sort_by_label_desc",
        "ts_of_last_over_time",
        "ts_of_max_over_time",
        "ts_of_min_over_time",
    ];

    /// <summary>Returns true for the functions that neither 2.42 nor 3.5 supports.</summary>
    public static bool IsOfLaterVersion(Function function) =>
        Since36.Contains(function.Name) || ScalarFunctions.Except(["time", "pi"]).Contains(function.Name);

    private static readonly string[] VectorFunctions353 = [.. VectorFunctions.Except(Since36).Except(["holt_winters"])];

    private static readonly string[] VectorFunctions242 = [.. VectorFunctions.Except(Since3)];

    private static readonly BinaryOperator[] AllOperators = Enum.GetValues<BinaryOperator>();

    private static int PrecedenceOf(BinaryOperator op) =>
        op switch
        {
            BinaryOperator.Or => 1,
            <= BinaryOperator.Unless => 2,
            <= BinaryOperator.TrimLower => 3,
            <= BinaryOperator.Subtract => 4,
            <= BinaryOperator.Atan2 => Product,
            _ => Power,
        };

    private BinaryExpr Binary(ExprType type, int level, int depth)
    {
        var possible = AllOperators.Where(o =>
            PrecedenceOf(o) >= level
            && (_dialect == Dialect.Newest || o is not (BinaryOperator.TrimUpper or BinaryOperator.TrimLower))
            && (type == ExprType.Vector || o > BinaryOperator.Unless)
        );
        var op = Choose(possible.ToArray());
        var precedence = PrecedenceOf(op);
        var set = op <= BinaryOperator.Unless;
        var comparison = op is >= BinaryOperator.Equal and <= BinaryOperator.Greater;

        var sides =
            type == ExprType.Scalar ? 3
            : set ? 0
            : Choose(3);
        var left = Of(sides is 1 or 3 ? ExprType.Scalar : ExprType.Vector, op == BinaryOperator.Power ? Primary : precedence, depth);
        var rightType = sides is 2 or 3 ? ExprType.Scalar : ExprType.Vector;
        var right = Chance(6) ? Signed(rightType, depth) : Of(rightType, op == BinaryOperator.Power ? Power : precedence + 1, depth);
        var returnBool = comparison && (sides == 3 || Chance(3));
        var fillable = sides == 0 && !set && _dialect == Dialect.Newest;
        return new BinaryExpr(op, InParensIfItReadsOn(left), right, returnBool, sides == 0 && Chance(2) ? Matching(set) : null)
        {
            Fill = fillable && Chance(4) ? Fill() : null,
        };
    }

    /// <summary>A following operator could be parsed as part of an offset expression, so the parser adds parentheses there.</summary>
    private static Expr InParensIfItReadsOn(Expr left) =>
        left switch
        {
            VectorSelector { Offset.Expr: not null } => new ParenExpr(left),
            BinaryExpr binary => binary with { Rhs = InParensIfItReadsOn(binary.Rhs) },
            UnaryExpr unary => unary with { Expr = InParensIfItReadsOn(unary.Expr) },
            _ => left,
        };

    private FillValues Fill() =>
        Choose(3) switch
        {
            0 => new FillValues(Choose(Numbers), null),
            1 => new FillValues(null, -Choose(Numbers)),
            _ => new FillValues(Choose(Numbers), Choose(Numbers)),
        };

    private VectorMatching Matching(bool set)
    {
        var on = Chance(2);
        var labels = Labels();
        var group = set ? GroupModifier.None : (GroupModifier)Choose(3);
        string[] include = group == GroupModifier.None ? [] : [.. Labels().Where(label => !on || !labels.Contains(label))];
        return new VectorMatching(on, [.. labels], group, [.. include]);
    }

    /// <summary>Generates a signed expression. A sign before a number would become part of the number.</summary>
    private Expr Signed(ExprType type, int depth)
    {
        var operand = Chance(5) && depth > 0 ? Signed(type, depth - 1) : Of(type, Power, Math.Max(depth, 0));
        var minus = Choose(3) != 2;
        if (operand is NumberLiteral number)
        {
            return new NumberLiteral(minus ? -number.Value : number.Value);
        }
        return new UnaryExpr(minus ? UnaryOperator.Minus : UnaryOperator.Plus, operand);
    }

    private AggregateExpr Aggregate(int depth)
    {
        var aggregations = Enum.GetValues<AggregateOperator>();
        var op = Choose(_dialect == Dialect.Prometheus242 ? aggregations[..^2] : aggregations);
        var param = op switch
        {
            AggregateOperator.CountValues => Text(),
            AggregateOperator.Topk
            or AggregateOperator.Bottomk
            or AggregateOperator.Quantile
            or AggregateOperator.Limitk
            or AggregateOperator.LimitRatio => Of(ExprType.Scalar, Loosest, depth),
            _ => null,
        };
        return new AggregateExpr(op, Of(ExprType.Vector, Loosest, depth), param, [.. Labels()], Chance(3));
    }

    private Call CallOf(string name, int depth)
    {
        var function = Function.Find(name)!;
        var arguments = new List<Expr>();
        if (function == Function.Info)
        {
            arguments.Add(Of(ExprType.Vector, Loosest, depth));
            if (Chance(2))
            {
                arguments.Add(LabelsOnly());
            }
            return new Call(function, [.. arguments]);
        }
        foreach (var type in function.ArgTypes)
        {
            arguments.Add(type == ExprType.Text ? Text() : Of(type, Loosest, depth));
        }
        if (name is "hour" or "round" or "year" or "label_join" or "sort_by_label" or "histogram_quantiles" && Chance(2))
        {
            arguments.RemoveAt(arguments.Count - 1);
        }
        if (name == "label_join" && Chance(2))
        {
            arguments.Add(Text());
        }
        return new Call(function, [.. arguments]);
    }

    private Expr Range(int depth)
    {
        if (depth > 0 && Chance(8))
        {
            return new ParenExpr(Range(depth - 1));
        }
        if (depth == 0 || !Chance(3))
        {
            return new MatrixSelector(Selector(), Duration());
        }
        var inner = OfPrimary(ExprType.Vector, depth - 1);
        return new SubqueryExpr(inner, Duration(), Chance(2) ? Duration() : default) { Offset = Offset(), At = At() };
    }

    private VectorSelector Selector()
    {
        var named = !Chance(4);
        var matchers = Enumerable.Range(0, Choose(4)).Select(_ => Matcher()).ToList();
        if (!named)
        {
            matchers.Insert(Choose(matchers.Count + 1), new LabelMatcher("__name__", MatchType.Equal, "by \"name\""));
        }
        return new VectorSelector(named ? Choose(MetricNames) : null, [.. matchers])
        {
            Offset = Offset(),
            At = At(),
            ExtendedRange = _dialect == Dialect.Newest && Chance(6) ? (ExtendedRangeMode)(1 + Choose(2)) : ExtendedRangeMode.None,
        };
    }

    /// <summary>Generates the second argument of info, the only selector that may have no matchers.</summary>
    private VectorSelector LabelsOnly()
    {
        var matchers = Enumerable.Range(0, Choose(3)).Select(_ => Matcher()).ToList();
        if (Chance(3))
        {
            matchers.Add(new LabelMatcher("__name__", MatchType.Regex, ".+_info"));
        }
        return new VectorSelector(null, [.. matchers]) { Offset = Offset() };
    }

    private LabelMatcher Matcher()
    {
        var type = (MatchType)Choose(4);
        return new LabelMatcher(LabelName(), type, type is MatchType.Regex or MatchType.NotRegex ? Choose(Regexes) : Choose(Texts));
    }

    private StringLiteral Text() => new(Choose(Texts));

    private Duration Duration() =>
        _dialect == Dialect.Prometheus242 || !Chance(6)
            ? TimeSpan.FromMilliseconds(Choose(_milliseconds))
            : DurationExpr(Loosest, 2) switch
            {
                // The parser stores a duration that every Prometheus can parse as a length. Ranges are greater than zero.
                DurationLiteral literal => literal.Value.Duration(),
                DurationNumber number => new DurationNumber(Math.Abs(number.Seconds)),
                var expr => expr,
            };

    private DurationExpr DurationExpr(int level, int depth) =>
        Choose(depth == 0 ? 3 : 8) switch
        {
            1 => new DurationNumber(Choose(Fractions)),
            2 when _dialect == Dialect.Newest => new DurationQueryProperty((QueryProperty)Choose(2)),
            3 when _dialect == Dialect.Newest => new DurationMinMax(
                Chance(2),
                DurationExpr(Loosest, depth - 1),
                DurationExpr(Loosest, depth - 1)
            ),
            4 when level <= Product => Minus(DurationExpr(Power, depth - 1)),
            5 => new DurationParen(DurationExpr(Loosest, depth - 1)),
            >= 6 => BinaryDuration(level, depth - 1),
            _ => new DurationLiteral(TimeSpan.FromMilliseconds(Choose(_milliseconds))),
        };

    private static readonly double[] Fractions = [0.0005, 1e-9, 1.00025];

    private static DurationExpr Minus(DurationExpr expr) =>
        expr switch
        {
            DurationLiteral literal => new DurationLiteral(-literal.Value),
            DurationNumber number => new DurationNumber(-number.Seconds),
            _ => new DurationNegation(expr),
        };

    private DurationBinary BinaryDuration(int level, int depth)
    {
        var op = Choose(
            AllOperators.Where(o => o >= BinaryOperator.Add && o != BinaryOperator.Atan2 && PrecedenceOf(o) >= level).ToArray()
        );
        var precedence = PrecedenceOf(op);
        var power = op == BinaryOperator.Power;
        return new DurationBinary(
            op,
            DurationExpr(power ? Primary : precedence, power ? 0 : depth),
            DurationExpr(power ? Power : precedence + 1, depth)
        );
    }

    private Duration Offset() =>
        Choose(6) switch
        {
            4 => OffsetForm(Duration()),
            5 => OffsetForm(Duration()) is { Expr: null } length ? -length.Fixed : TimeSpan.FromMinutes(-1),
            _ => TimeSpan.Zero,
        };

    /// <summary>Returns the parser's form of an offset duration: in parentheses unless it is self-delimiting.</summary>
    private static Duration OffsetForm(Duration duration) =>
        duration.Expr switch
        {
            DurationBinary binary => new DurationParen(binary),
            DurationNegation { Expr: DurationNegation or DurationBinary } minus => new DurationParen(minus),
            _ => duration,
        };

    private AtModifier? At() =>
        Choose(9) switch
        {
            5 => new AtModifier(AtKind.Start),
            6 => new AtModifier(AtKind.End),
            7 => new AtModifier(AtKind.Timestamp, 1603774568.123),
            8 => new AtModifier(AtKind.Timestamp, -1.5),
            _ => null,
        };

    private string LabelName() => _dialect != Dialect.Prometheus242 && Chance(8) ? Choose(QuotedNames) : Choose(LabelNames);

    private string[] Labels() => [.. Enumerable.Range(0, Choose(4)).Select(_ => LabelName())];
}

/// <summary>The server that must be able to parse the generated tree.</summary>
internal enum Dialect
{
    Prometheus242,
    Prometheus353,
    Newest,
}
