using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using AivenMetrics.Acceptance.Support;
using AivenMetrics.Gateway;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace AivenMetrics.Acceptance.Gateway;

/// <summary>
/// A real Prometheus that scrapes two tenants, and a gateway before it. Everything of tenant b bears a mark that no answer to tenant a may
/// have: in names, in label values, and as a number in its samples.
/// </summary>
public sealed class TwoTenants : IAsyncLifetime
{
    public const string Username = "tenant-a";
    public const string Password = "password-of-tenant-a";

    /// <summary>What only tenant b's series hold.</summary>
    public static readonly string[] MarksOfB = ["only_b", "of-b", "exporter-b", "42424242"];

    private WebApplication exporter = null!;
    private WebApplication gateway = null!;
    private PrometheusServer prometheus = null!;
    private string tenants = "";
    private string rules = "";

    /// <summary>Basic authentication as tenant a.</summary>
    public HttpClient A { get; private set; } = null!;

    public Uri GatewayUrl { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        exporter = Server();
        exporter.MapGet("/{tenant}/metrics", (string tenant) => Results.Text(Exposition(tenant), "text/plain; version=0.0.4"));
        await exporter.StartAsync();
        rules = Path.GetTempFileName();
        await File.WriteAllTextAsync(rules, Rules);
        prometheus = await PrometheusServer.StartAsync(Config(new Uri(exporter.Urls.Single()).Authority, rules));

        tenants = Path.GetTempFileName();
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Password)));
        await File.WriteAllTextAsync(tenants,
            $$"""{"credentials":[{"username":"{{Username}}","secret_sha256":"{{hash}}","matchers":[{"name":"space_id","type":"=","value":"a"}],"plan":"space"}]}""");
        gateway = Server(builder => builder.Services.AddGateway(new GatewayOptions
        {
            Prometheus = [prometheus.Url.ToString()],
            TenantsFile = tenants,
            Plans = { ["space"] = new() { RequestsPerSecond = 1_000_000, RequestBurst = 1_000_000 } },
        }));
        gateway.MapGateway();
        await gateway.StartAsync();

        GatewayUrl = new Uri(gateway.Urls.Single());
        A = new HttpClient { BaseAddress = GatewayUrl };
        A.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Username}:{Password}")));
        await prometheus.UntilAsync("count_over_time(only_b_metric[1m]) > 2 and on () count_over_time(only_a_metric[1m]) > 2", answer => answer.Contains("exporter-b", StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        A.Dispose();
        await gateway.DisposeAsync();
        await prometheus.DisposeAsync();
        await exporter.DisposeAsync();
        File.Delete(tenants);
        File.Delete(rules);
    }

    /// <summary>The same question to Prometheus itself, to show that there is something to hide.</summary>
    public Task<string> UnscopedAsync(string pathAndQuery) => prometheus.Http.GetStringAsync(new Uri(pathAndQuery, UriKind.Relative));

    /// <summary>What Prometheus itself answers, be it an error.</summary>
    public async Task<(HttpStatusCode Status, string Body)> AskDirectlyAsync(string pathAndQuery)
    {
        using var response = await prometheus.Http.GetAsync(new Uri(pathAndQuery, UriKind.Relative));
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private static WebApplication Server(Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        configure?.Invoke(builder);
        return builder.Build();
    }

    private static string Exposition(string tenant)
    {
        var value = tenant == "a" ? 1 : 42424242;
        return string.Create(CultureInfo.InvariantCulture, $$"""
            # TYPE only_{{tenant}}_metric gauge
            only_{{tenant}}_metric{secret="of-{{tenant}}"} {{value}}
            # HELP shared_metric Help of-{{tenant}}.
            # TYPE shared_metric gauge
            shared_metric{secret="of-{{tenant}}"} {{value}}
            # TYPE latency_seconds histogram
            latency_seconds_bucket{secret="of-{{tenant}}",le="1"} {{value}}
            latency_seconds_bucket{secret="of-{{tenant}}",le="+Inf"} {{value}}

            """);
    }

    private const string Rules = """
        groups:
          - name: everybody
            interval: 1s
            rules:
              - alert: AlertOfA
                expr: only_a_metric > 0
                labels: {space_id: a}
              - alert: only_b_alert
                expr: only_b_metric > 0
                labels: {space_id: b}
              - record: only_b:record
                expr: only_b_metric
        """;

    // The external label would make Prometheus drop an equal matcher from a remote read: the scope must not depend on one.
    private static string Config(string target, string rules) => $$"""
        global:
          scrape_interval: 1s
          scrape_timeout: 1s
          external_labels: {space_id: a}
        rule_files: ["{{rules}}"]
        scrape_configs:
          - job_name: exporter-a
            metrics_path: /a/metrics
            static_configs:
              - targets: ["{{target}}"]
                labels: {space_id: a}
          - job_name: exporter-b
            metrics_path: /b/metrics
            static_configs:
              - targets: ["{{target}}"]
                labels: {space_id: b}
        """;
}
