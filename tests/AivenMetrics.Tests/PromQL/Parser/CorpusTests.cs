using AivenMetrics.PromQL;
using AivenMetrics.Testing.PromQL;
using Xunit;

namespace AivenMetrics.Tests.PromQL;

public class CorpusTests
{
    [Fact]
    public void Everything_that_a_Prometheus_accepts_is_accepted_and_printed_so_that_it_reads_the_same()
    {
        Assert.True(Corpus.AcceptedByAny.Count > 500);
        foreach (var tree in Corpus.AcceptedByAny.Select(PromQLParser.Parse))
        {
            Assert.Equal(tree, PromQLParser.Parse(Printer.Print(tree)));
        }
    }

    [Fact]
    public void Everything_that_every_Prometheus_refuses_is_refused()
    {
        Assert.True(Corpus.RejectedByAll.Count > 400);
        Assert.All(Corpus.RejectedByAll, query => Assert.Throws<PromQLParseException>(() => PromQLParser.Parse(query)));
    }
}
