using System.Text.Json.Nodes;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.PromQL;
using AivenMetrics.Testing.Gateway;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Limits;

/// <summary>The number of evaluations of subqueries, and its limit.</summary>
public sealed class SubqueryPointsTests : GatewayTestBase
{
    private const string Range = "start=0&end=3600&step=60";

    protected override Task<RunningGateway> StartGatewayAsync() =>
        RunningGateway.StartAsync(file => new GatewayOptions
        {
            Prometheus = [Prometheus.Url],
            TenantsFile = file,
            Plans = { ["space"] = new TenantLimitsOptions { SubqueryPoints = 100 } },
        });

    [Theory]
    [InlineData("up", 0)]
    [InlineData("rate(up[1d])", 0)]
    [InlineData("count_over_time(vector(1)[10m:1ms])", 600_000)]
    [InlineData("count_over_time(vector(1)[10m:0.5])", 1200)]
    [InlineData("max_over_time(up[1h:])", 60)]
    [InlineData("max_over_time(max_over_time(up[1h:1s])[1d:1h])", 90_024)]
    [InlineData("max_over_time(sum(max_over_time(up[1h:1h]))[1d:1s])", 86_425)]
    [InlineData("sum(a) + -(max_over_time(up[1m:1s])) / topk(scalar(max_over_time(up[1h:1s])), b)", 3660)]
    [InlineData("max_over_time(up[1h / 2:1m / 2])", 60)]
    [InlineData("max_over_time(up[max_of(1h, 2h):min_of(1m, 2m)])", 120)]
    public void In_an_instant_query_the_evaluations_are_the_ranges_divided_by_the_step(string query, double points) =>
        Assert.Equal(points, SubqueryPointsCalculator.Compute(PromQLParser.Parse(query), 0, 0));

    [Theory]
    [InlineData("max_over_time(up[10m:1m])", 70)]
    [InlineData("max_over_time(up[10m:])", 70)]
    [InlineData("max_over_time(up[range():step()])", 240)]
    [InlineData("max_over_time(max_over_time(up[1h:1m])[1h:1h])", 182)]
    [InlineData("max_over_time(up[10m:1m] offset 1d)", 70)]
    [InlineData("max_over_time(up[10m:1m] @ end())", 10)]
    [InlineData("quantile_over_time(0.5, up[10m:1m] @ 0)", 10)]
    [InlineData("quantile_over_time(scalar(up), up[10m:1m] @ 0)", 70)]
    [InlineData("max_over_time(max_over_time(up[10m:1m])[20m:10m] @ 0)", 32)]
    public void In_a_range_query_its_range_is_added_unless_the_time_is_fixed(string query, double points) =>
        Assert.Equal(points, SubqueryPointsCalculator.Compute(PromQLParser.Parse(query), 30, 3600));

    [Theory]
    [InlineData("max_over_time(up[1h:1m - 6m])", 60)]
    [InlineData("max_over_time(up[1h:step()])", 60)]
    [InlineData("max_over_time(up[1h:(0 - 1) ^ 0.5])", 60)]
    [InlineData("max_over_time(up[1h:1s ^ 0 / 1000000])", 3_600_000)]
    public void An_invalid_step_counts_as_the_default_and_the_minimum_is_one_millisecond(string query, double points) =>
        Assert.Equal(points, SubqueryPointsCalculator.Compute(PromQLParser.Parse(query), 0, 0), 3);

    [Theory]
    [InlineData("query?query=max_over_time(up[79s:1s])", 200, null)]
    [InlineData(
        "query?query=max_over_time(up[80s:1s])",
        200,
        "near the limit subquery_points of plan \"space\": the subqueries of this query need 80 evaluations in total; the limit is 100"
    )]
    [InlineData("query?query=max_over_time(up[100s:1s])", 200, "near the limit subquery_points")]
    [InlineData(
        "query?query=max_over_time(up[101s:1s])",
        422,
        "The subqueries of this query need 101 evaluations, summed over all subqueries: (own range + enclosing range) / step; "
            + "plan \"space\" allows (subquery_points) 100. Use a larger step in the brackets, as in [1h:5m], a shorter "
            + "time, or several queries."
    )]
    [InlineData("query?query=max_over_time(up[50s:1s])/max_over_time(up[50s:1s])", 200, "need 100 evaluations")]
    [InlineData("query?query=max_over_time(up[50s:1s])/max_over_time(up[51s:1s])", 422, "need 101 evaluations")]
    [InlineData(
        "query?query=max_over_time(up[51s:1s])/max_over_time(up[50s-99s:1s])/max_over_time(up[50s:1s])",
        422,
        "need 101 evaluations"
    )]
    [InlineData("query?query=max_over_time(up[100001ms:1s])", 422, "need 101 evaluations")]
    [InlineData("query?query=max_over_time(up[1d:2^-100])", 422, "need 86400000 evaluations")]
    [InlineData("query_range?query=max_over_time(up[19m:])&" + Range, 200, null)]
    [InlineData("query_range?query=max_over_time(up[40m:])&" + Range, 200, "near the limit subquery_points")]
    [InlineData("query_range?query=max_over_time(up[41m:])&" + Range, 422, "need 101 evaluations")]
    [InlineData("query_range?query=max_over_time(up[5m:step()/2])&" + Range, 422, "need 130 evaluations")]
    public async Task The_limit_of_the_plan_is_enforced(string target, int status, string? message)
    {
        using var response = await Gateway.GetAsync("/api/v1/" + target.Replace("^", "%5E", StringComparison.Ordinal));
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(status == 200 ? 1 : 0, Prometheus.Requests.Count);
        if (status != 200)
        {
            Assert.Equal("execution", answer["errorType"]!.GetValue<string>());
        }
        var reported = status == 200 ? answer["warnings"]?[0] : answer["error"];
        if (message is null)
        {
            Assert.Null(reported);
        }
        else
        {
            Assert.Contains(message, reported!.GetValue<string>(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("max_over_time(up[93d:1m])", true)]
    [InlineData("max_over_time(rate(up[5m])[93d:30s])", false)]
    [InlineData("count_over_time(vector(1)[10m:1ms])", false)]
    public async Task By_default_93_days_by_the_minute_are_allowed_and_explain_reports_rejections(string query, bool allowed)
    {
        await using var gateway = await RunningGateway.StartAsync(Prometheus.Url);
        using var response = await gateway.GetAsync("/aivenmetrics/v1/explain?query=" + Uri.EscapeDataString(query));
        var data = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["data"]!;
        Assert.Equal(250_000, data["limits"]!["subquery_points"]!.GetValue<int>());
        Assert.Equal(allowed, data["refused_because"] is null);
    }
}
