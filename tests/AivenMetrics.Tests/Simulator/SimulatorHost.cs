using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using AivenMetrics.Simulator;
using AivenMetrics.Simulator.Dns;
using AivenMetrics.Simulator.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace AivenMetrics.Tests.Simulator;

/// <summary>A response of the Aiven API or the admin API.</summary>
internal sealed record SimulatorResponse(int Status, JsonNode? Body, string Text, HttpResponseHeaders Headers)
{
    public JsonNode this[string field] => Body![field]!;

    public string Message => (string)Body!["message"]!;

    public string Code => (string)Body!["errors"]![0]!["error_code"]!;
}

/// <summary>Runs the simulator on Kestrel with a free port and its own node network. Its time advances only through the test.</summary>
internal sealed class SimulatorHost : IAsyncDisposable
{
    public const string Token = "test-token";
    private readonly WebApplication _app;
    private readonly HttpClient _client;

    private SimulatorHost(WebApplication app, FakeTimeProvider time)
    {
        (_app, Time) = (app, time);
        _client = new() { BaseAddress = new(app.Urls.Single()), Timeout = TimeSpan.FromSeconds(10) };
    }

    /// <summary>Starts the simulator. Its time starts at the current time, so that certificates are valid.</summary>
    public FakeTimeProvider Time { get; }

    public IPEndPoint Dns => _app.Services.GetRequiredService<DnsServer>().EndPoint!;

    public Uri Url => _client.BaseAddress!;

    public static async Task<SimulatorHost> StartAsync(Action<SimulatorOptions>? change = null)
    {
        var options = new SimulatorOptions
        {
            Token = Token,
            NodeNetwork = "auto",
            Seed = false,
        };
        change?.Invoke(options);
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<TimeProvider>(time);
        builder.Services.AddSimulator(options);
        var app = builder.Build();
        app.MapSimulator();
        app.MapHealthChecks("/readyz");
        await app.StartAsync();
        return new(app, time);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    /// <summary>Advances the time and opens or closes the metrics ports accordingly.</summary>
    public async Task AdvanceTimeAsync(TimeSpan span)
    {
        Time.Advance(span);
        await _app.Services.GetRequiredService<NodeListeners>().ReconcileAsync(default);
    }

    /// <summary>Sends a request to <c>/v1</c> with the token.</summary>
    public Task<SimulatorResponse> CallApiAsync(
        string method,
        string path,
        JsonNode? body = null,
        string? authorization = "aivenv1 " + Token
    ) => SendAsync(method, "/v1" + path, body?.ToJsonString(), authorization);

    /// <summary>Sends a request to <c>/simulator/v1</c> and expects a success status.</summary>
    public async Task<SimulatorResponse> CallAdminAsync(string method, string path, JsonNode? body = null)
    {
        var answer = await SendAsync(method, "/simulator/v1" + path, body?.ToJsonString(), null);
        Assert.True(answer.Status == 200, answer.Text);
        return answer;
    }

    public async Task<SimulatorResponse> SendAsync(string method, string path, string? body, string? authorization)
    {
        using var request = new HttpRequestMessage(new(method), path);
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }
        using var response = await _client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        var isJson = response.Content.Headers.ContentType?.MediaType == "application/json";
        return new((int)response.StatusCode, isJson ? JsonNode.Parse(text) : null, text, response.Headers);
    }

    /// <summary>Creates a service that is running immediately.</summary>
    public Task<SimulatorResponse> CreateServiceAsync(string name, string type = "opensearch", string plan = "startup-4") =>
        CallAdminAsync(
            "POST",
            "/projects/demo/services",
            new JsonObject
            {
                ["name"] = name,
                ["type"] = type,
                ["plan"] = plan,
            }
        );

    /// <summary>Creates a <c>prometheus</c> endpoint and returns its id.</summary>
    public async Task<string> CreateEndpointAsync(string name = "metrics", string user = "prom1234", string password = "secret-password")
    {
        var answer = await CallApiAsync(
            "POST",
            "/project/demo/integration_endpoint",
            new JsonObject
            {
                ["endpoint_name"] = name,
                ["endpoint_type"] = "prometheus",
                ["user_config"] = new JsonObject { ["basic_auth_username"] = user, ["basic_auth_password"] = password },
            }
        );
        Assert.True(answer.Status == 200, answer.Text);
        return (string)answer["service_integration_endpoint"]["endpoint_id"]!;
    }

    public Task<SimulatorResponse> CreateIntegrationAsync(string service, string endpoint) =>
        CallApiAsync(
            "POST",
            "/project/demo/integration",
            new JsonObject
            {
                ["integration_type"] = "prometheus",
                ["source_service"] = service,
                ["dest_endpoint_id"] = endpoint,
                ["dest_service"] = null,
                ["user_config"] = new JsonObject(),
            }
        );

    /// <summary>Creates a running service with open metrics ports and returns the id of its integration.</summary>
    public async Task<string> CreateScrapedServiceAsync(string name, string type = "opensearch", string plan = "startup-4")
    {
        await CreateServiceAsync(name, type, plan);
        var integration = await CreateIntegrationAsync(name, await CreateEndpointAsync("e-" + name));
        await AdvanceTimeAsync(TimeSpan.FromSeconds(60));
        return (string)integration["service_integration"]["service_integration_id"]!;
    }

    public Task<SimulatorResponse> ReplaceNodeAsync(string service, int node, int leaveSeconds) =>
        CallAdminAsync(
            "POST",
            $"/projects/demo/services/{service}/nodes/{node}/replace",
            new JsonObject { ["leave_seconds"] = leaveSeconds }
        );

    /// <summary>Returns the service in the format of the admin API.</summary>
    public async Task<JsonNode> GetServiceAsync(string service) =>
        (await CallAdminAsync("GET", "/state"))["services"].AsArray().Single(row => (string)row!["name"]! == service)!;

    public async Task<string[]> GetAddressesAsync(string service) =>
        [.. (await GetServiceAsync(service))["nodes"]!.AsArray().Select(node => (string)node!["address"]!)];

    /// <summary>Scrapes a node: connects to the address and verifies the certificate against the project's CA and the host name.</summary>
    public async Task<HttpResponseMessage> ScrapeAsync(
        string address,
        string host,
        string user = "prom1234",
        string password = "secret-password",
        string path = "/metrics"
    )
    {
        var pem = (string)(await CallApiAsync("GET", "/project/demo/kms/ca"))["certificate"]!;
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPem(pem);
        using var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy },
            ConnectCallback = async (context, cancellation) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(IPEndPoint.Parse($"{address}:{context.DnsEndPoint.Port}"), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using var scraper = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(10) };
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));
        scraper.DefaultRequestHeaders.Authorization = new("Basic", basic);
        var response = await scraper.GetAsync(new Uri($"https://{host}:9273{path}"));
        await response.Content.LoadIntoBufferAsync();
        return response;
    }
}
