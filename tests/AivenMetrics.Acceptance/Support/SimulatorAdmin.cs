using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using AivenMetrics.Simulator;
using Xunit;

namespace AivenMetrics.Acceptance.Support;

/// <summary>
/// Changes and reads the simulated Aiven through the simulator's admin API, and through Aiven's own API as an operator does.
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

    /// <summary>Returns how often a call was answered. The pattern starts at <c>/v1</c>, and <c>*</c> stands for any text.</summary>
    /// <param name="status">Counts only responses with this status; null: all.</param>
    public async Task<int> CallsAsync(string method, string pattern, int? status = null) =>
        (await AdminAsync(HttpMethod.Get, $"/calls?method={method}&path={Uri.EscapeDataString(pattern)}"))["calls"]!
            .AsArray()
            .Count(call => status is null || call!["status"]!.GetValue<int>() == status);

    /// <summary>Returns the number of all calls, whatever their outcome.</summary>
    public async Task<int> AllCallsAsync() => (await AdminAsync(HttpMethod.Get, "/calls"))["calls"]!.AsArray().Count;

    public Task ClearCallsAsync() => AdminAsync(HttpMethod.Delete, "/calls");

    /// <summary>Injects a fault of API calls, see the simulator's admin API.</summary>
    public Task FaultAsync(JsonObject fault) => AdminAsync(HttpMethod.Post, "/faults", fault);

    public Task ClearFaultsAsync() => AdminAsync(HttpMethod.Delete, "/faults");

    /// <summary>Injects faults into the next DNS responses for a host.</summary>
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

    /// <summary>Returns how many more DNS responses will have a fault.</summary>
    public async Task<int> RemainingDnsFaultsAsync() =>
        (await AdminAsync(HttpMethod.Get, "/dns/faults"))["faults"]!.AsArray().Sum(fault => fault!["remaining"]!.GetValue<int>());

    public Task ClearDnsFaultsAsync() => AdminAsync(HttpMethod.Delete, "/dns/faults");

    /// <summary>Creates a service that runs at once, with the tags that the platform's Aiven broker writes.</summary>
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

    /// <summary>Calls Aiven's own API, as an operator does.</summary>
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
