using AivenMetrics.PromQL;
using Xunit;

namespace AivenMetrics.Tests.PromQL;

public class ParseErrorTests
{
    public static TheoryData<string, string, int, int, string> Refusals =>
        new()
        {
            { "nothing", "", 1, 1, "no expression found in input" },
            { "only a comment", "# a", 1, 1, "no expression found in input" },
            { "a missing right side", "a +", 1, 4, "unexpected end of input, expected an expression" },
            { "a missing left side", "* a", 1, 1, "unexpected <op:*>, expected an expression" },
            { "two expressions", "a b", 1, 3, "unexpected identifier \"b\", expected an operator or end of input" },
            { "a position on a later line", "a +\n  b +\n  é", 3, 3, "unexpected character: 'é'" },
            { "an open parenthesis", "(a", 1, 3, "unclosed left parenthesis" },
            { "a stray parenthesis", "a)", 1, 2, "unexpected right parenthesis ')'" },
            { "empty parentheses", "()", 1, 2, "unexpected \")\", expected an expression" },
            { "an open brace", "a{b=\"c\"", 1, 8, "unexpected end of input inside braces" },
            { "an assignment", "a = b", 1, 3, "unexpected \"=\", expected an operator or end of input" },
            { "a regex match outside of braces", "a =~ \"b\"", 1, 4, "unexpected character after '=': '~'" },
            { "an unquoted value", "a{b=c}", 1, 5, "unexpected identifier \"c\" in label matching, expected string" },
            {
                "a quoted label name without a value",
                "a{\"b\" \"c\"}",
                1,
                7,
                "unexpected string \"\\\"c\\\"\" in label matching, expected label matching operator"
            },
            {
                "no comma between matchers",
                "a{b=\"c\" d=\"e\"}",
                1,
                9,
                "unexpected identifier \"d\" in label matching, expected \",\" or \"}\""
            },
            { "only a comma between braces", "a{,}", 1, 3, "unexpected \",\" in label matching, expected identifier or \"}\"" },
            { "a matcher without operator", "a{b}", 1, 4, "unexpected \"}\" in label matching, expected label matching operator" },
            { "no matcher at all", "{}", 1, 1, "vector selector must contain at least one non-empty matcher" },
            {
                "only matchers that an absent label satisfies",
                "1 + {a=\"\",b!=\"x\",c=~\"y*\"}",
                1,
                5,
                "vector selector must contain at least one non-empty matcher"
            },
            { "two metric names", "a{__name__=\"b\"}", 1, 1, "metric name must not be set twice: \"a\" or \"b\"" },
            { "an unknown function", "1 + foo(a)", 1, 5, "unknown function with name \"foo\"" },
            { "info by a name", "info(a, b)", 1, 9, "expected label selectors only, got vector selector instead" },
            { "info by an expression", "info(a, -{b=\"c\"})", 1, 9, "expected label selectors only" },
            {
                "a selector of everything in info's first argument",
                "info({}, {})",
                1,
                6,
                "vector selector must contain at least one non-empty matcher"
            },
            {
                "a selector of everything within info's second argument",
                "info(a, ({}))",
                1,
                10,
                "vector selector must contain at least one non-empty matcher"
            },
            { "a function in capitals", "RATE(a[5m])", 1, 1, "unknown function with name \"RATE\"" },
            { "too few arguments", "rate()", 1, 1, "expected 1 argument(s) in call to \"rate\", got 0" },
            {
                "too few of a varying number",
                "label_join(a, \"b\")",
                1,
                1,
                "expected at least 3 argument(s) in call to \"label_join\", got 2"
            },
            { "too many of a varying number", "round(a, 1, 2)", 1, 1, "expected at most 2 argument(s) in call to \"round\", got 3" },
            { "a trailing comma of arguments", "abs(a,)", 1, 6, "trailing commas not allowed in function call args" },
            {
                "a vector where a range is wanted",
                "rate(a)",
                1,
                6,
                "expected type range vector in call to function \"rate\", got instant vector"
            },
            {
                "a range where a vector is wanted",
                "sum(a[5m])",
                1,
                5,
                "expected type instant vector in aggregation expression, got range vector"
            },
            { "a string where a number is wanted", "topk(\"1\", a)", 1, 6, "expected type scalar in aggregation parameter, got string" },
            { "an aggregation of nothing", "sum()", 1, 1, "no arguments for aggregate expression provided" },
            {
                "an aggregation without its parameter",
                "topk(a)",
                1,
                1,
                "wrong number of arguments for aggregate expression provided, expected 2, got 1"
            },
            { "grouping twice", "sum by (x) (a) by (y)", 1, 16, "unexpected <by>, expected an operator or end of input" },
            { "grouping without parentheses", "sum by x (a)", 1, 8, "unexpected identifier \"x\" in grouping opts, expected \"(\"" },
            {
                "grouping by without, which the grammar forgot",
                "sum by (without) (a)",
                1,
                9,
                "unexpected <without> in grouping opts, expected label"
            },
            { "grouping by nothing in quotes", "sum by (\"\") (a)", 1, 9, "invalid label name for grouping: \"\"" },
            { "grouping by bytes", "sum by (\"\\xff\") (a)", 1, 9, "invalid label name for grouping: \"\\ufffd\"" },
            { "two numbers compared", "1 == 1", 1, 3, "comparisons between scalars must use BOOL modifier" },
            { "bool on a sum", "a + bool b", 1, 3, "bool modifier can only be used on comparison operators" },
            { "a set operator on a number", "a and 1", 1, 1, "set operator \"and\" not allowed in binary scalar expression" },
            { "a set operator with a many side", "a or on (x) group_left b", 1, 1, "no grouping allowed for \"or\" operation" },
            { "matching labels of a number", "1 + on (x) a", 1, 1, "vector matching only allowed between instant vectors" },
            {
                "a label matched on and included",
                "a * on (x) group_left (x) b",
                1,
                3,
                "label \"x\" must not occur in ON and GROUP clause at once"
            },
            { "a many side without on or ignoring", "a * group_left b", 1, 5, "unexpected <group_left>, expected an expression" },
            { "the right side taken for labels", "a * on (x) group_left (b)", 1, 26, "unexpected end of input, expected an expression" },
            { "a range in arithmetic", "a[5m] + 1", 1, 1, "binary expression must contain only scalar and instant vector types" },
            { "a string on the right", "1 + \"a\"", 1, 5, "binary expression must contain only scalar and instant vector types" },
            {
                "a sign before a string",
                "-\"a\"",
                1,
                1,
                "unary expression only allowed on expressions of type scalar or instant vector, got \"string\""
            },
            { "a range of zero seconds", "a[0]", 1, 3, "duration must be greater than 0" },
            {
                "a range of nothing",
                "a[]",
                1,
                3,
                "unexpected \"]\" in subquery or range selector, expected number, duration, step() or range()"
            },
            { "a range of an unresolved variable", "a[$__interval]", 1, 3, "unexpected character in duration: '$'" },
            { "a selector as a range", "a[b]", 1, 3, "unexpected character in duration: 'b'" },
            {
                "a selector in a duration",
                "a[5m + b]",
                1,
                8,
                "unexpected \"b\" in subquery or range selector, expected number, duration, step() or range()"
            },
            { "a duration divided by zero", "a[5m / 0]", 1, 6, "division by zero" },
            { "a range beyond 292 years", "a[1e10]", 1, 3, "duration out of range" },
            { "a range of zero", "a[0s]", 1, 3, "duration must be greater than 0" },
            { "a negative range", "a[-5m]", 1, 3, "duration must be greater than 0" },
            { "units in the wrong order", "a[5m1h]", 1, 3, "not a valid duration string: \"5m1h\"" },
            { "a unit twice", "a[5m5m]", 1, 3, "not a valid duration string: \"5m5m\"" },
            { "a fraction of an hour", "a[1.5h]", 1, 3, "not a valid duration string: \"1.5h\"" },
            { "three hundred years", "a[300y]", 1, 3, "duration out of range" },
            { "an open bracket", "a[5m", 1, 5, "unclosed left bracket" },
            { "a range of an expression", "(a)[5m]", 1, 4, "ranges only allowed for vector selectors" },
            { "a range after offset", "a offset 1m [5m]", 1, 13, "no offset modifiers allowed before range" },
            { "a range after @", "a @ 5 [5m]", 1, 7, "no @ modifiers allowed before range" },
            { "a subquery of a range", "a[5m][5m:]", 1, 1, "subquery is only allowed on instant vector, got range vector instead" },
            { "a subquery of a number", "1[5m:]", 1, 1, "subquery is only allowed on instant vector, got scalar instead" },
            { "two offsets", "a offset 5m offset 5m", 1, 1, "offset may not be set multiple times" },
            {
                "an offset of a selector",
                "a offset (b)",
                1,
                11,
                "unexpected identifier \"b\" in offset, expected number, duration, step() or range()"
            },
            {
                "an offset of nothing",
                "a offset -",
                1,
                11,
                "unexpected end of input in offset, expected number, duration, step() or range()"
            },
            { "anchored and smoothed at once", "a anchored smoothed", 1, 1, "anchored and smoothed modifiers cannot be used together" },
            { "a subquery anchored", "a[5m:] anchored", 1, 1, "anchored and smoothed are not supported for subqueries" },
            { "a number smoothed", "1 smoothed", 1, 1, "anchored and smoothed must be preceded by a selector" },
            { "filling in of an expression", "a + fill (b) c", 1, 11, "unexpected identifier \"b\" in fill, expected number" },
            { "filling in twice", "a + fill (0) fill (0) b", 1, 19, "unexpected \"(\", expected an operator or end of input" },
            { "filling in of a number", "a + fill (0) 1", 1, 1, "filling in missing series only allowed between instant vectors" },
            { "filling in of a set operator", "a or fill (0) b", 1, 1, "filling in missing series not allowed for set operators" },
            { "bool on a trim", "a </ bool b", 1, 3, "bool modifier can only be used on comparison operators" },
            {
                "an offset of a sum",
                "sum(a) offset 5m",
                1,
                1,
                "offset modifier must be preceded by an instant vector selector or range vector selector or a subquery"
            },
            { "two times", "a @ 1 @ end()", 1, 1, "@ <timestamp> may not be set multiple times" },
            { "no time", "a @", 1, 4, "unexpected end of input in @, expected timestamp" },
            { "start without parentheses", "a @ start", 1, 10, "unexpected end of input in @, expected \"(\"" },
            { "an endless time", "a @ -Inf", 1, 1, "timestamp out of bounds for @ modifier: -Inf" },
            {
                "a time of a number",
                "1 @ 5",
                1,
                1,
                "@ modifier must be preceded by an instant vector selector or range vector selector or a subquery"
            },
            { "an open string", "\"abc", 1, 1, "unterminated quoted string" },
            { "a string over two lines", "\"a\nb\"", 1, 1, "unterminated quoted string" },
            { "an open raw string", "1 + `abc", 1, 5, "unterminated raw string" },
            { "an unknown escape", "\"ab\\q\"", 1, 4, "unknown escape sequence 'q'" },
            { "the other quote escaped", "\"\\'\"", 1, 2, "unknown escape sequence '''" },
            { "a short escape", "\"\\x1\"", 1, 5, "illegal character '\"' in escape sequence" },
            { "an octal number beyond a byte", "\"\\400\"", 1, 2, "escape sequence is an invalid Unicode code point" },
            { "half a surrogate pair escaped", "\"\\ud800\"", 1, 2, "escape sequence is an invalid Unicode code point" },
            { "half a surrogate pair", "\"a\ud800\"", 1, 3, "invalid UTF-8 rune" },
            { "the mark of broken UTF-8", "\"a\ufffd\"", 1, 3, "invalid UTF-8 rune" },
            { "a number with letters", "5foo", 1, 1, "bad number or duration syntax: \"5\"" },
            { "a fraction with a unit", "1.5m", 1, 1, "not a valid duration string: \"1.5m\"" },
            { "two underscores in a number", "1__000", 1, 1, "bad number or duration syntax: \"1__000\"" },
            { "an exponent without digits", "1e", 1, 1, "error parsing number: \"1e\" is not a number or out of range" },
            { "a number beyond 64 bits", "2 + 1e400", 1, 5, "error parsing number: \"1e400\" is not a number or out of range" },
            { "a semicolon", "a; b", 1, 2, "unexpected character: ';'" },
            { "a variable", "a{b=\"c\"} > $x", 1, 12, "unexpected character: '$'" },
            { "a group that is not closed in a regex", "a{b=~\"(c\"}", 1, 3, "error parsing regexp: missing closing ): \"(c\"" },
            { "a look-ahead in a regex", "a{b!~\"(?=c)\"}", 1, 3, "error parsing regexp: invalid or unsupported Perl syntax: \"(?=c\"" },
            { "a back reference in a regex", "a{b=~\"(a)\\\\1\"}", 1, 3, "error parsing regexp: invalid escape sequence: \"\\\\1\"" },
        };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void A_query_is_rejected_at_the_position_of_its_error(string sentence, string query, int line, int column, string reason)
    {
        Assert.NotEmpty(sentence);
        var refusal = Assert.Throws<PromQLParseException>(() => PromQLParser.Parse(query));
        Assert.Equal($"{line}:{column}: parse error: {reason}", refusal.Message);
        Assert.Equal((line, column, reason), (refusal.Line, refusal.Column, refusal.Reason));
    }

    [Fact]
    public void The_position_counts_characters_from_the_start()
    {
        Assert.Equal(8, Assert.Throws<PromQLParseException>(() => PromQLParser.Parse("a +\n\"é\" ;")).Position);
        Assert.Equal(3, Assert.Throws<PromQLParseException>(() => PromQLParser.Parse("a +")).Position);
    }

    [Fact]
    public void A_message_never_contains_control_characters_or_long_texts()
    {
        var refusal = Assert.Throws<PromQLParseException>(() => PromQLParser.Parse("{a=~\"(\\n\\x00" + new string('x', 10_000) + "\"}"));
        Assert.DoesNotContain(refusal.Message, char.IsControl);
        Assert.InRange(refusal.Message.Length, 1, 400);
    }
}
