using AivenMetrics.PromQL;
using AivenMetrics.Testing.PromQL;
using Xunit;
using UnknownExpr = AivenMetrics.Tests.PromQL.ScopeRewriterTests.UnknownExpr;

namespace AivenMetrics.Tests.PromQL;

public sealed class ExprChildrenTests
{
    private static readonly IEnumerable<Type> NodeTypes = typeof(Expr).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Expr)));

    [Fact]
    public void Children_of_every_node_type_are_the_expressions_in_its_properties()
    {
        var nodes = Corpus.AcceptedByAny.Select(PromQLParser.Parse).SelectMany(ExprTraversal.DescendantsAndSelf).ToList();

        Assert.Equal(NodeTypes.ToHashSet(), nodes.Select(node => node.GetType()).ToHashSet());
        Assert.All(nodes, node =>
            Assert.Equal(
                ExprTraversal.Children(node).ToHashSet(ReferenceEqualityComparer.Instance),
                Children(node).ToHashSet(ReferenceEqualityComparer.Instance)
            )
        );
        Assert.All(nodes, node => Assert.Equal(ExprTraversal.Children(node).Count(), Children(node).Count));
    }

    [Fact]
    public void Children_are_in_the_order_of_the_text()
    {
        Assert.Equal(["a", "b"], Texts("a + b"));
        Assert.Equal(["3", "up"], Texts("topk(3, up)"));
        Assert.Equal(["0.9", "up[5m]"], Texts("quantile_over_time(0.9, up[5m])"));
        Assert.Equal(["up"], Texts("up[5m]"));
        Assert.Empty(Texts("up"));

        static IEnumerable<string> Texts(string query) => Children(PromQLParser.Parse(query)).Select(child => child.ToString());
    }

    [Fact]
    public void An_unknown_node_has_no_children_and_throws()
    {
        var unknown = new UnknownExpr(new NumberLiteral(1));

        Assert.Throws<NotSupportedException>(() => unknown.Children());
    }

    private static List<Expr> Children(Expr expr)
    {
        List<Expr> children = [];
        foreach (var child in expr.Children())
        {
            children.Add(child);
        }
        return children;
    }
}
