using System.Text;
using AivenMetrics.PromQL;
using AivenMetrics.Testing.Programs;
using AivenMetrics.Testing.PromQL;
using Xunit;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Acceptance.PromQL;

/// <summary>
/// Compares the parser with two real servers, 2.42 and 3.5. The parser must accept every query that one of them accepts. A printed query
/// must have the meaning of the original for each of them. A query that only the parser accepts must use syntax of a later version.
/// </summary>
public sealed class PrometheusAgreementTests(PrometheusAgreementTests.Servers servers) : IClassFixture<PrometheusAgreementTests.Servers>
{
    private static readonly bool Long = Environment.GetEnvironmentVariable("LONG_TESTS") is { Length: > 0 };

    private static readonly int Generated = Long ? 10_000 : 400,
        Mutated = Long ? 20_000 : 1000;

    private static readonly TenantScope Space = new([new("space_id", MatchType.Equal, "a \"space\""), new("org", MatchType.Regex, "a|b")]);

    private readonly PrometheusParser _old = servers.Old;
    private readonly PrometheusParser _new = servers.New;

    [Fact]
    public async Task The_corpora_match_what_the_servers_accept()
    {
        foreach (var (corpus, reader) in new[] { (Corpus.Prometheus242, _old), (Corpus.Prometheus35, _new) })
        {
            await ForEachAsync(corpus.Accepted, async query => Assert.Equal((query, null), (query, await reader.RefusalOfAsync(query))));
            await ForEachAsync(corpus.Rejected, async query => Assert.NotEqual((query, null), (query, await reader.RefusalOfAsync(query))));
        }
    }

    [Fact]
    public async Task The_printed_corpora_have_the_same_meaning_and_can_be_scoped()
    {
        await ForEachAsync(Corpus.AcceptedByAny, async query =>
        {
            await AgreeOnAsync(query);
            var scoped = ScopeRewriter.Rewrite(query, Space);
            if (await _old.RefusalOfAsync(query) is null)
            {
                Assert.Equal((scoped, null), (scoped, await _old.RefusalOfAsync(scoped)));
            }
            if (await _new.RefusalOfAsync(query) is null)
            {
                Assert.Equal((scoped, null), (scoped, await _new.RefusalOfAsync(scoped)));
            }
        });
    }

    [Fact]
    public async Task Generated_queries_are_accepted_by_their_servers_and_parse_equally_after_formatting()
    {
        var random = new Random(Long ? 3141 : 242);
        var choices = new byte[200];
        for (var i = 0; i < Generated; i++)
        {
            random.NextBytes(choices);
            var forOld = i % 2 == 0;
            var (reader, dialect) = forOld ? (_old, Dialect.Prometheus242) : (_new, Dialect.Prometheus353);
            var tree = ExprGenerator.Build(choices, dialect);
            var text = Printer.Print(tree);
            var refusal = await reader.RefusalOfAsync(text);
            Assert.True(refusal is null || (!forOld && IsOfLaterVersion(refusal)), $"{text}: {refusal}");
            await AgreeOnAsync(text);
            if (HasDurationExpr(tree) || !forOld)
            {
                continue;
            }
            // Prometheus prints U+FFFD without quotes, and then neither it nor the parser accepts the text.
            var formatted = await reader.FormatAsync(text);
            if (formatted.Contains('\uFFFD', StringComparison.Ordinal))
            {
                Assert.Throws<PromQLParseException>(() => PromQLParser.Parse(formatted));
            }
            else
            {
                Assert.Equal(await reader.FormatAsync(formatted), await reader.FormatAsync(Printer.Print(PromQLParser.Parse(formatted))));
            }
        }
    }

    [Fact]
    public async Task Syntax_of_version_3_is_printed_for_version_2_if_an_older_spelling_exists()
    {
        string[] queries =
        [
            "foo[300]",
            "foo offset -1_000",
            "5m + -1h",
            "{\"foo\",\"a\"=\"b\"}",
            "foo @ 1h",
            "foo[5m:0.5]",
            "sum by (\"a\") (b)",
        ];
        foreach (var query in queries)
        {
            var print = Printer.Print(PromQLParser.Parse(query));
            Assert.NotNull(await _old.RefusalOfAsync(query));
            Assert.Equal((print, null), (print, await _old.RefusalOfAsync(print)));
        }
    }

