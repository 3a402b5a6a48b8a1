using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.Reconciliation;
using Xunit;

namespace AivenMetrics.Tests.Broker.Reconciliation;

public sealed class ScrapeHostsTests
{
    [Fact]
    public void Without_a_component_the_host_of_the_service_is_scraped_at_the_default_port() =>
        Assert.Equal(["pg-1-demo.aivencloud.com:9273/metrics"], Hosts(ReconciliationData.Service()));

    [Fact]
    public void The_component_of_the_route_decides() =>
        Assert.Equal(
            ["dyn.example:9300/m"],
            Hosts(
                ReconciliationData.Service() with
                {
                    Components =
                    [
                        new("pg", "other.example", 1, "dynamic", "primary"),
                        new("prometheus", "public-dyn.example", 9273, "public", "primary"),
                        new("prometheus", "dyn.example", 9300, "dynamic", "primary", "/m"),
                    ],
                }
            )
        );

    [Theory]
    [InlineData("pg", 2, true)]
    [InlineData("mysql", 3, true)]
    [InlineData("valkey", 2, true)]
    [InlineData("redis", 2, true)]
    [InlineData("pg", 1, false)]
    [InlineData("kafka", 3, false)]
    [InlineData("opensearch", 3, false)]
    public void Standby_nodes_are_found_under_the_replica_name(string type, int nodes, bool replica)
    {
        string[] expected = replica
            ? ["pg-1-demo.aivencloud.com:9273/metrics", "replica-pg-1-demo.aivencloud.com:9273/metrics"]
            : ["pg-1-demo.aivencloud.com:9273/metrics"];
        Assert.Equal(expected, Hosts(ReconciliationData.Service(type: type, nodes: nodes)));
    }

    [Fact]
    public void A_listed_replica_component_is_used_unchanged() =>
        Assert.Equal(
            ["p.example:9273/metrics", "r.example:9273/metrics"],
            Hosts(
                ReconciliationData.Service(nodes: 2) with
                {
                    Components =
                    [
                        new("prometheus", "p.example", 9273, "dynamic", "primary"),
                        new("prometheus", "r.example", 9273, "dynamic", "replica"),
                    ],
                }
            )
        );

    [Fact]
    public void The_public_route_has_public_names() =>
        Assert.Equal(
            ["public-pg-1-demo.aivencloud.com:9273/metrics", "public-replica-pg-1-demo.aivencloud.com:9273/metrics"],
            Hosts(ReconciliationData.Service(nodes: 2), "public")
        );

    [Fact]
    public void A_privatelink_name_is_never_guessed() => Assert.Empty(Hosts(ReconciliationData.Service(nodes: 2), "privatelink"));

    [Theory]
    [InlineData("evil host", "/metrics")]
    [InlineData("a\"b", "/metrics")]
    [InlineData("a.example", "/metrics\nx: y")]
    [InlineData("", "/metrics")]
    public void Invalid_hosts_and_paths_are_omitted(string host, string path) =>
        Assert.Empty(Hosts(ReconciliationData.Service() with { Components = [new("prometheus", host, 9273, "dynamic", "primary", path)] }));

    private static IEnumerable<string> Hosts(AivenService service, string route = "dynamic") =>
        ScrapeHosts.ForService(service, route).Select(host => $"{host.Host}:{host.Port}{host.Path}");
}
