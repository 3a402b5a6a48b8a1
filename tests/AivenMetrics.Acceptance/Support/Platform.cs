using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace AivenMetrics.Acceptance.Support;

/// <summary>An answer of the broker.</summary>
internal sealed record OsbAnswer(HttpStatusCode Status, JsonObject Body);

/// <summary>Talks OSB as a platform does.</summary>
internal sealed class Platform : IDisposable
{
    public const string ServicesPlan = "services";
    public const string SpacePlan = "space";

    private readonly HttpClient http;

    public Platform(string url, string username, string password)
    {
        http = new HttpClient { BaseAddress = new Uri(url), Timeout = TimeSpan.FromSeconds(60) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{username}:{password}")));
        http.DefaultRequestHeaders.Add("X-Broker-API-Version", "2.15");
    }

    public async Task<(string ServiceId, string PlanId)> Plan(string name)
    {
        JsonNode offering = (await Send(HttpMethod.Get, "/v2/catalog")).Body["services"]![0]!;
        JsonNode plan = offering["plans"]!.AsArray().Single(candidate => candidate!["name"]!.GetValue<string>() == name)!;
        return (offering["id"]!.GetValue<string>(), plan["id"]!.GetValue<string>());
    }

    public async Task<string> Provision(string organizationId, string spaceId, string plan = SpacePlan)
    {
        string instance = Guid.NewGuid().ToString();
        OsbAnswer answer = await TryProvision(instance, organizationId, spaceId, plan);
        Assert.Equal(HttpStatusCode.Created, answer.Status);
        return instance;
    }

    /// <summary>Provisions and returns whatever the broker answers.</summary>
    public async Task<OsbAnswer> TryProvision(string instance, string organizationId, string spaceId, string plan = SpacePlan)
    {
        var (serviceId, planId) = await Plan(plan);
        return await Send(HttpMethod.Put, $"/v2/service_instances/{instance}", new JsonObject
        {
            ["service_id"] = serviceId,
            ["plan_id"] = planId,
            ["organization_guid"] = organizationId,
            ["space_guid"] = spaceId,
        });
    }

    /// <summary>Binds and returns whatever the broker answers.</summary>
    public async Task<OsbAnswer> TryBind(string instance, string binding, string plan = SpacePlan, bool acceptsIncomplete = false, params string[] services)
    {
        var (serviceId, planId) = await Plan(plan);
        var body = new JsonObject { ["service_id"] = serviceId, ["plan_id"] = planId };
        if (services.Length > 0)
        {
            body["parameters"] = new JsonObject { ["services"] = new JsonArray([.. services.Select(service => (JsonNode)service)]) };
        }

        return await Send(HttpMethod.Put, $"{Path(instance, binding)}{(acceptsIncomplete ? "?accepts_incomplete=true" : "")}", body);
    }

    public async Task<Credentials> Bind(string instance, string? binding = null, string plan = SpacePlan, params string[] services)
    {
        OsbAnswer answer = await TryBind(instance, binding ?? Guid.NewGuid().ToString(), plan, false, services);
        Assert.True(answer.Status == HttpStatusCode.Created, $"{answer.Status}: {answer.Body}");
        return new Credentials(answer.Body["credentials"]!.AsObject());
    }

    public async Task<OsbAnswer> Unbind(string instance, string binding, string plan = SpacePlan)
    {
        var (serviceId, planId) = await Plan(plan);
        return await Send(HttpMethod.Delete, $"{Path(instance, binding)}?service_id={serviceId}&plan_id={planId}");
    }

    public async Task<OsbAnswer> Deprovision(string instance, string plan = SpacePlan)
    {
        var (serviceId, planId) = await Plan(plan);
        return await Send(HttpMethod.Delete, $"/v2/service_instances/{instance}?service_id={serviceId}&plan_id={planId}");
    }

    /// <summary>The state in the last operation of a binding; null: there is no such binding.</summary>
    public async Task<string?> LastOperation(string instance, string binding) =>
        (await Send(HttpMethod.Get, $"{Path(instance, binding)}/last_operation")).Body["state"]?.GetValue<string>();

    public Task<OsbAnswer> Fetch(string instance, string binding) => Send(HttpMethod.Get, Path(instance, binding));

    public Task<OsbAnswer> Send(HttpMethod method, string path, JsonNode? body = null) =>
        SendRaw(method, path, body is null ? null : JsonContent.Create(body));

    public async Task<OsbAnswer> SendRaw(HttpMethod method, string path, HttpContent? content)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        using HttpResponseMessage response = await http.SendAsync(request);
        return new OsbAnswer(response.StatusCode, await response.Content.ReadFromJsonAsync<JsonObject>() ?? []);
    }

    public static string Path(string instance, string binding) => $"/v2/service_instances/{instance}/service_bindings/{binding}";

    public void Dispose() => http.Dispose();
}

/// <summary>What an app finds in <c>VCAP_SERVICES</c>.</summary>
internal sealed record Credentials(JsonObject Json)
{
    public string Url => Json["url"]!.GetValue<string>();

    public string Username => Json["username"]!.GetValue<string>();

    public string Password => Json["password"]!.GetValue<string>();
}
