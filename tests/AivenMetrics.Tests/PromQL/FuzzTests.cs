using System.Diagnostics;
using System.Text;
using AivenMetrics.PromQL;
using AivenMetrics.Testing.PromQL;
using Xunit;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Tests.PromQL;

/// <summary>
/// Sends random texts through the lexer, the parser, the scope rewriter and the printer. With LONG_TESTS there are 12 million texts instead
/// of 60,000. FUZZ_SEED sets another seed.
/// </summary>
public class FuzzTests
{
    private static readonly int Inputs = Environment.GetEnvironmentVariable("LONG_TESTS") is { Length: > 0 } ? 12_000_000 : 60_000;

    private static readonly int Seed = int.TryParse(Environment.GetEnvironmentVariable("FUZZ_SEED"), out var seed) ? seed : 20261123;

    private static readonly TenantScope Space = new([new("space_id", MatchType.Equal, "s\"1"), new("org", MatchType.Regex, "a|b")]);

    private static readonly string[] Pieces =
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
        "!~",
        "\"",
        "'",
        "`",
        "\\",
        "\n",
        "\r",
        " ",
        "#",
        "5m",
        "0x",
        "1e",
        ".",
        ":",
        "@",
        "start",
        "end()",
        "offset",
        "-",
        "+",
        "^",
        "*",
        "/",
        "%",
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
        "</",
        ">/",
        "inf",
        "\\x",
        "\\u12",
        "99999999999999999999",
        "1_0",
        "step()",
        "range",
        "max_of(",
        "min_of",
        "anchored",
        "smoothed",
        "fill(",
        "fill_left (1)",
        "info(",
        "{\"a.b\"",
        "limitk(",
        "topk",
        "\u2028",
        "😀",
        "without",
        "[5m]",
        "[1h:]",
        "__name__",
        "space_id",
        "\"a\"",
        "~\"(\"",
        "x{1000}",
        "\\Q",
        "(?",
        "\t",
        "\u00a0",
        "unless",
        "atan2",
        "[[:alpha:]]",
        "0s",
        "nan",
    ];

    private static readonly string[] Sources = [.. Corpus.AcceptedByAny.Concat(Corpus.RejectedByAll).Where(query => query.Length < 300)];

    [Fact]
    public void Any_text_is_rejected_with_a_position_or_scoped_in_every_selector()
    {
        var random = new Random(Seed);
        var choices = new byte[60];
        var (read, slowest) = (0, TimeSpan.Zero);
        for (var i = 0; i < Inputs; i++)
        {
            var text = (i & 3) switch
            {
                0 => Soup(random),
                1 => Characters(random),
                2 => Mutated(random, Sources[random.Next(Sources.Length)]),
                _ => Mutated(random, Generated(random, choices)),
            };
            var started = Stopwatch.GetTimestamp();
            if (IsReadAndScoped(text))
            {
                read++;
            }
            var elapsed = Stopwatch.GetElapsedTime(started);
            if (elapsed > slowest)
            {
                slowest = elapsed;
            }
        }

        Assert.InRange(read, Inputs / 20, Inputs);
        // The texts are short. A text that takes this long on a busy machine does not terminate.
        Assert.InRange(slowest, TimeSpan.Zero, TimeSpan.FromSeconds(30));
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{Inputs} inputs from seed {Seed}, {read} of them queries, the slowest in {slowest}."
        );
    }

    private static bool IsReadAndScoped(string text)
    {
        string rewritten;
        try
        {
            rewritten = ScopeRewriter.Rewrite(text, Space);
        }
        catch (PromQLParseException refusal)
        {
            Assert.True(refusal.Position >= 0 && refusal.Position <= text.Length && refusal.Line > 0 && refusal.Column > 0, text);
            return false;
        }
        catch (Exception fault)
        {
            throw new InvalidOperationException($"{text} is neither read nor refused.", fault);
        }

        var tree = PromQLParser.Parse(text);
        var scoped = PromQLParser.Parse(rewritten);
        if (tree != PromQLParser.Parse(Printer.Print(tree)))
        {
            Assert.Fail($"Printing changes {text}");
        }
        if (scoped != ScopeRewriter.Apply(tree, Space))
        {
            Assert.Fail($"Rewriting changes {text}");
        }
        foreach (var selector in ExprTraversal.SelectorsIn(scoped))
        {
            var count = selector.Matchers.Count;
            if (count < 2 || selector.Matchers[count - 2] != Space.Matchers[0] || selector.Matchers[count - 1] != Space.Matchers[1])
            {
                Assert.Fail($"{text} becomes {rewritten}");
            }
        }
        return true;
    }

    private static string Soup(Random random)
    {
        var text = new StringBuilder();
        for (var length = random.Next(1, 14); length > 0; length--)
        {
            text.Append(Pieces[random.Next(Pieces.Length)]);
        }
        return text.ToString();
    }

    private static string Characters(Random random)
    {
        var text = new char[random.Next(1, 24)];
        for (var i = 0; i < text.Length; i++)
        {
            text[i] = (char)(random.Next(8) == 0 ? random.Next(0x10000) : random.Next(32, 127));
        }
        return new string(text);
    }

    private static string Generated(Random random, byte[] choices)
    {
        random.NextBytes(choices);
        return Printer.Print(ExprGenerator.Build(choices));
    }

    private static string Mutated(Random random, string source)
    {
        var text = new StringBuilder(source);
        for (var edits = random.Next(0, 4); edits > 0; edits--)
        {
            var at = random.Next(text.Length + 1);
            var other = Sources[random.Next(Sources.Length)];
            switch (random.Next(4))
            {
                case 0:
                    text.Remove(at, Math.Min(text.Length - at, random.Next(1, 4)));
                    break;
                case 1:
                    text.Insert(at, Pieces[random.Next(Pieces.Length)]);
                    break;
                case 2:
                    text.Insert(at, other.AsSpan(random.Next(other.Length), 1));
                    break;
                default:
                    text.Insert(at, other.AsSpan(random.Next(other.Length)));
                    break;
            }
        }
        return text.ToString();
    }
}
