using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Responses;
using AivenMetrics.Testing.Gateway;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Responses;

/// <summary>The usage of tenants, as a Prometheus scrapes it.</summary>
public sealed class TenantMetricsEndpointTests
{
    [Fact]
    public async Task The_usage_of_each_tenant_has_only_the_labels_of_its_scope()
    {
        await using var prometheus = await ScriptedPrometheus.StartAsync();
        await using var gateway = await RunningGateway.StartAsync(prometheus.Url);
        using var good = await gateway.GetAsync("/api/v1/query?query=up");
        using var bad = await gateway.GetAsync("/api/v1/query?query=up%7B");
        using var other = await gateway.SendAsync(RunningGateway.ServicesTenant, HttpMethod.Get, "/api/v1/query?query=up");
        await gateway.WaitUntilAsync(
            () => Text(gateway).Contains("""{service_instance_id="one",plan="space",code="2xx"} 1""", StringComparison.Ordinal),
            "the last request"
        );

        var lines = Text(gateway).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains("""aivenmetrics_tenant_requests_total{space_id="a",plan="space",code="2xx"} 1""", lines);
        Assert.Contains("""aivenmetrics_tenant_requests_total{space_id="a",plan="space",code="4xx"} 1""", lines);
        Assert.Contains("""aivenmetrics_tenant_request_seconds_count{space_id="a",plan="space"} 2""", lines);
        Assert.Contains("""aivenmetrics_tenant_refusals_total{space_id="a",plan="space",reason="bad_data"} 1""", lines);
        Assert.Contains(
            $$"""aivenmetrics_tenant_response_bytes_total{space_id="a",plan="space"} {{ScriptedPrometheus.EmptyVector.Length}}""",
            lines
        );
        Assert.Contains("""aivenmetrics_tenant_open_requests{space_id="a",plan="space"} 0""", lines);
        Assert.Contains("""aivenmetrics_tenant_concurrent_queries_limit{space_id="a",plan="space"} 1000""", lines);
        Assert.All(lines.Where(line => line[0] != '#'), line =>
            Assert.Matches("^aivenmetrics_tenant_[a-z_]+\\{(space_id=\"a\"|service_instance_id=\"one\"),plan=\"space\"", line)
        );
        Assert.DoesNotContain(lines, line => line.Contains("tenant-a", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Above_the_maximum_only_the_most_recent_tenants_have_series_and_the_others_are_counted()
    {
        await using var prometheus = await ScriptedPrometheus.StartAsync();
        await using var gateway = await RunningGateway.StartAsync(file => new GatewayOptions
        {
            Prometheus = [prometheus.Url],
            TenantsFile = file,
            ExportedTenants = 1,
        });
        using var first = await gateway.GetAsync("/api/v1/query?query=up");
        using var second = await gateway.SendAsync(RunningGateway.ServicesTenant, HttpMethod.Get, "/api/v1/query?query=up");
        await gateway.WaitUntilAsync(() => Text(gateway).Contains("code=\"2xx\"", StringComparison.Ordinal), "the last request");

        Assert.DoesNotContain("space_id", Text(gateway), StringComparison.Ordinal);
        Assert.Equal(1, gateway.Provider.GetRequiredService<TenantMetricsEndpoint>().NotExported);
    }

    internal static string Text(RunningGateway gateway) => gateway.Provider.GetRequiredService<TenantMetricsEndpoint>().Render();
}
