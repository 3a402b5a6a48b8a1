using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.Testing;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Configuration;

public sealed class GatewayOptionsTests
{
    [Fact]
    public void All_errors_are_reported_together_each_with_its_key()
    {
        var faults = new GatewayOptions
        {
            Prometheus = ["http://good:9090/prefix/", "ftp://x", "http://user:pass-in-url@x?y=1", "nonsense"],
            FeedUrl = "broker",
            UpstreamTimeout = TimeSpan.Zero,
        }
            .Validate()
            .ToArray();

        Assert.Equal(
            [
                "Gateway:UpstreamTimeout",
                "Gateway:Prometheus:1",
                "Gateway:Prometheus:2",
                "Gateway:Prometheus:3",
                "Gateway:FeedUrl",
                "Gateway:FeedToken",
            ],
            faults.Select(fault => fault.Split(' ')[0])
        );
        Assert.DoesNotContain("pass-in-url", string.Join('\n', faults));
    }

    [Theory]
    [InlineData("http://one:9090")]
    [InlineData("http://one:9090/")]
    [InlineData("HTTP://One:9090")]
    [InlineData("http://user:password@one:9090")]
    public void A_duplicate_server_is_an_error(string again)
    {
        var options = new GatewayOptions
        {
            Prometheus = ["http://one:9090", "http://two:9090", again],
            FeedUrl = "http://b",
            FeedToken = "t",
        };

        Assert.Equal(
            "Gateway:Prometheus:2 is the same server as Gateway:Prometheus:0: remove one of them, or name another server "
                + "that has the same targets.",
            Assert.Single(options.Validate())
        );
    }

    [Fact]
    public void Servers_that_differ_by_scheme_port_or_path_are_different() =>
        Assert.Empty(
            new GatewayOptions
            {
                Prometheus = ["http://one:9090", "https://one:9090", "http://one:9091", "http://one:9090/a", "http://one:9090/A"],
                FeedUrl = "http://b",
                FeedToken = "t",
            }.Validate()
        );

    [Fact]
    public void The_error_of_a_missing_secret_names_both_ways_to_set_it()
    {
        var fault = Assert.Single(new GatewayOptions { Prometheus = ["http://x"], FeedUrl = "http://broker" }.Validate());
        Assert.Contains("AIVENMETRICS_Gateway__FeedToken", fault);
        Assert.Contains("Gateway:FeedTokenFile", fault);
    }

    [Fact]
    public void Exactly_one_source_of_tenants_is_required()
    {
        Assert.Contains(new GatewayOptions { Prometheus = ["http://x"] }.Validate(), fault =>
            fault.StartsWith("Gateway:FeedUrl is missing", StringComparison.Ordinal)
        );
        Assert.Contains(
            new GatewayOptions
            {
                Prometheus = ["http://x"],
                FeedUrl = "http://b",
                FeedToken = "t",
                TenantsFile = "/nowhere",
            }.Validate(),
            fault => fault.Contains("are both set", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void The_error_of_an_invalid_limit_names_its_plan_and_range()
    {
        var faults = new GatewayOptions
        {
            Prometheus = ["http://x"],
            FeedUrl = "http://b",
            FeedToken = "t",
            UpstreamConcurrency = 0,
            ExportedTenants = -1,
            Plans =
            {
                ["space"] = new()
                {
                    ConcurrentQueries = 0,
                    QueuedQueries = -1,
                    QueueTime = TimeSpan.FromDays(1),
                    RequestsPerSecond = 0,
                    RequestBurst = 0,
                },
                ["services"] = new()
                {
                    QueryRange = TimeSpan.Zero,
                    QueryPoints = 0,
                    SubqueryPoints = 0,
                    QueryTimeout = TimeSpan.Zero,
                    ResponseBytes = 1,
                    Series = 0,
                },
            },
        }
            .Validate()
            .ToArray();

        Assert.Equal(
            [
                "Gateway:UpstreamConcurrency",
                "Gateway:Plans:space:ConcurrentQueries",
                "Gateway:Plans:space:QueuedQueries",
                "Gateway:Plans:space:QueueTime",
                "Gateway:Plans:space:RequestsPerSecond",
                "Gateway:Plans:space:RequestBurst",
                "Gateway:Plans:services:QueryRange",
                "Gateway:Plans:services:QueryPoints",
                "Gateway:Plans:services:SubqueryPoints",
                "Gateway:Plans:services:QueryTimeout",
                "Gateway:Plans:services:ResponseBytes",
                "Gateway:Plans:services:Series",
                "Gateway:ExportedTenants",
            ],
            faults.Select(fault => fault.Split(' ')[0])
        );
        Assert.All(faults, fault => Assert.Contains("; it must be from ", fault));
    }

    [Fact]
    public void A_plan_inherits_from_the_default_plan_and_the_builtin_defaults()
    {
        var plans = new TenantLimitsProvider(
            new GatewayOptions
            {
                Plans =
                {
                    ["default"] = new() { Series = 7, QueryPoints = 8 },
                    ["Space"] = new() { Series = 9 },
                },
            }
        );
        Assert.Equal(
            ("space", 9, 8, 10),
            (
                plans.GetLimits("space").Plan,
                plans.GetLimits("space").Series,
                plans.GetLimits("space").QueryPoints,
                plans.GetLimits("space").ConcurrentQueries
            )
        );
        Assert.Equal(
            ("other", 7, 8),
            (plans.GetLimits("other").Plan, plans.GetLimits("other").Series, plans.GetLimits("other").QueryPoints)
        );
        Assert.Equal(50_000, new TenantLimitsProvider(new GatewayOptions()).GetLimits("space").Series);
    }

    [Fact]
    public void Errors_of_failover_options_name_their_keys()
    {
        var failover = new FailoverOptions
        {
            ReturnAfter = TimeSpan.FromSeconds(-1),
            StaleAfter = TimeSpan.FromMinutes(6),
            HistoryWindow = TimeSpan.FromDays(400),
            HedgeShare = double.NaN,
            FreshnessSelector = "rate(up[1m])",
        };
        Assert.Equal(
            ["ReturnAfter", "HistoryWindow", "HedgeShare", "StaleAfter", "FreshnessSelector"],
            new GatewayOptions
            {
                Prometheus = ["http://x"],
                FeedUrl = "http://b",
                FeedToken = "t",
                Failover = failover,
            }
                .Validate()
                .Select(fault => fault.Split(' ')[0].Split(':')[^1])
        );
    }

    [Fact]
    public void Freshness_history_and_hedging_can_be_switched_off() =>
        Assert.Empty(
            new FailoverOptions
            {
                StaleAfter = TimeSpan.Zero,
                FreshnessSelector = "",
                HistoryWindow = TimeSpan.Zero,
                HedgeShare = 0,
            }.Validate()
        );

    [Fact]
    public void Prometheus_and_the_feed_have_no_defaults() =>
        Assert.Equal(["Gateway:Prometheus", "Gateway:FeedUrl"], new GatewayOptions().Validate().Select(fault => fault.Split(' ')[0]));
}
