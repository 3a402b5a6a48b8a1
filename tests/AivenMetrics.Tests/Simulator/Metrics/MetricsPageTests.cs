using System.Globalization;
using System.Text.RegularExpressions;
using AivenMetrics.Simulator.Metrics;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace AivenMetrics.Tests.Simulator.Metrics;

public partial class MetricsPageTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    public static TheoryData<string> Types => ["opensearch", "elasticsearch", "pg", "valkey", "redis", "kafka", "mysql", "clickhouse"];

    [Theory]
    [MemberData(nameof(Types))]
    public void A_page_has_80_to_300_distinct_series_with_the_labels_of_Aiven(string type)
    {
        var series = Read(Page(type, TimeSpan.FromHours(1)));
        Assert.InRange(series.Count, 80, 300);
        Assert.All(series.Keys, key =>
        {
            foreach (
                var (label, value) in new[]
                {
                    ("cloud", "aws-eu-west-2"),
                    ("host", "s-1"),
                    ("project", "demo"),
                    ("service", "s"),
                    ("service_type", type),
                }
            )
            {
                Assert.Contains($"{label}=\"{value}\"", key, StringComparison.Ordinal);
            }
        });
        Assert.All(series.Values, value => Assert.True(double.IsFinite(value)));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Each_family_has_one_type_line_followed_by_all_its_samples(string type)
    {
        var announced = new HashSet<string>();
        var current = "";
        foreach (var line in Page(type, TimeSpan.FromHours(1)).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                current = line.Split(' ')[2];
                Assert.True(announced.Add(current), current);
                Assert.Contains(line.Split(' ')[3], new[] { "untyped", "gauge", "counter" });
            }
            else if (line.StartsWith('#'))
            {
                Assert.EndsWith(" Telegraf collected metric", line, StringComparison.Ordinal);
            }
            else
            {
                Assert.Equal(current, line[..line.IndexOf('{', StringComparison.Ordinal)]);
            }
        }
    }

    [Theory]
    [InlineData("opensearch", "elasticsearch_cluster_health_status_code")]
    [InlineData("opensearch", "elasticsearch_jvm_mem_heap_used_percent")]
    [InlineData("pg", "postgresql_pg_stat_database_xact_commit")]
    [InlineData("pg", "pgbouncer_avg_query_time")]
    [InlineData("valkey", "redis_used_memory")]
    [InlineData("kafka", "kafka_server_BrokerTopicMetrics_MessagesInPerSec_Count")]
    [InlineData("mysql", "mysql_threads_connected")]
    [InlineData("clickhouse", "cpu_usage_idle")]
    [InlineData("mysql", "disk_used_percent")]
    public void Each_service_type_has_its_own_metric_names(string type, string name) =>
        Assert.Contains(Read(Page(type, TimeSpan.FromHours(1))).Keys, key => key.StartsWith(name + "{", StringComparison.Ordinal));

    [Theory]
    [MemberData(nameof(Types))]
    public void Counters_never_decrease_and_values_change(string type)
    {
        var names = Regex.Matches(Page(type, TimeSpan.Zero), "# TYPE ([^ ]+) counter").Select(match => match.Groups[1].Value).ToHashSet();
        Assert.NotEmpty(names);
        var before = Read(Page(type, TimeSpan.Zero));
        var first = before;
        for (var seconds = 1; seconds <= 400; seconds += 3)
        {
            var now = Read(Page(type, TimeSpan.FromSeconds(seconds)));
            foreach (var (key, value) in now.Where(pair => names.Contains(pair.Key[..pair.Key.IndexOf('{', StringComparison.Ordinal)])))
            {
                Assert.True(value >= before[key], $"{key} decreased from {before[key]} to {value}");
            }
            before = now;
        }

        Assert.True(before.Count(pair => pair.Value != first[pair.Key]) > 40);
    }

    [Fact]
    public void Parts_add_up_to_their_totals_and_stay_within_bounds()
    {
        for (var minutes = 0; minutes < 600; minutes += 7)
        {
            var series = Read(Page("opensearch", TimeSpan.FromMinutes(minutes)));
            var cpu = series.Where(pair => Regex.IsMatch(pair.Key, "^cpu_usage_.*cpu=\"cpu-total\"")).ToList();
            Assert.Equal(10, cpu.Count);
            Assert.Equal(100, cpu.Sum(pair => pair.Value), 2);
            Assert.All(cpu, pair => Assert.InRange(pair.Value, 0, 100));
            var percents = series.Where(pair => pair.Key.Contains("percent{", StringComparison.Ordinal));
            Assert.All(percents, pair => Assert.InRange(pair.Value, 0, 100));
        }
    }

    [Fact]
    public void Equal_seeds_give_equal_pages_and_different_seeds_give_different_pages()
    {
        Assert.Equal(Page("pg", TimeSpan.FromHours(1)), Page("pg", TimeSpan.FromHours(1)));
        Assert.NotEqual(Page("pg", TimeSpan.FromHours(1)), Page("pg", TimeSpan.FromHours(1), seed: 2));
    }

    [Fact]
    public void Only_one_Kafka_node_has_consumer_group_metrics()
    {
        Assert.Contains("kafka_consumer_group_rep_lag{", Page("kafka", TimeSpan.FromHours(1), host: "s-1"), StringComparison.Ordinal);
        Assert.DoesNotContain("kafka_consumer_group", Page("kafka", TimeSpan.FromHours(1), host: "s-2"), StringComparison.Ordinal);
    }

    [Fact]
    public void Cluster_metrics_are_equal_on_every_node()
    {
        Assert.Equal(Documents("s-1"), Documents("s-2"));

        static double Documents(string host) =>
            Read(Page("opensearch", TimeSpan.FromHours(1), host: host))
                .Single(pair => pair.Key.StartsWith("elasticsearch_clusterstats_indices_docs_count{", StringComparison.Ordinal))
                .Value;
    }

    private static string Page(string type, TimeSpan age, int seed = 1, string host = "s-1")
    {
        var time = new FakeTimeProvider(Start + age);
        return new NodeMetrics(seed, time).Render(new("demo", "s", type, "aws-eu-west-2", host, ["s-1", "s-2", "s-3"], 3, false, Start));
    }

    private static Dictionary<string, double> Read(string page)
    {
        var series = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var line in page.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.StartsWith('#')))
        {
            var match = Line().Match(line);
            Assert.True(match.Success, line);
            series.Add(match.Groups[1].Value, double.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture));
        }

        return series;
    }

    [GeneratedRegex("""^([a-zA-Z_][a-zA-Z0-9_]*\{(?:[a-z_]+="[^"\\]*",?)+\}) (-?[0-9.]+(?:E[+-]?[0-9]+)?)$""")]
    private static partial Regex Line();
}