    [Fact]
    public async Task Mutated_queries_are_accepted_if_a_server_accepts_them_and_rejected_if_none_does()
    {
        var random = new Random(Long ? 2718 : 2023);
        var sources = Corpus.AcceptedByAny.Concat(Corpus.RejectedByAll).Where(query => query.Length < 200).ToArray();
        for (var i = 0; i < Mutated; i++)
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
                    text.Insert(at, other.AsSpan(random.Next(other.Length), 1));
                }
            }
            await AgreeOnAsync(text.ToString());
        }
    }

    private static Task ForEachAsync(IEnumerable<string> queries, Func<string, Task> check) =>
        Parallel.ForEachAsync(queries, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (query, _) => await check(query));

    private async Task AgreeOnAsync(string query)
    {
        var (byOld, byNew) = (await _old.RefusalOfAsync(query), await _new.RefusalOfAsync(query));
        Expr tree;
        try
        {
            tree = PromQLParser.Parse(query);
        }
        catch (PromQLParseException refusal)
        {
            Assert.True(byOld is not null && byNew is not null, $"We refuse {query}: {refusal.Message}");
            return;
        }

        if (byOld is not null && byNew is not null)
        {
            Assert.True(IsOfLaterVersion(tree) || IsOfLaterVersion(byNew), $"Only we accept {query}: {byNew}");
            return;
        }

        var print = Printer.Print(tree);
        if (byOld is null && print != query)
        {
            Assert.Equal((query, await _old.MeaningOfAsync(query)), (query, await _old.MeaningOfAsync(print)));
        }
        // Versions after 3.5 parse operators behind such an offset differently. The parser follows the latest version.
        if (byNew is not null || HasOffsetExpr(tree))
        {
            return;
        }
        if (print != query)
        {
            Assert.Equal((query, await _new.MeaningOfAsync(query)), (query, await _new.MeaningOfAsync(print)));
        }
        if (!HasDurationExpr(tree))
        {
            return;
        }
        // The tree of the server has no duration expressions. Its text has them, if it can be parsed again.
        var formatted = await _new.FormatAsync(query);
        if (UnreadableFormats.Any(part => formatted.Contains(part, StringComparison.Ordinal)))
        {
            return;
        }
        // 3.5 omits the quotes of some labels, and then cannot parse its own text.
        if (await _new.RefusalOfAsync(formatted) is not null)
        {
            return;
        }
        formatted = Printer.Print(PromQLParser.Parse(formatted));
        Assert.Equal((query, await _new.FormatAsync(formatted)), (query, await _new.FormatAsync(print)));
    }

    // The text of 3.5 for durations below one millisecond, and for invalid durations.
    private static readonly string[] UnreadableFormats = ["[0s", ":0s]", "offset 0s", "offset -0s", "--"];

    private static bool HasDurationExpr(Expr tree) => ExprTraversal.DescendantsAndSelf(tree).SelectMany(ExprTraversal.DurationsOf).Any();

    private static bool HasOffsetExpr(Expr tree) =>
        ExprTraversal
            .DescendantsAndSelf(tree)
            .Any(node =>
                node
                    is VectorSelector { Offset.Expr: not (null or DurationNumber) }
                        or SubqueryExpr { Offset.Expr: not (null or DurationNumber) }
            );

    private static bool IsOfLaterVersion(Expr tree) =>
        HasOffsetExpr(tree)
        || ExprTraversal
            .DescendantsAndSelf(tree)
            .Any(node =>
                node
                    is BinaryExpr { Op: BinaryOperator.TrimUpper or BinaryOperator.TrimLower }
                        or BinaryExpr { Fill: not null }
                        or VectorSelector { ExtendedRange: not ExtendedRangeMode.None }
                || (node is Call call && ExprGenerator.IsOfLaterVersion(call.Function))
                || ExprTraversal.DurationsOf(node).Any(part => part is DurationQueryProperty or DurationMinMax)
            );

    /// <summary>
    /// Errors of expressions that 3.5 evaluates in its parser and later versions in their engine, and of expressions that only the
    /// compiler of RE2 rejects.
    /// </summary>
    private static bool IsOfLaterVersion(string refusal) =>
        refusal.Contains("error parsing regexp", StringComparison.Ordinal)
        || refusal.Contains("duration must be greater than 0", StringComparison.Ordinal)
        || refusal.Contains("division by zero", StringComparison.Ordinal)
        || refusal.Contains("modulo by zero", StringComparison.Ordinal);

    /// <summary>A Prometheus 2.42 and a Prometheus 3 that the tests of the class share. They only parse queries.</summary>
    public sealed class Servers : IAsyncLifetime
    {
        private PrometheusServer[] _servers = [];

        internal PrometheusParser Old { get; private set; } = null!;

        internal PrometheusParser New { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            _servers = [await PrometheusServer.StartPrometheus2Async(), await PrometheusServer.StartPrometheus3Async()];
            (Old, New) = (new PrometheusParser(_servers[0], hasParseQuery: false), new PrometheusParser(_servers[1], hasParseQuery: true));
            var versions = new List<string>();
            var buildinfo = new Uri("/api/v1/status/buildinfo", UriKind.Relative);
            foreach (var server in _servers)
            {
                versions.Add(await server.Http.GetStringAsync(buildinfo));
            }
            Assert.Contains("\"version\":\"2.42.", versions[0], StringComparison.Ordinal);
            Assert.Contains("\"version\":\"3.", versions[1], StringComparison.Ordinal);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var server in _servers)
            {
                await server.DisposeAsync();
            }
        }
    }
}
