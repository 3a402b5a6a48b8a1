using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using AivenMetrics.Gateway;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Lab.Demo;
using AivenMetrics.Testing.Gateway;
using AivenMetrics.Testing.Programs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace AivenMetrics.Acceptance.Gateway;

/// <summary>Tenants query their own usage, which a real Prometheus scrapes from the gateway, and not that of others.</summary>
public sealed class TenantUsageTests : IAsyncLifetime
{
    private const string SpaceA = """{"name":"organization_id","type":"=","value":"o"},{"name":"space_id","type":"=","value":"a"}""";
    private const string SpaceB = """{"name":"organization_id","type":"=","value":"o"},{"name":"space_id","type":"=","value":"b"}""";

    private readonly string _tenants = Path.GetTempFileName();
    private PrometheusServer _prometheus = null!;
    private WebApplication _gateway = null!;

    public async ValueTask InitializeAsync()
    {
        var port = FreePorts.Take(1)[0];
        _prometheus = await PrometheusServer.StartAsync(
            $$"""
            global: {scrape_interval: 1s, scrape_timeout: 1s}
            scrape_configs:
              - job_name: 'aivenmetrics-gateway'
                honor_labels: false
                metrics_path: '/metrics/tenants'
                static_configs: [{targets: ['127.0.0.1:{{port}}']}]
                metric_relabel_configs: [{source_labels: [__name__], regex: 'aivenmetrics_tenant_.+', action: keep}]
            """
        );
        await File.WriteAllTextAsync(
            _tenants,
            RunningGateway.TenantsJson(
                Credential("a", SpaceA, "space"),
                Credential("b", SpaceB, "space"),
                Credential("s", SpaceB + ",{\"name\":\"service_instance_id\",\"type\":\"=~\",\"value\":\"two|one\"}", "services")
            )
        );
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        builder.Services.AddGateway(new GatewayOptions { Prometheus = [_prometheus.Url.ToString()], TenantsFile = _tenants });
        _gateway = builder.Build();
        _gateway.UseTenantMetrics();
        _gateway.MapGateway();
        await _gateway.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _prometheus.DisposeAsync();
        File.Delete(_tenants);
    }

    [Fact]
    public async Task Each_tenant_sees_only_its_own_usage()
    {
        using HttpClient a = As("a"),
            b = As("b"),
            services = As("s");
        (HttpClient Client, string Own, string[] Others)[] all =
        [
            (a, "\"space_id\":\"a\"", ["\"space_id\":\"b\"", "\"one\""]),
            (b, "\"service_instance_id\":\"one\"", ["\"space_id\":\"a\""]),
            (services, "\"service_instance_id\":\"one\"", ["\"space_id\":\"a\"", "\"plan\":\"space\""]),
        ];
        foreach (var (client, _, _) in all)
        {
            Assert.Contains("\"2\"", await client.GetStringAsync(Relative("1+1")), StringComparison.Ordinal);
        }
        await _prometheus.WaitUntilAsync("count(aivenmetrics_tenant_requests_total{code=\"2xx\"}) == 3", answer =>
            answer.Contains("\"3\"", StringComparison.Ordinal)
        );

        foreach (var (client, own, others) in all)
        {
            var usage = await client.GetStringAsync(Relative("{__name__=~\".+\"}"));
            Assert.Contains(own, usage, StringComparison.Ordinal);
            Assert.Contains("aivenmetrics_tenant_request_seconds_count", usage, StringComparison.Ordinal);
            Assert.All(others, other => Assert.DoesNotContain(other, usage, StringComparison.Ordinal));
            Assert.DoesNotContain("\"__name__\":\"up\"", usage, StringComparison.Ordinal);
        }

        var everything = await _prometheus.Http.GetStringAsync(Relative("{__name__=~\".+\"}"));
        Assert.All((string[])["\"a\"", "\"b\"", "\"one\"", "\"__name__\":\"up\""], mark =>
            Assert.Contains(mark, everything, StringComparison.Ordinal)
        );
        var withTenant = await _prometheus.Http.GetStringAsync(Relative("{__name__!~\"aivenmetrics_tenant_.*\",space_id!=\"\"}"));
        Assert.Contains("\"result\":[]", withTenant, StringComparison.Ordinal);
    }

    private static Uri Relative(string query) => new($"/api/v1/query?query={Uri.EscapeDataString(query)}", UriKind.Relative);

    private HttpClient As(string username)
    {
        var client = new HttpClient { BaseAddress = new Uri(_gateway.Urls.Single()) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic",
            Convert.ToBase64String(Encoding.UTF8.GetBytes($"{username}:password"))
        );
        return client;
    }

    private static string Credential(string username, string matchers, string plan) =>
        $$"""
            {"username":"{{username}}","secret_sha256":"{{Convert.ToHexStringLower(SHA256.HashData("password"u8))}}",
            "matchers":[{{matchers}}],"plan":"{{plan}}"}
            """;
}
