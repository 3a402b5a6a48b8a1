using AivenMetrics.PromQL;
using AivenMetrics.Testing.PromQL;
using CsCheck;
using Xunit;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Tests.PromQL;

public class RoundTripTests
{
    private static readonly Gen<byte[]> Choices = Gen.Byte.Array[0, 300];

    private static readonly TenantScope Space = new([
        new("space_id", MatchType.Equal, "the \"space\""),
        new("org", MatchType.Regex, "a|b"),
    ]);

    [Fact]
    public void Any_printed_tree_parses_to_the_same_tree() =>
        Choices.Sample(
            choices =>
            {
                var tree = ExprGenerator.Build(choices);
                var text = Printer.Print(tree);
                return PromQLParser.Parse(text) == tree && !text.Contains('\n') && Printer.Print(PromQLParser.Parse(text)) == text;
            },
            iter: 20_000,
            print: choices => Printer.Print(ExprGenerator.Build(choices))
        );

    [Fact]
    public void Rewriting_a_tree_gives_the_text_of_its_scoped_tree() =>
        Choices.Sample(
            choices =>
            {
                var tree = ExprGenerator.Build(choices);
                return ScopeRewriter.Rewrite(Printer.Print(tree), Space) == Printer.Print(ScopeRewriter.Apply(tree, Space));
            },
            iter: 20_000,
            print: choices => Printer.Print(ExprGenerator.Build(choices))
        );

    [Fact]
    public void Every_selector_of_a_scoped_tree_ends_with_the_enforced_matchers() =>
        Choices.Sample(
            choices =>
            {
                var tree = ExprGenerator.Build(choices);
                var scoped = PromQLParser.Parse(Printer.Print(ScopeRewriter.Apply(tree, Space)));
                var selectors = ExprTraversal.SelectorsIn(scoped).ToArray();
                var written = ExprTraversal.SelectorsIn(ExprTraversal.WithExplicitInfo(tree)).ToArray();
                return scoped == ScopeRewriter.Apply(tree, Space)
                    && selectors.Length == written.Length
                    && selectors.All(s => s.Matchers.TakeLast(2).SequenceEqual(Space.Matchers))
                    && ExprTraversal
                        .DescendantsAndSelf(scoped)
                        .OfType<Call>()
                        .All(call => call.Function.Name != "info" || call.Args.Count == 2)
                    && selectors.Zip(written).All(pair => pair.First.Matchers.SkipLast(2).SequenceEqual(pair.Second.Matchers));
            },
            iter: 20_000,
            print: choices => Printer.Print(ExprGenerator.Build(choices))
        );

    [Fact]
    public void A_tree_without_its_parentheses_is_printed_with_the_same_meaning() =>
        Choices.Sample(
            choices =>
            {
                var bare = ExprTraversal.WithoutParens(ExprGenerator.Build(choices));
                return ExprTraversal.WithoutParens(PromQLParser.Parse(Printer.Print(bare))) == bare;
            },
            iter: 20_000,
            print: choices => Printer.Print(ExprGenerator.Build(choices))
        );

    [Fact]
    public void The_generator_covers_every_node_type_function_and_operator()
    {
        var random = new Random(42);
        var seen = new HashSet<string>();
        for (var i = 0; i < 20_000; i++)
        {
            var choices = new byte[300];
            random.NextBytes(choices);
            foreach (var node in ExprTraversal.DescendantsAndSelf(ExprGenerator.Build(choices)))
            {
                seen.Add(node.GetType().Name);
                if (node is Call call)
                {
                    seen.Add(call.Function.Name);
                }
                if (node is BinaryExpr binary)
                {
                    seen.Add(binary.Op.ToString());
                }
                if (node is AggregateExpr aggregate)
                {
                    seen.Add(aggregate.Op.ToString());
                }
                foreach (var duration in ExprTraversal.DurationsOf(node))
                {
                    seen.Add(duration.GetType().Name);
                }
            }
        }

        string[] wanted =
        [
            .. typeof(Expr)
                .Assembly.GetTypes()
                .Where(type => type.IsSubclassOf(typeof(Expr)) || type.IsSubclassOf(typeof(DurationExpr)))
                .Select(type => type.Name),
            .. Function.All.Select(function => function.Name),
            .. Enum.GetNames<BinaryOperator>(),
            .. Enum.GetNames<AggregateOperator>(),
        ];
        Assert.Empty(wanted.Except(seen));
    }
}
