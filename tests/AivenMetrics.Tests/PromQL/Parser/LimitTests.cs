using System.Text;
using AivenMetrics.PromQL;
using AivenMetrics.Testing.PromQL;
using Xunit;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Tests.PromQL;

public class LimitTests
{
    private static readonly TenantScope Space = new([new("space_id", MatchType.Equal, "s")]);

    public static TheoryData<string, string> TooMuch =>
        new()
        {
            { "ten thousand parentheses", new string('(', 10_000) + "a" + new string(')', 10_000) },
            { "ten thousand open parentheses", new string('(', 10_000) },
            { "ten thousand calls", string.Concat(Enumerable.Repeat("abs(", 10_000)) },
            { "ten thousand aggregations", string.Concat(Enumerable.Repeat("sum by (x) (", 5_000)) },
            { "thirty thousand signs", new string('-', 30_000) + "a" },
            { "ten thousand powers", "2" + string.Concat(Enumerable.Repeat("^2", 10_000)) },
            { "ten thousand sums", "1" + string.Concat(Enumerable.Repeat("+1", 10_000)) },
            { "ten thousand unions", "a" + string.Concat(Enumerable.Repeat(" or a", 10_000)) },
            { "a thousand and one selectors", "vector(" + new string('1', 1) + ") + " + Balanced(1001) },
            { "ten thousand parentheses in a duration", "a[" + new string('(', 10_000) + "1" + new string(')', 10_000) + "]" },
            { "ten thousand signs of an offset", "a offset " + new string('-', 10_000) + "1" },
            { "ten thousand powers in a duration", "a[2" + string.Concat(Enumerable.Repeat("^2", 10_000)) + "]" },
            { "ten thousand sums in a duration", "a[1" + string.Concat(Enumerable.Repeat("+1", 10_000)) + "]" },
            { "chains in parentheses in chains of a duration", $"a[({Sum(100)}) * ({Sum(101)})]" },
            { "five thousand choices", "a[" + string.Concat(Enumerable.Repeat("max_of(1,", 5_000)) },
            { "ten thousand calls of info", string.Concat(Enumerable.Repeat("info(", 10_000)) },
            { "a text longer than 64 KiB", new string(' ', PromQLParser.MaxLength) + "a" },
        };

    [Theory]
    [MemberData(nameof(TooMuch))]
    public void A_query_beyond_a_limit_is_rejected(string sentence, string query)
    {
        Assert.NotEmpty(sentence);
        Assert.Throws<PromQLParseException>(() => PromQLParser.Parse(query));
    }

    public static TheoryData<string, string> JustEnough =>
        new()
        {
            { "parentheses up to the limit", new string('(', 199) + "a" + new string(')', 199) },
            { "a chain up to the limit", "a" + string.Concat(Enumerable.Repeat("+a", PromQLParser.MaxHeight - 1)) },
            { "as many selectors as allowed", Balanced(PromQLParser.MaxSelectors) },
            { "chains in parentheses in chains", Chained(95) },
            {
                "a chain of durations in a chain",
                $"rate(a[{Sum(200)}])" + string.Concat(Enumerable.Repeat("+a", PromQLParser.MaxHeight - 4))
            },
            { "64 KiB of spaces and one selector", new string(' ', PromQLParser.MaxLength - 1) + "a" },
        };

    [Theory]
    [MemberData(nameof(JustEnough))]
    public void A_query_at_a_limit_can_be_scoped_printed_compared_and_parsed_again_on_a_small_stack(string sentence, string query)
    {
        Assert.NotEmpty(sentence);
        Exception? fault = new InvalidOperationException("The thread did not come to its end.");
        // The smallest stack that .NET gives a thread-pool thread by default.
        var thread = new Thread(
            () =>
                fault = Record.Exception(() =>
                {
                    var scoped = ScopeRewriter.Apply(PromQLParser.Parse(query), Space);
                    var again = PromQLParser.Parse(Printer.Print(scoped));
                    Assert.True(again == scoped && again.GetHashCode() == scoped.GetHashCode() && again.Type == ExprType.Vector);
                }),
            maxStackSize: 1536 * 1024
        );
        thread.Start();
        thread.Join();
        Assert.Null(fault);
    }

    [Fact]
    public void Random_text_is_parsed_or_rejected_with_a_position()
    {
        var random = new Random(20230131);
        string[] pieces =
        [
            "a",
            "sum",
            "by",
            "(",
            ")",
            "{",
            "}",
            "[",
            "]",
            ",",
            "=",
            "=~",
            "!",
            "!=",
            "\"",
            "'",
            "`",
            "\\",
            "\n",
            "#",
            "5m",
            "0x",
            "1e",
            ".",
            ":",
            "@",
            "start",
            "offset",
            "-",
            "^",
            "bool",
            "on",
            "group_left",
            "\ud800",
            "\udc80",
            "\ufffd",
            "é",
            "\0",
            "rate",
            "and",
            "==",
            "inf",
            "\\x",
            "\\u12",
            "99999999999999999999",
        ];
        var read = 0;
        for (var i = 0; i < 50_000; i++)
        {
            var text = new StringBuilder();
            for (var length = random.Next(1, 12); length > 0; length--)
            {
                text.Append(pieces[random.Next(pieces.Length)]);
            }
            try
            {
                var tree = PromQLParser.Parse(text.ToString());
                Assert.Equal(tree, PromQLParser.Parse(Printer.Print(tree)));
                read++;
            }
            catch (PromQLParseException refusal)
            {
                Assert.InRange(refusal.Position, 0, text.Length);
            }
        }
        Assert.InRange(read, 100, 40_000);
    }

    [Fact]
    public void A_mutated_query_is_parsed_or_rejected_with_a_position()
    {
        var random = new Random(42);
        var read = 0;
        var sources = Corpus.AcceptedByAny.Where(query => query.Length < 200).ToArray();
        for (var i = 0; i < 50_000; i++)
        {
            var text = new StringBuilder(sources[random.Next(sources.Length)]);
            for (var edits = random.Next(1, 4); edits > 0; edits--)
            {
                var other = sources[random.Next(sources.Length)];
                var at = random.Next(text.Length + 1);
                if (random.Next(2) == 0)
                {
                    text.Remove(at, Math.Min(text.Length - at, random.Next(1, 4)));
                }
                else
                {
                    text.Insert(at, other.AsSpan(random.Next(other.Length)));
                }
            }
            try
            {
                var tree = PromQLParser.Parse(text.ToString());
                Assert.Equal(tree, PromQLParser.Parse(Printer.Print(tree)));
                read++;
            }
            catch (PromQLParseException refusal)
            {
                Assert.InRange(refusal.Position, 0, text.Length);
            }
        }
        Assert.InRange(read, 1_000, 45_000);
    }

    private static string Sum(int operators) => "step()" + string.Concat(Enumerable.Repeat("+1", operators));

    private static string Balanced(int selectors) =>
        selectors == 1 ? "a" : $"({Balanced(selectors / 2)}+{Balanced(selectors - (selectors / 2))})";

    private static string Chained(int levels) => levels == 0 ? "a" : $"(a+a+a+a+{Chained(levels - 1)})";
}
