using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using AivenMetrics.Simulator;

namespace AivenMetrics.Lab.Demo;

/// <summary>A minimal platform: reads the catalog, provisions and binds (OSB 2.17).</summary>
internal sealed class DemoPlatform : IDisposable
{
    private readonly HttpClient _http;

    public DemoPlatform(string brokerUrl, string username, string password)
    {
        _http = new HttpClient { BaseAddress = new Uri(brokerUrl), Timeout = TimeSpan.FromSeconds(60) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic",
            Convert.ToBase64String(Encoding.UTF8.GetBytes($"{username}:{password}"))
        );
        _http.DefaultRequestHeaders.Add("X-Broker-API-Version", "2.17");
    }

    /// <summary>Returns the ids of the offering and of its plan <c>space</c>.</summary>
    public async Task<(string ServiceId, string PlanId)> ReadPlanAsync(CancellationToken cancellationToken)
    {
        var catalog = await SendAsync(HttpMethod.Get, "/v2/catalog", null, cancellationToken);
        var offering = catalog["services"]![0]!;
        var plan = offering["plans"]!.AsArray().First(candidate => candidate!["name"]!.GetValue<string>() == "space")!;
        return (offering["id"]!.GetValue<string>(), plan["id"]!.GetValue<string>());
    }

    /// <summary>
    /// Sends the requests that <c>cf create-service metrics space my-metrics</c> and <c>cf bind-service app my-metrics</c> cause.
    /// </summary>
    public async Task<DemoTenant> ProvisionAndBindAsync(
        DemoOrganization organization,
        DemoSpace space,
        (string ServiceId, string PlanId) plan,
        CancellationToken cancellationToken
    )
    {
        var instanceId = Guid.NewGuid().ToString();
        var bindingId = Guid.NewGuid().ToString();
        await SendAsync(
            HttpMethod.Put,
            $"/v2/service_instances/{instanceId}",
            new JsonObject
            {
                ["service_id"] = plan.ServiceId,
                ["plan_id"] = plan.PlanId,
                ["organization_guid"] = organization.Id,
                ["space_guid"] = space.Id,
                ["context"] = new JsonObject
                {
                    ["platform"] = "cloudfoundry",
                    ["organization_guid"] = organization.Id,
                    ["space_guid"] = space.Id,
                    ["organization_name"] = organization.Name,
                    ["space_name"] = space.Name,
                    ["instance_name"] = "my-metrics",
                },
            },
            cancellationToken
        );
        var binding = await SendAsync(
            HttpMethod.Put,
            $"/v2/service_instances/{instanceId}/service_bindings/{bindingId}",
            new JsonObject
            {
                ["service_id"] = plan.ServiceId,
                ["plan_id"] = plan.PlanId,
                ["bind_resource"] = new JsonObject { ["app_guid"] = Guid.NewGuid().ToString() },
            },
            cancellationToken
        );
        return new DemoTenant(
            $"{organization.Name}/{space.Name}",
            organization.Id,
            space.Id,
            instanceId,
            bindingId,
            plan.ServiceId,
            plan.PlanId,
            binding["credentials"]!.AsObject()
        );
    }

    public void Dispose() => _http.Dispose();

    private async Task<JsonObject> SendAsync(HttpMethod method, string path, JsonObject? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var response = await _http.SendAsync(request, cancellationToken);
        var answer = await response.Content.ReadFromJsonAsync<JsonObject>(cancellationToken);
        return response.IsSuccessStatusCode && answer is not null
            ? answer
            : throw new DemoException($"The broker responded to {method} {path} with {(int)response.StatusCode}: {answer?["description"]}");
    }
}
