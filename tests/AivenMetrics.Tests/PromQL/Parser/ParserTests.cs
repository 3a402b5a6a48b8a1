using AivenMetrics.PromQL;
using AivenMetrics.Testing.PromQL;
using Xunit;
using static AivenMetrics.PromQL.PromQLParser;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Tests.PromQL;

public class ParserTests
{
    private static readonly VectorSelector A = new("a", []),
        B = new("b", []),
        C = new("c", []);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    /// <summary>Each pair of texts must give the same tree. The second text shows the meaning of the first with parentheses.</summary>
    public static TheoryData<string, string, string> Bindings =>
        new()
        {
            { "or binds loosest", "a or b and c", "a or (b and c)" },
            { "and and unless bind alike, from the left", "a and b unless c", "(a and b) unless c" },
            { "comparison binds looser than sums", "a > b + c", "a > (b + c)" },
            { "comparisons associate to the left", "a == b < c", "(a == b) < c" },
            { "sums bind looser than products", "a - b * c", "a - (b * c)" },
            { "sums associate to the left", "a - b - c", "(a - b) - c" },
            { "atan2 binds like a product", "a + b atan2 c / d", "a + ((b atan2 c) / d)" },
            { "powers associate to the right", "a ^ b ^ c", "a ^ (b ^ c)" },
            { "a sign binds looser than a power", "-a ^ b", "-(a ^ b)" },
            { "a sign binds tighter than a product from the left", "-a * b", "(-a) * b" },
            { "a sign on the right takes powers only", "a ^ -b ^ c * d", "(a ^ (-(b ^ c))) * d" },
            { "offset belongs to the nearest selector", "a + b offset 5m", "a + (b offset 5m)" },
            { "@ belongs to the nearest selector", "a ^ b @ 5", "a ^ (b @ 5)" },
            { "a range belongs to the nearest selector", "-rate(a[5m])", "-(rate(a[5m]))" },
        };

    public static TheoryData<string, string, string> Spellings =>
        new()
        {
            { "grouping after the arguments", "sum(a) by (x, y)", "sum by (x, y) (a)" },
            { "no labels to group by", "sum by () (a)", "sum(a)" },
            { "a trailing comma in a grouping", "sum by (x,) (a)", "sum by (x) (a)" },
            { "a trailing comma between braces", "a{b=\"c\",}", "a{b=\"c\"}" },
            { "keywords in capitals", "SUM BY (x) (a) AND ON (y) b", "sum by (x) (a) and on (y) b" },
            { "empty braces behind a name", "a{}", "a" },
            { "@ after offset", "a offset 5m @ 7", "a @ 7 offset 5m" },
            { "a duration as a number", "5m + -1h30m + 1ms", "300 + -5400 + 0.001" },
            { "underscores in numbers", "1_000.5 + 0x_1F + 0_17 + 0_8 + 1e1_0", "1000.5 + 31 + 15 + 8 + 1e10" },
            { "numbers of seconds as durations", "a[300:0.5] offset 1_000", "a[5m:500ms] offset 16m40s" },
            { "a range with a plus", "a[+5m] offset +1m", "a[5m] offset 1m" },
            { "signs before an offset", "a offset --5m", "a offset 5m" },
            { "an offset of nothing", "a offset 0 offset 0s", "a" },
            { "a time with a unit", "a @ -1h", "a @ -3600" },
            { "a quoted metric name", "{'a b', c=\"d\"}", "{__name__=\"a b\",c=\"d\"}" },
            { "a quoted label name that needs no quotes", "{\"a\"=\"b\",`c`!='d'}", "{a=\"b\",c!=\"d\"}" },
            { "quoted labels of a grouping that need no quotes", "sum by (\"a\", 'by') (b)", "sum by (a, by) (b)" },
            { "a label with a colon, which only Prometheus 3 groups by", "sum by (a:b) (c)", "sum by ('a:b') (c)" },
            { "anchored before the range", "a anchored [5m] offset 1m", "a[5m] anchored offset 1m" },
            { "filling in of both sides one by one", "a + fill_right (1) fill_left (1) b", "a + fill (1) b" },
            { "words of durations in capitals", "a[MAX_OF(STEP(), 5m)]", "a[max_of(step(), 5m)]" },
            { "an operator behind an offset of an expression", "a offset step() * 2", "(a offset step()) * 2" },
            { "an operator within an offset", "a offset (5m) + 3m", "a offset ((5m) + 3m)" },
            { "@ before a range, which 2.42 allows with start and end", "a @ start() [5m]", "a[5m] @ start()" },
            { "single quotes and backquotes", "a{b='\"',c=`\\`}", "a{b=\"\\\"\",c=\"\\\\\"}" },
            { "hexadecimal and octal numbers", "0x1F + 017", "31 + 15" },
            { "digits that are not octal", "08 + 0779", "8 + 779" },
            { "numbers without a digit before or after the point", ".5 + 5.", "0.5 + 5" },
            { "infinity and not-a-number in any case", "INF + nan", "Inf + NaN" },
            { "signs before a number", "-+--1", "-1" },
            { "mixed units", "a[1h30m5ms]", "a[5400005ms]" },
            { "weeks and days", "a offset 1w1d", "a offset 8d" },
            { "a letter for the colon, which 2.42 allows", "a[5m x30s]", "a[5m:30s]" },
            { "comments and line breaks", "a # first\n + # second\r b", "a + b" },
            { "group_left without labels", "a * on (x) group_left b", "a * on (x) group_left () b" },
            { "matching between scalars is dropped", "1 + on () group_left (x) a", "1 + a" },
            { "escapes that name one character", "\"\\x41\\102\\u0043\\U00000044\"", "\"ABCD\"" },
            { "bytes that make up one character", "\"\\xc3\\xa9\"", "\"é\"" },
        };

