using AivenMetrics.PromQL;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Tests.PromQL;

/// <summary>
/// Grows a tree that the parser could have returned from a list of choices: one byte decides one thing, and when they run out the simplest
/// thing
/// is taken, so that shorter lists mean smaller trees. It follows the grammar level by level, independently of the printer's idea of
/// parentheses.
/// </summary>
internal sealed class ExprGenerator
{
    private static readonly string[] MetricNames =
        ["up", "a", "http_requests_total", "job:rate5m:sum", ":", "sum", "by", "and", "OFFSET", "start", "end", "_x", "without", "topk"];

    private static readonly string[] LabelNames =
        ["job", "a", "le", "instance", "_", "__x__", "B2", "by", "on", "bool", "offset", "sum", "start"];

    private static readonly string[] Texts =
        ["x", "", "a b", "\"", "\\", "'", "`", "\n", "\t\r\u0001\u007f", "é", "日本", "😀",
            "\u00a0\u2028", "\ufffd", "\udcff\udc80", "}\"or{", "#"];

    private static readonly string[] Regexes =
        ["a+", "a|b", ".+", "x.*y", "(a|b)c?d", "[^a-z]\\d+", "\\.", "(?i:abc)", "\\p{Greek}", "a{2,3}", ".*", "", "a|", "b*", "日+"];

    private static readonly double[] Numbers =
        [1, 0, 2, 0.5, 1e3, 1e21, 1e-7, double.PositiveInfinity, double.NaN, 1.7976931348623157e308, 4.9e-324, 9007199254740993, 0.1, 100];

    private static readonly long[] Milliseconds =
        [60_000, 300_000, 1, 1_500, 3_600_000, 86_400_000, 604_800_000, 31_536_000_000, 5_400_000, 90_061_001];

    private readonly byte[] choices;
    private int next;

    private ExprGenerator(byte[] choices) => this.choices = choices;

    /// <summary>The tree that the choices describe; of any type.</summary>
    public static Expr Build(byte[] choices)
    {
        var generator = new ExprGenerator(choices);
        return generator.Choose(8) switch
        {
            0 => generator.Of(ExprType.Scalar, Loosest, 5),
            1 => generator.Of(ExprType.Matrix, Loosest, 5),
            2 => generator.Text(),
            _ => generator.Of(ExprType.Vector, Loosest, 5),
        };
    }

    private const int Loosest = 1, Product = 5, Power = 6, Primary = 7;

    private int Choose(int count) => next < choices.Length ? choices[next++] % count : 0;

    private T Choose<T>(T[] items) => items[Choose(items.Length)];

    private bool Chance(int inHowMany) => Choose(inHowMany) == inHowMany - 1;

    /// <summary>An expression that stands bare where one of at least this precedence is asked for.</summary>
    private Expr Of(ExprType type, int level, int depth)
    {
        if (type == ExprType.Matrix) return Range(depth);
        if (depth == 0 || level >= Primary) return OfPrimary(type, depth);
        return Choose(4) switch
        {
            1 => Binary(type, level, depth - 1),
            2 when level <= Product => Signed(type, depth - 1),
            _ => OfPrimary(type, depth),
        };
    }

    private Expr OfPrimary(ExprType type, int depth)
    {
        if (depth > 0 && Chance(5)) return new ParenExpr(Of(type, Loosest, depth - 1));
        if (type == ExprType.Scalar)
        {
            return Choose(depth > 0 ? 5 : 3) switch
            {
                3 => CallOf("scalar", depth - 1),
                4 => CallOf("time", depth - 1),
                _ => new NumberLiteral(Choose(Numbers)),
            };
        }
        return Choose(depth > 0 ? 7 : 3) switch
        {
            3 or 4 => Aggregate(depth - 1),
            5 or 6 => CallOf(VectorFunctions[Choose(VectorFunctions.Length)], depth - 1),
            _ => Selector(),
        };
    }

    private static readonly string[] VectorFunctions =
        [.. Function.All.Where(f => f.ReturnType == ExprType.Vector).Select(f => f.Name).Order(StringComparer.Ordinal)];

    private static readonly BinaryOperator[] AllOperators = Enum.GetValues<BinaryOperator>();

    private static int PrecedenceOf(BinaryOperator op) => op switch
    {
        BinaryOperator.Or => 1,
        <= BinaryOperator.Unless => 2,
        <= BinaryOperator.Greater => 3,
        <= BinaryOperator.Subtract => 4,
        <= BinaryOperator.Atan2 => Product,
        _ => Power,
    };

