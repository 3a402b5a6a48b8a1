using AivenMetrics.Discovery;
using AivenMetrics.Testing;
using Xunit;

namespace AivenMetrics.Tests.Discovery;

public sealed class DiscoveryOptionsTests
{
    [Fact]
    public void The_required_options_are_sufficient() => Assert.Empty(Good().Validate());

    [Fact]
    public void All_errors_are_reported_together_with_their_keys()
    {
        var options = new DiscoveryOptions
        {
            FeedUrl = "broker:8080",
            FeedToken = "two words",
            DnsServer = "dns.example:53",
            DnsTimeout = TimeSpan.Zero,
            ResolveInterval = TimeSpan.Zero,
            PrometheusBase = "/no/such/prometheus.yml",
            MaximumDrop = double.NaN,
            HoldCycles = -1,
            ScrapeInterval = TimeSpan.Zero,
            SampleLimit = -1,
        };
        options.PrometheusReload.Add("localhost");
        var keys = options.Validate().Select(fault => fault.Split(' ')[0]).ToArray();
        Assert.Equal(
            [
                "Directory",
                "DnsTimeout",
                "ResolveInterval",
                "MaximumDrop",
                "HoldCycles",
                "ScrapeInterval",
                "SampleLimit",
                "FeedUrl",
                "FeedToken",
                "DnsServer",
                "PrometheusBase",
                "PrometheusReload:0",
            ],
            keys.Select(key => key["Discovery:".Length..])
        );
        Assert.DoesNotContain(options.Validate(), fault => fault.Contains("two words", StringComparison.Ordinal));
    }

    [Fact]
    public void A_user_in_a_URL_is_rejected_without_quoting_it()
    {
        var options = Good();
        options.FeedUrl = "http://feed:feed-password@127.0.0.1:8080";
        options.PrometheusReload.Add("http://reader:reload-password@127.0.0.1:9090");

        var faults = options.Validate().ToList();

        Assert.Equal(2, faults.Count);
        Assert.All(faults, fault => Assert.DoesNotContain("-password", fault, StringComparison.Ordinal));
    }

    [Fact]
    public void The_error_for_a_missing_token_names_both_ways_to_set_it()
    {
        var options = Good();
        options.FeedToken = null;
        var fault = Assert.Single(options.Validate());
        Assert.Contains("AIVENMETRICS_Discovery__FeedToken", fault, StringComparison.Ordinal);
        Assert.Contains("Discovery:FeedTokenFile", fault, StringComparison.Ordinal);
    }

    private static DiscoveryOptions Good() =>
        new()
        {
            FeedUrl = "http://127.0.0.1:8080",
            FeedToken = "sesame",
            Directory = "/srv/discovery",
        };
}
