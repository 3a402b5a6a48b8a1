using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using AivenMetrics.Simulator;
using Xunit;

namespace AivenMetrics.Acceptance.Support;

/// <summary>
/// What a test does to Aiven and asks of it: by the simulator's admin API, and as an operator by Aiven's own API.
/// </summary>
internal sealed class SimulatorAdmin : IDisposable
{
    private const string Project = "demo";

    private readonly HttpClient _http;

    public SimulatorAdmin(string url, string token)
    {
        _http = new HttpClient { BaseAddress = new Uri(url), Timeout = TimeSpan.FromSeconds(20) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("aivenv1", token);
    }

    public Task<JsonObject> StateAsync() => AdminAsync(HttpMethod.Get, "/state");

    /// <summary>A service as it is now, with its nodes and integrations.</summary>
    public async Task<JsonObject> ServiceAsync(string name) =>
        (await StateAsync())["services"]!.AsArray().Single(service => service!["name"]!.GetValue<string>() == name)!.AsObject();

    /// <summary>Addresses of a service's nodes.</summary>
    public async Task<string[]> AddressesAsync(string name) =>
        [.. (await ServiceAsync(name))["nodes"]!.AsArray().Select(node => node!["address"]!.GetValue<string>())];

    /// <summary>The ids of the <c>prometheus</c> integrations of some services.</summary>
    public async Task<string[]> IntegrationsAsync(params DemoService[] services)
    {
        var all = (await StateAsync())["services"]!.AsArray();
        return
        [
            .. all.Where(service => services.Any(wanted => wanted.Name == service!["name"]!.GetValue<string>()))
                .SelectMany(service => service!["integrations"]!.AsArray())
                .Where(integration => integration!["type"]!.GetValue<string>() == "prometheus")
                .Select(integration => integration!["id"]!.GetValue<string>()),
        ];
    }

    /// <summary>How often a call was answered; the pattern starts at <c>/v1</c> and <c>*</c> stands for any text.</summary>
    /// <param name="status">Only answers with this status; null: all.</param>
    public async Task<int> CallsAsync(string method, string pattern, int? status = null) =>
        (await AdminAsync(HttpMethod.Get, $"/calls?method={method}&path={Uri.EscapeDataString(pattern)}"))["calls"]!
            .AsArray()
            .Count(call => status is null || call!["status"]!.GetValue<int>() == status);

    /// <summary>All calls, whatever became of them.</summary>
    public async Task<int> AllCallsAsync() => (await AdminAsync(HttpMethod.Get, "/calls"))["calls"]!.AsArray().Count;

    public Task ForgetCallsAsync() => AdminAsync(HttpMethod.Delete, "/calls");

    /// <summary>Orders a fault of API calls, see the simulator's admin API.</summary>
    public Task FaultAsync(JsonObject fault) => AdminAsync(HttpMethod.Post, "/faults", fault);

    public Task ClearFaultsAsync() => AdminAsync(HttpMethod.Delete, "/faults");

    /// <summary>Spoils the next answers for a host.</summary>
    public Task DnsFaultAsync(string host, string kind, int count) =>
        AdminAsync(
            HttpMethod.Post,
            "/dns/faults",
            new JsonObject
            {
                ["host"] = host,
                ["kind"] = kind,
                ["count"] = count,
            }
        );

    /// <summary>How many more DNS answers will be spoilt.</summary>
    public async Task<int> RemainingDnsFaultsAsync() =>
        (await AdminAsync(HttpMethod.Get, "/dns/faults"))["faults"]!.AsArray().Sum(fault => fault!["remaining"]!.GetValue<int>());

    public Task ClearDnsFaultsAsync() => AdminAsync(HttpMethod.Delete, "/dns/faults");

    /// <summary>A new service that runs at once, with the tags that the platform's Aiven broker writes.</summary>
    public async Task<DemoService> CreateServiceAsync(DemoSpace space, string type, string plan = "startup-4")
    {
        var id = Guid.NewGuid().ToString();
        var service = new DemoService(Project, $"prod-{id}", type, plan, space.OrganizationId, space.Id, id, $"new-{type}");
        await AdminAsync(
            HttpMethod.Post,
            $"/projects/{Project}/services",
            new JsonObject
            {
                ["name"] = service.Name,
                ["type"] = type,
                ["plan"] = plan,
                ["tags"] = new JsonObject([.. DemoSeed.Tags(service).Select(tag => KeyValuePair.Create(tag.Key, (JsonNode?)tag.Value))]),
            }
        );
        return service;
    }

    public Task PowerOffAsync(DemoService service) => AdminAsync(HttpMethod.Post, $"{Path(service)}/power-off");

    public Task PowerOnAsync(DemoService service) =>
        AdminAsync(HttpMethod.Post, $"{Path(service)}/power-on", new JsonObject { ["build_seconds"] = 0.5 });

    /// <returns>The old and the new node's address.</returns>
    public async Task<(string Old, string New)> ReplaceNodeAsync(DemoService service, string node)
    {
        var answer = await AdminAsync(HttpMethod.Post, $"{Path(service)}/nodes/{node}/replace", new JsonObject { ["leave_seconds"] = 1 });
        return (answer["old"]!["address"]!.GetValue<string>(), answer["new"]!["address"]!.GetValue<string>());
    }

    public Task SetCertificateAsync(DemoService service, string node, string kind) =>
        AdminAsync(HttpMethod.Put, $"{Path(service)}/nodes/{node}/certificate", new JsonObject { ["kind"] = kind });

    /// <summary>A call of Aiven's own API, as an operator makes it.</summary>
    public Task<JsonObject> AivenAsync(HttpMethod method, string path, JsonObject? body = null) => SendAsync(method, "/v1" + path, body);

    public void Dispose() => _http.Dispose();

    private static string Path(DemoService service) => $"/projects/{Project}/services/{service.Name}";

    private Task<JsonObject> AdminAsync(HttpMethod method, string path, JsonObject? body = null) =>
        SendAsync(method, "/simulator/v1" + path, body);

    private async Task<JsonObject> SendAsync(HttpMethod method, string path, JsonObject? body)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var response = await _http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{method} {path}: {(int)response.StatusCode} {text}");
        return JsonNode.Parse(text)!.AsObject();
    }
}
