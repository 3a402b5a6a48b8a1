using System.Text;
using System.Text.Json;
using AivenMetrics.Discovery;
using AivenMetrics.Discovery.Files;
using AivenMetrics.Feed;
using AivenMetrics.Testing;
using Xunit;

namespace AivenMetrics.Tests.Discovery.Files;

/// <summary>
/// Golden cases: the input is <c>feed.json</c> and <c>addresses.json</c>; the files in <c>expected/</c> are the output, byte for byte.
/// </summary>
public sealed class PrometheusFileRendererTests
{
    private static readonly string Cases = Path.Combine(AppContext.BaseDirectory, "Discovery", "Files", "Cases");

    public static TheoryData<string> Sentences =>
        [.. Directory.GetDirectories(Cases).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Sentences))]
    public void A_feed_and_addresses_give_exactly_these_files(string sentence)
    {
        var folder = Path.Combine(Cases, sentence);
        var expected = Directory
            .GetFiles(Path.Combine(folder, "expected"), "*", SearchOption.AllDirectories)
            .ToDictionary(file => Path.GetRelativePath(Path.Combine(folder, "expected"), file), File.ReadAllText);
        var actual = Render(Read(folder), Addresses(folder));
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), actual.Keys.Order(StringComparer.Ordinal));
        Assert.All(expected, file => Assert.Equal(file.Value, actual[file.Key]));
    }

    [Theory]
    [MemberData(nameof(Sentences))]
    public void The_order_of_the_feed_and_of_DNS_responses_does_not_matter(string sentence)
    {
        var folder = Path.Combine(Cases, sentence);
        var feed = Read(folder);
        var reversed = new TargetFeed([
            .. feed
                .Projects.Reverse()
                .Select(project =>
                    project with
                    {
                        Services =
                        [
                            .. project
                                .Services.Reverse()
                                .Select(service =>
                                    service with
                                    {
                                        Hosts = [.. service.Hosts.Reverse()],
                                        Labels = service.Labels.Reverse().ToDictionary(),
                                    }
                                ),
                        ],
                    }
                ),
        ]);
        Assert.Equal(Render(feed, Addresses(folder)), Render(reversed, Addresses(folder)));
    }

    [Fact]
    public void A_stored_plan_is_read_back_unchanged()
    {
        var folder = Path.Combine(Cases, "every-node-of-every-host-is-a-target-with-its-labels");
        var plan = TargetPlanner.WithAddresses(
            TargetPlanner.CreatePlan(Read(folder), true, TargetPlan.Empty).Plan,
            TargetPlan.Empty,
            Addresses(folder)
        );
        var json = JsonSerializer.SerializeToUtf8Bytes(plan, TargetPlanJson.Default.TargetPlan);
        var again = JsonSerializer.Deserialize(json, TargetPlanJson.Default.TargetPlan)!;
        Assert.True(again.IsValid());
        Assert.Equal(json, JsonSerializer.SerializeToUtf8Bytes(again, TargetPlanJson.Default.TargetPlan));
        Assert.Equal(PrometheusFileRenderer.RenderTargets(plan.Projects[0]), PrometheusFileRenderer.RenderTargets(again.Projects[0]));
    }

    [Fact]
    public void Interval_and_limit_are_written_only_if_configured()
    {
        var plan = new TargetPlan([new("demo", "u", [new("es.test", 9273, "/metrics", new Dictionary<string, string>(), [])])]);
        var text = Yaml(plan, new() { ScrapeInterval = TimeSpan.FromSeconds(2.5), SampleLimit = 5000 });
        Assert.Contains("  scrape_interval: 2500ms\n", text, StringComparison.Ordinal);
        Assert.Contains("  sample_limit: 5000\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("scrape_interval", Yaml(plan, new()), StringComparison.Ordinal);
    }

    [Fact]
    public void The_gateways_are_one_job_without_target_labels_that_keeps_only_usage_series()
    {
        var options = new DiscoveryOptions { Gateways = { "10.0.0.8:9103", "10.0.0.7:9103" } };
        Assert.Equal(
            """
            # Written by AivenMetrics discovery. Changes made here are overwritten.
            scrape_configs:
            - job_name: 'aivenmetrics-gateway'
              honor_labels: false
              metrics_path: '/metrics/tenants'
              static_configs:
              - targets:
                - '10.0.0.7:9103'
                - '10.0.0.8:9103'
              metric_relabel_configs:
              - source_labels:
                - __name__
                regex: 'aivenmetrics_tenant_.+'
                action: keep

            """,
            Yaml(TargetPlan.Empty, options)
        );
        Assert.DoesNotContain("aivenmetrics-gateway", Yaml(TargetPlan.Empty, new()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gateway.test:9103", true)]
    [InlineData("[::1]:9103", true)]
    [InlineData("gateway.test", false)]
    [InlineData("http://gateway.test:9103", false)]
    [InlineData("gateway.test:9103/metrics", false)]
    [InlineData("user@gateway.test:9103", false)]
    [InlineData("", false)]
    public void A_gateway_is_valid_only_as_host_and_port(string gateway, bool isOne) =>
        Assert.Equal(
            !isOne,
            new DiscoveryOptions { Gateways = { gateway } }
                .Validate()
                .Any(fault => fault.StartsWith("Discovery:Gateways:0 ", StringComparison.Ordinal))
        );

    internal static TargetFeed Read(string folder) =>
        JsonSerializer.Deserialize(File.ReadAllText(Path.Combine(folder, "feed.json")), FeedJson.Default.TargetFeed)!;

    private static Dictionary<string, IReadOnlyList<string>> Addresses(string folder) =>
        JsonSerializer
            .Deserialize<Dictionary<string, string[]>>(File.ReadAllText(Path.Combine(folder, "addresses.json")))!
            .ToDictionary(host => host.Key, host => (IReadOnlyList<string>)host.Value);

    private static SortedDictionary<string, string> Render(TargetFeed feed, IReadOnlyDictionary<string, IReadOnlyList<string>> addresses)
    {
        Assert.Null(FeedValidator.Validate(feed));
        var plan = TargetPlanner.WithAddresses(
            TargetPlanner.CreatePlan(feed, isLive: true, TargetPlan.Empty).Plan,
            TargetPlan.Empty,
            addresses
        );
        var layout = new DiscoveryPaths("/srv/discovery");
        var files = plan.Projects.ToDictionary(
            project => Path.GetRelativePath(layout.Root, layout.TargetsFile(project.Project)),
            project => Encoding.UTF8.GetString(PrometheusFileRenderer.RenderTargets(project))
        );
        files["scrape_configs.yml"] = Yaml(plan, new());
        return new(files, StringComparer.Ordinal);
    }

    private static string Yaml(TargetPlan plan, DiscoveryOptions options) =>
        Encoding.UTF8.GetString(PrometheusFileRenderer.RenderScrapeConfigs(plan, new DiscoveryPaths("/srv/discovery"), options));
}