    [Theory]
    [MemberData(nameof(Bindings))]
    public void Operators_bind_as_in_Prometheus(string sentence, string query, string meaning)
    {
        Assert.NotEmpty(sentence);
        Assert.Equal(ExprTraversal.WithoutParens(Parse(meaning)), ExprTraversal.WithoutParens(Parse(query)));
        Assert.NotEqual(Parse(meaning), Parse(query));
    }

    [Theory]
    [MemberData(nameof(Spellings))]
    public void Different_spellings_give_the_same_tree(string sentence, string query, string canonical)
    {
        Assert.NotEmpty(sentence);
        Assert.Equal(Parse(canonical), Parse(query));
    }

    [Fact]
    public void Matchers_keep_their_order_type_and_unquoted_value() =>
        Assert.Equal(
            new VectorSelector(
                "a",
                [
                    new("d", MatchType.Equal, "1"),
                    new("c", MatchType.NotEqual, "\n"),
                    new("b", MatchType.Regex, "x|y"),
                    new("d", MatchType.NotRegex, ""),
                ]
            ),
            Parse("a{d=\"1\",c!='\\n',b=~`x|y`,d!~\"\"}")
        );

    [Fact]
    public void A_range_and_a_subquery_have_their_modifiers()
    {
        Assert.Equal(new MatrixSelector(A with { Offset = -Minute, At = new(AtKind.End) }, 5 * Minute), Parse("a[5m] offset -1m @ end()"));
        Assert.Equal(
            new SubqueryExpr(A with { Offset = Minute }, 5 * Minute, Minute) { At = new(AtKind.Timestamp, -1.5) },
            Parse("a offset 1m [5m:1m] @ -1.5")
        );
        Assert.Equal(new SubqueryExpr(A, 5 * Minute), Parse("a[5m:]"));
    }

    [Fact]
    public void A_duration_that_only_the_server_can_evaluate_is_kept_as_an_expression()
    {
        var step = new DurationQueryProperty(QueryProperty.Step);
        Assert.Equal(new MatrixSelector(A, step), Parse("a[step()]"));
        Assert.Equal(new MatrixSelector(A, new DurationNumber(0.0005)), Parse("a[0.0005]"));
        Assert.Equal(
            new MatrixSelector(
                A,
                new DurationBinary(
                    BinaryOperator.Add,
                    new DurationLiteral(5 * Minute),
                    new DurationBinary(BinaryOperator.Multiply, new DurationParen(new DurationNumber(2)), new DurationNegation(step))
                )
            ),
            Parse("a[5m + (2) * -step()]")
        );
        Assert.Equal(
            new SubqueryExpr(A, 5 * Minute, new DurationMinMax(IsMax: true, step, new DurationLiteral(Minute)))
            {
                Offset = new DurationNegation(new DurationQueryProperty(QueryProperty.Range)),
            },
            Parse("a[5m:max_of(step(), 1m)] offset -range()")
        );
    }

    [Fact]
    public void Fill_values_are_kept_for_each_side() =>
        Assert.Equal(new BinaryExpr(BinaryOperator.TrimUpper, A, B) { Fill = new FillValues(-1, null) }, Parse("a </ fill_left (-1) b"));

    [Fact]
    public void An_aggregation_keeps_its_parameter_grouping_and_argument() =>
        Assert.Equal(
            new AggregateExpr(AggregateOperator.Topk, A, new Call(Function.Find("scalar")!, [B]), ["x", "by"], Without: true),
            Parse("topk without (x, by) (scalar(b), a)")
        );

