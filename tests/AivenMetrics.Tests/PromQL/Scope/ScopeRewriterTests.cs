using AivenMetrics.PromQL;
using Xunit;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Tests.PromQL;

public class ScopeRewriterTests
{
    private static readonly LabelMatcher Mine = new("space_id", MatchType.Equal, "mine");
    private static readonly TenantScope Space = new([Mine]);

    /// <summary>A node that is not of the closed tree; only the copy constructor that C# generates lets one exist.</summary>
    public sealed record UnknownExpr : Expr
    {
        public UnknownExpr(Expr like)
            : base(like) { }

        public override ExprType Type => ExprType.Vector;
    }

    [Fact]
    public void A_matcher_is_added_even_if_the_query_has_the_same_or_a_contrary_one() =>
        Assert.Equal(
            "a{space_id=\"mine\",space_id=\"mine\"} or b{space_id=\"theirs\",space_id=\"mine\"} or c{space_id=~\".*\",space_id=\"mine\"}",
            Printer.Print(
                ScopeRewriter.Apply(PromQLParser.Parse("a{space_id=\"mine\"} or b{space_id=\"theirs\"} or c{space_id=~\".*\"}"), Space)
            )
        );

    [Fact]
    public void A_query_without_selectors_stays_as_it_is()
    {
        var tree = PromQLParser.Parse("vector(1) + time() * 2 > bool -(1)");
        Assert.Equal(tree, ScopeRewriter.Apply(tree, Space));
    }

    [Fact]
    public void The_tree_that_is_scoped_is_not_changed()
    {
        var tree = PromQLParser.Parse("topk(scalar(b), rate(a[5m]))");
        ScopeRewriter.Apply(tree, Space);
        Assert.Equal(PromQLParser.Parse("topk(scalar(b), rate(a[5m]))"), tree);
    }

    [Fact]
    public void Scoping_twice_adds_twice() =>
        Assert.Equal(
            "a{space_id=\"mine\",space_id=\"mine\"}",
            Printer.Print(ScopeRewriter.Apply(ScopeRewriter.Apply(PromQLParser.Parse("a"), Space), Space))
        );

    [Fact]
    public void A_match_parameter_is_scoped_like_a_selector() =>
        Assert.Equal(
            "{__name__=~\"a.+\",space_id=\"mine\"}",
            Printer.Print(ScopeRewriter.Apply(PromQLParser.ParseMetricSelector("{__name__=~\"a.+\"}"), Space))
        );

    [Fact]
    public void A_value_cannot_end_its_string() =>
        Assert.Equal(
            "a{space_id=\"\\\"} or b{x=\\\"\\\\\"}",
            Printer.Print(
                ScopeRewriter.Apply(PromQLParser.Parse("a"), new TenantScope([new("space_id", MatchType.Equal, "\"} or b{x=\"\\")]))
            )
        );

    [Fact]
    public void An_unknown_node_is_refused_wherever_it_stands()
    {
        var rogue = new UnknownExpr(new NumberLiteral(1));
        var up = new VectorSelector("up", []);
        Expr[] places =
        [
            rogue,
            new ParenExpr(rogue),
            new UnaryExpr(UnaryOperator.Plus, rogue),
            new SubqueryExpr(rogue, TimeSpan.FromMinutes(1)),
            new BinaryExpr(BinaryOperator.Or, rogue, up),
            new BinaryExpr(BinaryOperator.Or, up, rogue),
            new AggregateExpr(AggregateOperator.Sum, rogue),
            new AggregateExpr(AggregateOperator.Topk, up, rogue),
            new Call(Function.Find("abs")!, [rogue]),
        ];
        Assert.All(places, place => Assert.Throws<ArgumentException>(() => ScopeRewriter.Apply(place, Space)));
    }

    [Fact]
    public void Every_kind_of_node_is_either_scoped_or_a_literal()
    {
        var kinds = typeof(Expr).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Expr))).Select(type => type.Name).Order();
        Assert.Equal(
            [
                "AggregateExpr",
                "BinaryExpr",
                "Call",
                "MatrixSelector",
                "NumberLiteral",
                "ParenExpr",
                "StringLiteral",
                "SubqueryExpr",
                "UnaryExpr",
                "VectorSelector",
            ],
            kinds
        );
    }
}
