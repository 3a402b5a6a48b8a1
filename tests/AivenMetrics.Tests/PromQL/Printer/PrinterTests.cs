using AivenMetrics.PromQL;
using Xunit;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Tests.PromQL;

public class PrinterTests
{
    private static readonly VectorSelector A = new("a", []),
        B = new("b", []),
        C = new("c", []);

    [Theory]
    [InlineData("up", "up")]
    [InlineData("up { b = 'x' , a != \"y\", } offset 1h30m @ 12.50", "up{b=\"x\",a!=\"y\"} @ 12.5 offset 1h30m")]
    [InlineData("{a=~`\\d+`}", "{a=~\"\\\\d+\"}")]
    [InlineData("rate( a [ 300s ] )", "rate(a[5m])")]
    [InlineData("max_over_time((a+b)[1d:90s] offset -1w)", "max_over_time((a + b)[1d:1m30s] offset -1w)")]
    [InlineData("SUM(a)BY(x,y)", "sum by (x, y) (a)")]
    [InlineData("topk without()(5,a)", "topk without () (5, a)")]
    [InlineData("a==bool on(x)group_left(y,z)b", "a == bool on (x) group_left (y, z) b")]
    [InlineData("a and ignoring()b", "a and ignoring () b")]
    [InlineData("-2^2 - -a", "-2 ^ 2 - -a")]
    [InlineData("label_replace(a,\"b\",'$1',\"\",`(.*)`)", "label_replace(a, \"b\", \"$1\", \"\", \"(.*)\")")]
    [InlineData("1e3 + 0x10 + 1e21 + 1e-7 + .1", "1000 + 16 + 1e+21 + 1e-07 + 0.1")]
    [InlineData("9007199254740993", "9007199254740992")]
    [InlineData("-inf", "-Inf")]
    [InlineData("a[366d] offset 364d", "a[366d] offset 52w")]
    [InlineData("a @ start ( )", "a @ start()")]
    [InlineData("time()", "time()")]
    [InlineData("{\"a.b\", 'c d' =~ \"e\", f!='g'}", "{__name__=\"a.b\",\"c d\"=~\"e\",f!=\"g\"}")]
    [InlineData("sum by (\"a.b\", 'without', c) (d)", "sum by (\"a.b\", \"without\", c) (d)")]
    [InlineData("a[1e-10] offset 1e-10", "a[1e-10]")]
    [InlineData("a[0.0001] offset -0.0001", "a[0.0001] offset -0.0001")]
    [InlineData("a[(5m+step())*2:MIN_OF(1,range())]", "a[(5m + step()) * 2:min_of(1, range())]")]
    [InlineData("a offset -(step()+1m)", "a offset -(step() + 1m)")]
    [InlineData("a offset (5m)+3m", "a offset ((5m) + 3m)")]
    [InlineData("a offset -(5m)*2", "(a offset -(5m)) * 2")]
    [InlineData("-a offset step()^2", "-(a offset step()) ^ 2")]
    [InlineData("a anchored[5m]@1", "a[5m] @ 1 anchored")]
    [InlineData("a offset 5m smoothed", "a smoothed offset 5m")]
    [InlineData("a+fill(5m)b", "a + fill (300) b")]
    [InlineData("a>/on(x)group_left fill_right(-1)fill_left(0)b", "a >/ on (x) group_left () fill_left (0) fill_right (-1) b")]
    [InlineData("LIMITK(5,a)by(b)", "limitk by (b) (5, a)")]
    [InlineData("info(a,{})", "info(a, {})")]
    public void Text_is_printed_in_canonical_form(string query, string canonical) =>
        Assert.Equal(canonical, Printer.Print(PromQLParser.Parse(query)));

    [Theory]
    [InlineData("plain", "\"plain\"")]
    [InlineData("\"\\'`", "\"\\\"\\\\'`\"")]
    [InlineData("\a\b\f\n\r\t\v\0\u007f", "\"\\a\\b\\f\\n\\r\\t\\v\\x00\\x7f\"")]
    [InlineData("é日😀", "\"é日😀\"")]
    [InlineData("\u0080\u00a0\u200b\u2028\ufeff\ufffd", "\"\\u0080\\u00a0\\u200b\\u2028\\ufeff\\ufffd\"")]
    [InlineData("\U000E0001", "\"\\U000e0001\"")]
    public void Strings_are_quoted_as_in_Go(string value, string quoted) => Assert.Equal(quoted, Printer.Print(new StringLiteral(value)));

    [Fact]
    public void Bytes_that_are_not_UTF8_are_printed_as_escapes() =>
        Assert.Equal("\"a\\xff\\x80é\"", Printer.Print(new StringLiteral("a\udcff\udc80é")));