    private BinaryExpr Binary(ExprType type, int level, int depth)
    {
        var possible = AllOperators.Where(o => PrecedenceOf(o) >= level && (type == ExprType.Vector || o > BinaryOperator.Unless));
        var op = Choose(possible.ToArray());
        var precedence = PrecedenceOf(op);
        var set = op <= BinaryOperator.Unless;
        var comparison = op is >= BinaryOperator.Equal and <= BinaryOperator.Greater;

        var sides = type == ExprType.Scalar ? 3 : set ? 0 : Choose(3);
        var left = Of(sides is 1 or 3 ? ExprType.Scalar : ExprType.Vector, op == BinaryOperator.Power ? Primary : precedence, depth);
        var rightType = sides is 2 or 3 ? ExprType.Scalar : ExprType.Vector;
        var right = Chance(6) ? Signed(rightType, depth) : Of(rightType, op == BinaryOperator.Power ? Power : precedence + 1, depth);
        var returnBool = comparison && (sides == 3 || Chance(3));
        return new BinaryExpr(op, left, right, returnBool, sides == 0 && Chance(2) ? Matching(set) : null);
    }

    private VectorMatching Matching(bool set)
    {
        var on = Chance(2);
        var labels = Labels();
        var group = set ? GroupSide.None : (GroupSide)Choose(3);
        string[] include = group == GroupSide.None ? [] : [.. Labels().Where(label => !on || !labels.Contains(label))];
        return new VectorMatching(on, [.. labels], group, [.. include]);
    }

    /// <summary>A sign and what it may stand before: a number swallows it.</summary>
    private Expr Signed(ExprType type, int depth)
    {
        var operand = Chance(5) && depth > 0 ? Signed(type, depth - 1) : Of(type, Power, Math.Max(depth, 0));
        var minus = Choose(3) != 2;
        if (operand is NumberLiteral number) return new NumberLiteral(minus ? -number.Value : number.Value);
        return new UnaryExpr(minus ? UnaryOperator.Minus : UnaryOperator.Plus, operand);
    }

    private AggregateExpr Aggregate(int depth)
    {
        var op = Choose(Enum.GetValues<AggregateOperator>());
        Expr? param = op switch
        {
            AggregateOperator.CountValues => Text(),
            AggregateOperator.Topk or AggregateOperator.Bottomk or AggregateOperator.Quantile => Of(ExprType.Scalar, Loosest, depth),
            _ => null,
        };
        return new AggregateExpr(op, Of(ExprType.Vector, Loosest, depth), param, [.. Labels()], Chance(3));
    }

    private Call CallOf(string name, int depth)
    {
        var function = Function.Find(name)!;
        var arguments = new List<Expr>();
        foreach (var type in function.ArgTypes) arguments.Add(type == ExprType.Text ? Text() : Of(type, Loosest, depth));
        if (name is "hour" or "round" or "year" or "label_join" && Chance(2)) arguments.RemoveAt(arguments.Count - 1);
        if (name == "label_join" && Chance(2)) arguments.Add(Text());
        return new Call(function, [.. arguments]);
    }

    private Expr Range(int depth)
    {
        if (depth > 0 && Chance(8)) return new ParenExpr(Range(depth - 1));
        if (depth == 0 || !Chance(3)) return new MatrixSelector(Selector(), Duration());
        var inner = OfPrimary(ExprType.Vector, depth - 1);
        return new SubqueryExpr(inner, Duration(), Chance(2) ? Duration() : null) { Offset = Offset(), At = At() };
    }

    private VectorSelector Selector()
    {
        var named = !Chance(4);
        var matchers = Enumerable.Range(0, Choose(4)).Select(_ => Matcher()).ToList();
        if (!named) matchers.Insert(Choose(matchers.Count + 1), new LabelMatcher("__name__", MatchType.Equal, "by \"name\""));
        return new VectorSelector(named ? Choose(MetricNames) : null, [.. matchers]) { Offset = Offset(), At = At() };
    }

    private LabelMatcher Matcher()
    {
        var type = (MatchType)Choose(4);
        return new LabelMatcher(Choose(LabelNames), type, type is MatchType.Regex or MatchType.NotRegex ? Choose(Regexes) : Choose(Texts));
    }

    private StringLiteral Text() => new(Choose(Texts));

    private TimeSpan Duration() => TimeSpan.FromMilliseconds(Choose(Milliseconds));

    private TimeSpan Offset() => Choose(6) switch
    {
        4 => Duration(),
        5 => -Duration(),
        _ => TimeSpan.Zero,
    };

    private AtModifier? At() => Choose(9) switch
    {
        5 => new AtModifier(AtKind.Start),
        6 => new AtModifier(AtKind.End),
        7 => new AtModifier(AtKind.Timestamp, 1603774568.123),
        8 => new AtModifier(AtKind.Timestamp, -1.5),
        _ => null,
    };

    private string[] Labels() => [.. Enumerable.Range(0, Choose(4)).Select(_ => Choose(LabelNames))];
}
