using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using AivenMetrics.Gateway;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Testing.Programs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

[assembly: AssemblyFixture(typeof(AivenMetrics.Acceptance.Gateway.TwoTenantServers))]

namespace AivenMetrics.Acceptance.Gateway;

/// <summary>
/// Real servers of each kind that scrape two tenants, each with a gateway in front of it. All tests of the run share them and only read.
/// The first test that needs a server starts it. All data of tenant b has a mark that no response to tenant a may contain: in names, in
/// label values, and as a number in its samples.
/// </summary>
public sealed class TwoTenantServers : IAsyncLifetime
{
    public const string Username = "tenant-a";

    /// <summary>The credential that the attack requests of the unit tests use.</summary>
    public const string Password = "secret-of-a:x";

    /// <summary>Texts that only tenant b's series contain.</summary>
    public static readonly string[] MarksOfB = ["only_b", "only.b", "of-b", "exporter-b", "42424242"];

    private readonly ConcurrentDictionary<QueryServer, Lazy<Task<TenantGateway>>> _started = [];
    private WebApplication _exporter = null!;
    private string _tenants = "";
    private string _rules = "";

    public async ValueTask InitializeAsync()
    {
        _exporter = Exporter.Build();
        await _exporter.StartAsync();
        _rules = Path.GetTempFileName();
        await File.WriteAllTextAsync(_rules, Rules);
        _tenants = Path.GetTempFileName();
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Password)));
        await File.WriteAllTextAsync(
            _tenants,
            $$"""
            {"credentials":[{"username":"{{Username}}","secret_sha256":"{{hash}}",
              "matchers":[{"name":"space_id","type":"=","value":"a"}],"plan":"space"}]}
            """
        );
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var gateway in _started.Values)
        {
            await (await gateway.Value).DisposeAsync();
        }
        await _exporter.DisposeAsync();
        File.Delete(_tenants);
        File.Delete(_rules);
    }

    /// <summary>Returns the gateway in front of a server of this kind, once the server has samples of both tenants.</summary>
    public Task<TenantGateway> BeforeAsync(QueryServer kind) =>
        _started.GetOrAdd(kind, of => new Lazy<Task<TenantGateway>>(() => StartAsync(of))).Value;

    private async Task<TenantGateway> StartAsync(QueryServer kind)
    {
        var target = new Uri(_exporter.Urls.Single()).Authority;
        var server = kind switch
        {
            QueryServer.Prometheus2 => await PrometheusServer.StartAsync(WithRules(_rules) + ScrapeConfig(target)),
            QueryServer.Prometheus3 => await PrometheusServer.StartPrometheus3WithConfigAsync(
                WithRules(_rules)
                    + "  convert_classic_histograms_to_nhcb: true\n  always_scrape_classic_histograms: true\n"
                    + ScrapeConfig(target)
            ),
            _ => await PrometheusServer.StartVictoriaMetricsAsync(
                "global:\n  scrape_interval: 1s\n  scrape_timeout: 1s\n" + ScrapeConfig(target)
            ),
        };
        var gateway = await TenantGateway.StartAsync(
            server,
            new GatewayOptions
            {
                Prometheus = [server.Url.ToString()],
                Engine = kind == QueryServer.VictoriaMetrics ? QueryEngine.VictoriaMetrics : QueryEngine.Prometheus,
                TenantsFile = _tenants,
                PathPrefix = "/i/one",
            }
        );
        await server.WaitUntilAsync("count_over_time(only_b_metric[1m]) > 2 and on () count_over_time(only_a_metric[1m]) > 2", answer =>
            answer.Contains("exporter-b", StringComparison.Ordinal)
        );
        return gateway;
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

    // The external label makes Prometheus drop an equality matcher from a remote read. The scope must not depend on one.
    private static string WithRules(string rules) =>
        $$"""
            rule_files: ["{{rules}}"]
            global:
              external_labels: {space_id: a}
              scrape_interval: 1s
              scrape_timeout: 1s

            """;

    private static string ScrapeConfig(string target) =>
        $$"""
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

/// <summary>A gateway in front of a real server, with the credentials of tenant a.</summary>
public sealed class TenantGateway : IAsyncDisposable
{
    private readonly WebApplication _gateway;
    private readonly PrometheusServer _server;

    private TenantGateway(WebApplication gateway, PrometheusServer server)
    {
        (_gateway, _server, Url) = (gateway, server, new Uri(gateway.Urls.Single()));
        A = new HttpClient { BaseAddress = Url };
        A.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic",
            Convert.ToBase64String(Encoding.UTF8.GetBytes($"{TwoTenantServers.Username}:{TwoTenantServers.Password}"))
        );
    }

    /// <summary>Basic authentication as tenant a.</summary>
    public HttpClient A { get; }

    /// <summary>The gateway.</summary>
    public Uri Url { get; }

    /// <summary>The server, for requests that bypass the gateway.</summary>
    public Uri ServerUrl => _server.Url;

    internal static async Task<TenantGateway> StartAsync(PrometheusServer server, GatewayOptions options)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        // The tests send thousands of requests, which must not be limited.
        options.Plans["default"] = new()
        {
            RequestsPerSecond = 1_000_000,
            RequestBurst = 1_000_000,
            ConcurrentQueries = 1000,
        };
        builder.Services.AddGateway(options);
        var gateway = builder.Build();
        gateway.MapGateway();
        await gateway.StartAsync();
        return new TenantGateway(gateway, server);
    }

    /// <summary>Sends the same request to the server itself, to show that the gateway removes data.</summary>
    public Task<string> UnscopedAsync(string pathAndQuery) => _server.Http.GetStringAsync(new Uri(pathAndQuery, UriKind.Relative));

    /// <summary>Returns the response of the server itself, even if it is an error.</summary>
    public async Task<(HttpStatusCode Status, string Body)> GetDirectlyAsync(string pathAndQuery)
    {
        using var response = await _server.Http.GetAsync(new Uri(pathAndQuery, UriKind.Relative));
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    public async ValueTask DisposeAsync()
    {
        A.Dispose();
        await _gateway.DisposeAsync();
        await _server.DisposeAsync();
    }
}
