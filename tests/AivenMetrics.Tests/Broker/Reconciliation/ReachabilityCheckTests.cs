using System.Text.Json;
using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.Reconciliation;
using AivenMetrics.Broker.State;
using AivenMetrics.Testing;
using Xunit;

namespace AivenMetrics.Tests.Broker.Reconciliation;

public sealed class ReachabilityCheckTests
{
    private static readonly IReadOnlyList<ScrapeHostRecord> Hosts = [new("pg-1.example", 9273, "/metrics")];

    [Theory]
    [InlineData("""["0.0.0.0/0"]""", null)]
    [InlineData("""["10.0.0.0/8","203.0.113.7"]""", null)]
    [InlineData("""[{"network":"203.0.113.0/24","description":"Prometheus"}]""", null)]
    [InlineData("""["10.0.0.0/8"]""", "its ip_filter excludes Prometheus. Add 203.0.113.7 to it.")]
    [InlineData("[]", "its ip_filter is empty. Add the networks that may connect.")]
    [InlineData("""["10.0.0.0/8",{"net":"?"}]""", null)]
    [InlineData("""["not a network"]""", null)]
    [InlineData("\"10.0.0.0/8\"", null)]
    public void An_IP_filter_is_evaluated_as_far_as_possible(string filter, string? fault)
    {
        var options = new AivenOptions { PrometheusAddresses = { "203.0.113.7" } };
        Assert.Equal(fault, ReachabilityCheck.FindProblem(With(filter), Hosts, options));
    }

    [Fact]
    public void Without_the_addresses_of_Prometheus_only_an_empty_filter_is_conclusive()
    {
        Assert.Null(ReachabilityCheck.FindProblem(With("""["10.0.0.0/8"]"""), Hosts, new AivenOptions()));
        Assert.NotNull(ReachabilityCheck.FindProblem(With("[]"), Hosts, new AivenOptions()));
    }

    [Fact]
    public void A_service_in_a_VPC_is_reached_from_outside_only_if_its_metrics_are_open()
    {
        var outside = new AivenOptions { Route = "public" };
        var closed = ReconciliationData.Service() with { ProjectVpcId = "vpc-1" };
        Assert.Contains("public_access.prometheus", ReachabilityCheck.FindProblem(closed, Hosts, outside), StringComparison.Ordinal);
        Assert.Null(ReachabilityCheck.FindProblem(closed, Hosts, new AivenOptions()));
        Assert.Null(ReachabilityCheck.FindProblem(closed with { UserConfig = new(null, Json("""{"prometheus":true}""")) }, Hosts, outside));
        Assert.NotNull(
            ReachabilityCheck.FindProblem(closed with { UserConfig = new(null, Json("""{"prometheus":false}""")) }, Hosts, outside)
        );
        Assert.Null(
            ReachabilityCheck.FindProblem(
                closed with
                {
                    Components = [new AivenComponent("prometheus", "public-pg-1.example", 9273, "public", "primary")],
                },
                Hosts,
                outside
            )
        );
    }

    [Fact]
    public void A_service_without_a_host_on_the_route_is_reported() =>
        Assert.Contains(
            "privatelink",
            ReachabilityCheck.FindProblem(ReconciliationData.Service(), [], new AivenOptions { Route = "privatelink" }),
            StringComparison.Ordinal
        );

    [Fact]
    public void An_unreachable_service_is_integrated_with_the_reason_for_missing_samples()
    {
        var situation = new PlanScenario
        {
            Rows = [ReconciliationData.Row()],
            Services = [ReconciliationData.Service(integrations: ReconciliationData.Integration()) with { UserConfig = new(Json("[]")) }],
        };

        var condition = Assert.Single(situation.Plan().Services).Condition;

        Assert.Equal((ConditionReasons.NotReachable, true, true), (condition.Reason, condition.IsScraped, condition.IsSettled));
        Assert.Equal("pg-1 cannot be scraped: its ip_filter is empty. Add the networks that may connect.", condition.Message);
        situation.Services = [ReconciliationData.Service() with { UserConfig = new(Json("[]")) }];
        situation.Rows = [];
        Assert.IsType<CreateIntegration>(Assert.Single(situation.Plan().Steps));
    }

    [Fact]
    public void An_invalid_address_is_an_error_of_the_options() =>
        Assert.Contains(new AivenOptions { PrometheusAddresses = { "prometheus.example" } }.Validate(), fault =>
            fault.Contains("Broker:Aiven:PrometheusAddresses names \"prometheus.example\"", StringComparison.Ordinal)
        );

    private static AivenService With(string filter) => ReconciliationData.Service() with { UserConfig = new(Json(filter)) };

    private static JsonElement Json(string json) => JsonDocument.Parse(json).RootElement;
}
