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

    private readonly HttpClient http;

    public SimulatorAdmin(string url, string token)
    {
        http = new HttpClient { BaseAddress = new Uri(url), Timeout = TimeSpan.FromSeconds(20) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("aivenv1", token);
    }

    public Task<JsonObject> State() => Admin(HttpMethod.Get, "/state");

    /// <summary>A service as it is now, with its nodes and integrations.</summary>
    public async Task<JsonObject> Service(string name) =>
        (await State())["services"]!.AsArray().Single(service => service!["name"]!.GetValue<string>() == name)!.AsObject();

    /// <summary>Addresses of a service's nodes.</summary>
    public async Task<string[]> Addresses(string name) =>
        [.. (await Service(name))["nodes"]!.AsArray().Select(node => node!["address"]!.GetValue<string>())];

    /// <summary>The ids of the <c>prometheus</c> integrations of some services.</summary>
    public async Task<string[]> Integrations(params DemoService[] services)
    {
        JsonArray all = (await State())["services"]!.AsArray();
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
    public async Task<int> Calls(string method, string pattern, int? status = null) =>
        (await Admin(HttpMethod.Get, $"/calls?method={method}&path={Uri.EscapeDataString(pattern)}"))["calls"]!.AsArray()
            .Count(call => status is null || call!["status"]!.GetValue<int>() == status);

    /// <summary>All calls, whatever became of them.</summary>
    public async Task<int> AllCalls() => (await Admin(HttpMethod.Get, "/calls"))["calls"]!.AsArray().Count;

    public Task ForgetCalls() => Admin(HttpMethod.Delete, "/calls");

    /// <summary>Orders a fault of API calls, see the simulator's admin API.</summary>
    public Task Fault(JsonObject fault) => Admin(HttpMethod.Post, "/faults", fault);

    public Task ClearFaults() => Admin(HttpMethod.Delete, "/faults");

    /// <summary>Spoils the next answers for a host.</summary>
    public Task DnsFault(string host, string kind, int count) =>
        Admin(HttpMethod.Post, "/dns/faults", new JsonObject { ["host"] = host, ["kind"] = kind, ["count"] = count });

    /// <summary>How many more DNS answers will be spoilt.</summary>
    public async Task<int> RemainingDnsFaults() =>
        (await Admin(HttpMethod.Get, "/dns/faults"))["faults"]!.AsArray().Sum(fault => fault!["remaining"]!.GetValue<int>());

    public Task ClearDnsFaults() => Admin(HttpMethod.Delete, "/dns/faults");

    /// <summary>A new service that runs at once, with the tags that the platform's Aiven broker writes.</summary>
    public async Task<DemoService> CreateService(DemoSpace space, string type, string plan = "startup-4")
    {
        string id = Guid.NewGuid().ToString();
        var service = new DemoService(Project, $"prod-{id}", type, plan, space.OrganizationId, space.Id, id, $"new-{type}");
        await Admin(HttpMethod.Post, $"/projects/{Project}/services", new JsonObject
        {
            ["name"] = service.Name,
            ["type"] = type,
            ["plan"] = plan,
            ["tags"] = new JsonObject([.. DemoSeed.Tags(service).Select(tag => KeyValuePair.Create(tag.Key, (JsonNode?)tag.Value))]),
        });
        return service;
    }

    public Task PowerOff(DemoService service) => Admin(HttpMethod.Post, $"{Path(service)}/power-off");

    public Task PowerOn(DemoService service) => Admin(HttpMethod.Post, $"{Path(service)}/power-on", new JsonObject { ["build_seconds"] = 0.5 });

    /// <returns>The old and the new node's address.</returns>
    public async Task<(string Old, string New)> ReplaceNode(DemoService service, string node)
    {
        JsonObject answer = await Admin(HttpMethod.Post, $"{Path(service)}/nodes/{node}/replace", new JsonObject { ["leave_seconds"] = 1 });
        return (answer["old"]!["address"]!.GetValue<string>(), answer["new"]!["address"]!.GetValue<string>());
    }

    public Task SetCertificate(DemoService service, string node, string kind) =>
        Admin(HttpMethod.Put, $"{Path(service)}/nodes/{node}/certificate", new JsonObject { ["kind"] = kind });

    /// <summary>A call of Aiven's own API, as an operator makes it.</summary>
    public Task<JsonObject> Aiven(HttpMethod method, string path, JsonObject? body = null) => Send(method, "/v1" + path, body);

    public void Dispose() => http.Dispose();

    private static string Path(DemoService service) => $"/projects/{Project}/services/{service.Name}";

    private Task<JsonObject> Admin(HttpMethod method, string path, JsonObject? body = null) => Send(method, "/simulator/v1" + path, body);

    private async Task<JsonObject> Send(HttpMethod method, string path, JsonObject? body)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using HttpResponseMessage response = await http.SendAsync(request);
        string text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{method} {path}: {(int)response.StatusCode} {text}");
        return JsonNode.Parse(text)!.AsObject();
    }
}
