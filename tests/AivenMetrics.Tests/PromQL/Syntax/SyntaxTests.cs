using AivenMetrics.PromQL;
using AivenMetrics.Testing.PromQL;
using Xunit;

namespace AivenMetrics.Tests.PromQL;

public class SyntaxTests
{
    [Fact]
    public void Trees_of_the_same_text_have_equal_values_and_hash_codes() => Assert.All(Corpus.AcceptedByAny, query =>
        {
            Assert.Equal(PromQLParser.Parse(query), PromQLParser.Parse(query));
            Assert.Equal(PromQLParser.Parse(query).GetHashCode(), PromQLParser.Parse(query).GetHashCode());
        });

    [Fact]
    public void Trees_of_different_canonical_texts_differ()
    {
        var trees = Corpus.AcceptedByAny.Select(PromQLParser.Parse).ToArray();
        var texts = trees.Select(Printer.Print).Distinct().Count();
        // Record equality treats 0 and -0 as equal; their texts differ.
        Assert.InRange(trees.Distinct().Count(), texts - 2, texts);
    }

    [Fact]
    public void A_list_equals_only_a_list_of_the_same_items()
    {
        ValueList<string> list = ["a", "b"];
        Assert.True(list == ["a", "b"]);
        Assert.True(list != ["b", "a"]);
        Assert.True(list != ["a"]);
        Assert.True(default(ValueList<string>) == []);
        ValueList<string> one = ["a"];
        Assert.Equal(list.GetHashCode(), one.Append(["b"]).GetHashCode());
    }

    [Fact]
    public void ToString_returns_the_text_of_a_tree() => Assert.Equal("sum(a)", PromQLParser.Parse("sum (a)").ToString());
}
