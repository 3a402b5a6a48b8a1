using AivenMetrics.PromQL;
using AivenMetrics.Testing.PromQL;
using Xunit;

namespace AivenMetrics.Tests.PromQL;

public class CorpusTests
{
    [Fact]
    public void Every_query_that_a_Prometheus_accepts_parses_and_prints_to_the_same_tree()
    {
        Assert.True(Corpus.AcceptedByAny.Count > 500);
        foreach (var tree in Corpus.AcceptedByAny.Select(PromQLParser.Parse))
        {
            Assert.Equal(tree, PromQLParser.Parse(Printer.Print(tree)));
        }
    }

    [Fact]
    public void Every_query_that_no_Prometheus_accepts_is_rejected()
    {
        Assert.True(Corpus.RejectedByAll.Count > 400);
        Assert.All(Corpus.RejectedByAll, query => Assert.Throws<PromQLParseException>(() => PromQLParser.Parse(query)));
    }
}
