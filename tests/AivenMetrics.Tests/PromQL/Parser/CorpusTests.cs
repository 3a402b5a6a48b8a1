using AivenMetrics.PromQL;
using Xunit;

namespace AivenMetrics.Tests.PromQL;

public class CorpusTests
{
    [Fact]
    public void Everything_that_Prometheus_accepted_is_accepted_and_printed_so_that_it_reads_the_same()
    {
        Assert.True(Corpus.Accepted.Count > 300);
        foreach (var tree in Corpus.Accepted.Select(PromQLParser.Parse)) Assert.Equal(tree, PromQLParser.Parse(Printer.Print(tree)));
    }

    [Fact]
    public void Everything_that_Prometheus_refused_is_refused()
    {
        Assert.True(Corpus.Refused.Count > 300);
        Assert.All(Corpus.Refused, query => Assert.Throws<PromQLParseException>(() => PromQLParser.Parse(query)));
    }
}