    public static TheoryData<string, Expr> TreesWithoutTheirParentheses =>
        new()
        {
            { "(a + b) * c", Of(BinaryOperator.Multiply, Of(BinaryOperator.Add, A, B), C) },
            { "a - (b - c)", Of(BinaryOperator.Subtract, A, Of(BinaryOperator.Subtract, B, C)) },
            { "(a ^ b) ^ c", Of(BinaryOperator.Power, Of(BinaryOperator.Power, A, B), C) },
            { "(-1) ^ a", Of(BinaryOperator.Power, new NumberLiteral(-1), A) },
            { "(-a) ^ b", Of(BinaryOperator.Power, new UnaryExpr(UnaryOperator.Minus, A), B) },
            { "-(a * b)", new UnaryExpr(UnaryOperator.Minus, Of(BinaryOperator.Multiply, A, B)) },
            { "-(1)", new UnaryExpr(UnaryOperator.Minus, new NumberLiteral(1)) },
            { "(-a)[5m:]", new SubqueryExpr(new UnaryExpr(UnaryOperator.Minus, A), TimeSpan.FromMinutes(5)) },
            { "(a or b)[5m:]", new SubqueryExpr(Of(BinaryOperator.Or, A, B), TimeSpan.FromMinutes(5)) },
        };

    [Theory]
    [MemberData(nameof(TreesWithoutTheirParentheses))]
    public void A_tree_built_in_code_is_printed_with_the_necessary_parentheses(string expected, Expr tree) =>
        Assert.Equal(expected, Printer.Print(tree));

    [Theory]
    [InlineData("on"), InlineData("bool"), InlineData("inf"), InlineData("5x"), InlineData("a b"), InlineData(""), InlineData("a\"} or {b")]
    public void A_metric_name_that_needs_quotes_is_printed_as_a_matcher(string name)
    {
        var text = Printer.Print(new VectorSelector(name, [new("a", MatchType.Equal, "b")]));
        Assert.Equal(
            new VectorSelector(null, [new("__name__", MatchType.Equal, name), new("a", MatchType.Equal, "b")]),
            PromQLParser.Parse(text)
        );
    }

    public static TheoryData<string, Expr> Unprintable =>
        new()
        {
            { "a label name of half a surrogate pair", new VectorSelector("a", [new("\ud800", MatchType.Equal, "d")]) },
            { "an unknown match type", new VectorSelector("a", [new("b", (MatchType)9, "d")]) },
            { "half a surrogate pair", new StringLiteral("\ud800") },
            { "an empty grouping label", new AggregateExpr(AggregateOperator.Sum, A, null, [""]) },
            { "a grouping label that is no UTF-8", new AggregateExpr(AggregateOperator.Sum, A, null, ["\udcff"]) },
            { "a comparison of durations", new MatrixSelector(A, new DurationBinary(BinaryOperator.Less, Step, Step)) },
            { "a range of nothing", new MatrixSelector(A, TimeSpan.Zero) },
            { "less than a millisecond", A with { Offset = (Duration)TimeSpan.FromTicks(1) } },
            { "a node of somebody else", new ScopeRewriterTests.UnknownExpr(A) },
        };

    private static readonly DurationQueryProperty Step = new(QueryProperty.Step);

    public static TheoryData<string, DurationExpr> DurationsWithoutTheirParentheses =>
        new()
        {
            { "(step() + 5m) * 2", Of(BinaryOperator.Multiply, Of(BinaryOperator.Add, Step, Five), Two) },
            { "2 - (step() - 5m)", Of(BinaryOperator.Subtract, Two, Of(BinaryOperator.Subtract, Step, Five)) },
            { "(-5m) ^ 2", Of(BinaryOperator.Power, new DurationLiteral(TimeSpan.FromMinutes(-5)), Two) },
            { "(-step()) ^ 2 ^ 2", Of(BinaryOperator.Power, new DurationNegation(Step), Of(BinaryOperator.Power, Two, Two)) },
            { "-(step() * 2)", new DurationNegation(Of(BinaryOperator.Multiply, Step, Two)) },
            { "-(5m)", new DurationNegation(Five) },
        };

    private static readonly DurationLiteral Five = new(TimeSpan.FromMinutes(5));

    private static readonly DurationNumber Two = new(2);

    [Theory]
    [MemberData(nameof(DurationsWithoutTheirParentheses))]
    public void A_duration_built_in_code_is_printed_with_the_necessary_parentheses(string expected, DurationExpr duration) =>
        Assert.Equal($"a[{expected}]", Printer.Print(new MatrixSelector(A, duration)));

    [Fact]
    public void An_offset_built_in_code_does_not_include_a_following_operator()
    {
        var offset = A with { Offset = Of(BinaryOperator.Add, Five, Two) };
        Assert.Equal("(a offset (5m + 2)) + b", Printer.Print(Of(BinaryOperator.Add, offset, B)));
        Assert.Equal("(c ^ a offset (5m + 2)) * b", Printer.Print(Of(BinaryOperator.Multiply, Of(BinaryOperator.Power, C, offset), B)));
    }

    [Theory]
    [MemberData(nameof(Unprintable))]
    public void A_tree_without_a_PromQL_form_is_not_printed(string sentence, Expr tree)
    {
        Assert.NotEmpty(sentence);
        Assert.Throws<ArgumentException>(() => Printer.Print(tree));
    }

    [Fact]
    public void A_long_query_is_printed_completely()
    {
        var query = string.Join(" or ", Enumerable.Range(0, 900).Select(i => $"metric_{i}{{a=\"{new string('x', i % 40)}\"}}"));
        Assert.Equal(query, Printer.Print(PromQLParser.Parse(query)));
    }

    private static DurationBinary Of(BinaryOperator op, DurationExpr left, DurationExpr right) => new(op, left, right);

    private static BinaryExpr Of(BinaryOperator op, Expr left, Expr right) => new(op, left, right);
}
