using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace AivenMetrics.Acceptance.Support;

/// <summary>A response of the broker.</summary>
internal sealed record OsbResponse(HttpStatusCode Status, JsonObject Body);

/// <summary>An OSB client that sends the requests of a platform.</summary>
internal sealed class Platform : IDisposable
{
    public const string ServicesPlan = "services";
    public const string SpacePlan = "space";

    private readonly HttpClient _http;

    public Platform(string url, string username, string password)
    {
        _http = new HttpClient { BaseAddress = new Uri(url), Timeout = TimeSpan.FromSeconds(60) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic",
            Convert.ToBase64String(Encoding.UTF8.GetBytes($"{username}:{password}"))
        );
        _http.DefaultRequestHeaders.Add("X-Broker-API-Version", "2.15");
    }

    public async Task<(string ServiceId, string PlanId)> PlanAsync(string name)
    {
        var offering = (await SendAsync(HttpMethod.Get, "/v2/catalog")).Body["services"]![0]!;
        var plan = offering["plans"]!.AsArray().Single(candidate => candidate!["name"]!.GetValue<string>() == name)!;
        return (offering["id"]!.GetValue<string>(), plan["id"]!.GetValue<string>());
    }

    public async Task<string> ProvisionAsync(string organizationId, string spaceId, string plan = SpacePlan)
    {
        var instance = Guid.NewGuid().ToString();
        var answer = await TryProvisionAsync(instance, organizationId, spaceId, plan);
        Assert.Equal(HttpStatusCode.Created, answer.Status);
        return instance;
    }

    /// <summary>Provisions and returns the response of the broker.</summary>
    public async Task<OsbResponse> TryProvisionAsync(string instance, string organizationId, string spaceId, string plan = SpacePlan)
    {
        var (serviceId, planId) = await PlanAsync(plan);
        return await SendAsync(
            HttpMethod.Put,
            $"/v2/service_instances/{instance}",
            new JsonObject
            {
                ["service_id"] = serviceId,
                ["plan_id"] = planId,
                ["organization_guid"] = organizationId,
                ["space_guid"] = spaceId,
            }
        );
    }

    /// <summary>Binds and returns the response of the broker.</summary>
    public async Task<OsbResponse> TryBindAsync(
        string instance,
        string binding,
        string plan = SpacePlan,
        bool acceptsIncomplete = false,
        params string[] services
    )
    {
        var (serviceId, planId) = await PlanAsync(plan);
        var body = new JsonObject { ["service_id"] = serviceId, ["plan_id"] = planId };
        if (services.Length > 0)
        {
            body["parameters"] = new JsonObject { ["services"] = new JsonArray([.. services.Select(service => (JsonNode)service)]) };
        }

        return await SendAsync(HttpMethod.Put, $"{Path(instance, binding)}{(acceptsIncomplete ? "?accepts_incomplete=true" : "")}", body);
    }

    public async Task<Credentials> BindAsync(string instance, string? binding = null, string plan = SpacePlan, params string[] services)
    {
        var answer = await TryBindAsync(instance, binding ?? Guid.NewGuid().ToString(), plan, false, services);
        Assert.True(answer.Status == HttpStatusCode.Created, $"{answer.Status}: {answer.Body}");
        return new Credentials(answer.Body["credentials"]!.AsObject());
    }

    public async Task<OsbResponse> UnbindAsync(string instance, string binding, string plan = SpacePlan)
    {
        var (serviceId, planId) = await PlanAsync(plan);
        return await SendAsync(HttpMethod.Delete, $"{Path(instance, binding)}?service_id={serviceId}&plan_id={planId}");
    }

    public async Task<OsbResponse> DeprovisionAsync(string instance, string plan = SpacePlan)
    {
        var (serviceId, planId) = await PlanAsync(plan);
        return await SendAsync(HttpMethod.Delete, $"/v2/service_instances/{instance}?service_id={serviceId}&plan_id={planId}");
    }

    /// <summary>The state in the last operation of a binding; null: there is no such binding.</summary>
    public async Task<string?> LastOperationAsync(string instance, string binding) =>
        (await SendAsync(HttpMethod.Get, $"{Path(instance, binding)}/last_operation")).Body["state"]?.GetValue<string>();

    public Task<OsbResponse> FetchAsync(string instance, string binding) => SendAsync(HttpMethod.Get, Path(instance, binding));

    public Task<OsbResponse> SendAsync(HttpMethod method, string path, JsonNode? body = null) =>
        SendRawAsync(method, path, body is null ? null : JsonContent.Create(body));

    public async Task<OsbResponse> SendRawAsync(HttpMethod method, string path, HttpContent? content)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        using var response = await _http.SendAsync(request);
        return new OsbResponse(response.StatusCode, await response.Content.ReadFromJsonAsync<JsonObject>() ?? []);
    }

    public static string Path(string instance, string binding) => $"/v2/service_instances/{instance}/service_bindings/{binding}";

    public void Dispose() => _http.Dispose();
}

/// <summary>What an app finds in <c>VCAP_SERVICES</c>.</summary>
internal sealed record Credentials(JsonObject Json)
{
    public string Url => Json["url"]!.GetValue<string>();

    public string Username => Json["username"]!.GetValue<string>();

    public string Password => Json["password"]!.GetValue<string>();
}