    [Fact]
    public void Vector_matching_keeps_its_labels_and_group_modifier() =>
        Assert.Equal(
            new BinaryExpr(
                BinaryOperator.Greater,
                A,
                new BinaryExpr(BinaryOperator.Divide, B, C),
                ReturnBool: true,
                new VectorMatching(On: false, ["x", "y"], GroupModifier.Right, ["z"])
            ),
            Parse("a > bool ignoring (x, y) group_right (z) b / c")
        );

    [Fact]
    public void Vector_matching_without_labels_differs_from_no_matching()
    {
        Assert.Equal(new VectorMatching(On: true, []), ((BinaryExpr)Parse("a and on () b")).Matching);
        Assert.Null(((BinaryExpr)Parse("a and b")).Matching);
    }

    [Theory]
    [InlineData("sum"), InlineData("by"), InlineData("and")]
    [InlineData("OR"), InlineData("unless"), InlineData("offset"), InlineData("without")]
    [InlineData("start"), InlineData("end"), InlineData("count_values")]
    [InlineData("limitk"), InlineData("limit_ratio"), InlineData("step"), InlineData("range"), InlineData("max_of"), InlineData("min_of")]
    [InlineData("anchored"), InlineData("smoothed"), InlineData("fill"), InlineData("fill_left"), InlineData("Fill_Right")]
    [InlineData(":"), InlineData("a:b:c"), InlineData("rate"), InlineData("_")]
    public void Keywords_of_other_contexts_can_be_metric_names(string name)
    {
        Assert.Equal(new VectorSelector(name, []), Parse(name));
        Assert.Equal(new AggregateExpr(AggregateOperator.Sum, new VectorSelector(name, [])), Parse($"sum({name})"));
        Assert.Equal(new VectorSelector(name, [new("a", MatchType.Equal, "b")]) { Offset = Minute }, Parse($"{name}{{a=\"b\"}} offset 1m"));
    }

    [Theory]
    [InlineData("1", ExprType.Scalar), InlineData("\"a\"", ExprType.Text)]
    [InlineData("a", ExprType.Vector), InlineData("a[5m]", ExprType.Matrix)]
    [InlineData("(a[5m:])", ExprType.Matrix), InlineData("-(1 + time())", ExprType.Scalar), InlineData("1 > bool 2", ExprType.Scalar)]
    [InlineData("1 + a", ExprType.Vector), InlineData("scalar(a)", ExprType.Scalar), InlineData("sum(a)", ExprType.Vector)]
    public void An_expression_has_a_type(string query, ExprType type) => Assert.Equal(type, Parse(query).Type);

    [Fact]
    public void A_byte_that_is_not_UTF8_differs_from_the_character_with_its_number()
    {
        Assert.Equal(new StringLiteral("\uDCFF"), Parse("\"\\xff\""));
        Assert.Equal(new StringLiteral("\u00ff"), Parse("\"\\u00ff\""));
        Assert.Equal(new StringLiteral("\uFFFD"), Parse("\"\\ufffd\""));
    }

    [Fact]
    public void Exactly_the_functions_of_Prometheus_2_42_to_3_14_are_supported() =>
        // 90 functions of 3.14, and holt_winters, which 3.0 renamed.
        Assert.Equal(91, Function.All.Count);

    [Fact]
    public void A_match_parameter_is_a_single_selector()
    {
        Assert.Equal(new VectorSelector("a", [new("b", MatchType.NotEqual, "")]), ParseMetricSelector(" a{b!=\"\"} # all"));
        Assert.Equal(new VectorSelector(null, [new("__name__", MatchType.Regex, "a.+")]), ParseMetricSelector("{__name__=~\"a.+\"}"));
        Assert.Equal(new VectorSelector("a", [new("__name__", MatchType.Equal, "b")]), ParseMetricSelector("a{__name__=\"b\"}"));
    }

    [Theory]
    [InlineData("", "1:1: parse error: unexpected end of input, expected a metric name or \"{\"")]
    [InlineData("{}", "1:1: parse error: match[] must contain at least one non-empty matcher")]
    [InlineData("{a=~\".*\"}", "1:1: parse error: match[] must contain at least one non-empty matcher")]
    [InlineData("a offset 5m", "1:3: parse error: unexpected <offset>, expected \"{\" or end of input")]
    [InlineData("a[5m]", "1:2: parse error: unexpected \"[\", expected \"{\" or end of input")]
    [InlineData("a{b=\"c\"} or a", "1:10: parse error: unexpected <op:or>, expected end of input")]
    [InlineData("sum(a)", "1:4: parse error: unexpected \"(\", expected \"{\" or end of input")]
    public void A_match_parameter_with_another_expression_is_rejected(string match, string message) =>
        Assert.Equal(message, Assert.Throws<PromQLParseException>(() => ParseMetricSelector(match)).Message);
}
