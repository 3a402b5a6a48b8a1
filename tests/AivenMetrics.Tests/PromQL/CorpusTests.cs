using AivenMetrics.PromQL;
using Xunit;

namespace AivenMetrics.Tests.PromQL;

public class CorpusTests
{
    [Fact]
    public void Everything_that_Prometheus_accepted_is_accepted_and_printed_so_that_it_reads_the_same()
    {
        Assert.True(Corpus.Accepted.Count > 300);
        Assert.All(Corpus.Accepted, query => Assert.Equal(PromQLParser.Parse(query), PromQLParser.Parse(Printer.Print(PromQLParser.Parse(query)))));
    }

    [Fact]
    public void Everything_that_Prometheus_refused_is_refused()
    {
        Assert.True(Corpus.Refused.Count > 300);
        Assert.All(Corpus.Refused, query => Assert.Throws<PromQLParseException>(() => PromQLParser.Parse(query)));
    }
}
