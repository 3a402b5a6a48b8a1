using System.Text.Json.Nodes;
using AivenMetrics.Simulator.World;

namespace AivenMetrics.Simulator.Api;

/// <summary>Shows integrations and placeholders as JSON.</summary>
internal static class IntegrationView
{
    public static JsonObject Of(AivenService service, Integration integration, DateTimeOffset now)
    {
        var active = service.IsActive(integration, now);
        var row = Row(service, integration.Type, integration.Endpoint);
        row["service_integration_id"] = integration.Id;
        (row["enabled"], row["active"]) = (true, active);
        row["integration_status"] = new JsonObject
        {
            ["status_user_desc"] = active ? "Integration is active" : "Integration is not active",
            ["state"] = new JsonObject
            {
                ["status"] =
                    active ? "running"
                    : service.PoweredOff ? "inactive"
                    : "starting",
                ["errors"] = new JsonArray(),
                ["likely_error_cause"] = null,
                ["nodes"] = new JsonObject(),
            },
        };
        row["user_config"] = integration.UserConfig.DeepClone();
        return row;
    }

    /// <summary>
    /// Returns the integrations that the service could have. Aiven's per-service list contains them without id and not enabled.
    /// </summary>
    public static IEnumerable<JsonObject> Placeholders(AivenService service)
    {
        foreach (var (type, _, sources, _) in ProjectCalls.EndpointTypes().Where(type => type.Sources.Contains(service.Type.Name)))
        {
            if (service.Integrations.Exists(integration => integration.Type == type))
            {
                continue;
            }
            var endpoints = service.Project.Endpoints.Where(endpoint => endpoint.Type == type).DefaultIfEmpty<IntegrationEndpoint?>(null);
            foreach (var endpoint in endpoints)
            {
                yield return Row(service, type, endpoint);
            }
        }
    }

    private static JsonObject Row(AivenService service, string type, IntegrationEndpoint? endpoint) =>
        new()
        {
            ["service_integration_id"] = null,
            ["integration_type"] = type,
            ["enabled"] = false,
            ["active"] = false,
            ["description"] = ProjectCalls.EndpointTypes().First(known => known.Name == type).Title,
            ["source_project"] = service.Project.Name,
            ["source_service"] = service.Name,
            ["source_service_type"] = service.Type.Name,
            ["source_endpoint"] = null,
            ["source_endpoint_id"] = null,
            ["dest_project"] = service.Project.Name,
            ["dest_service"] = null,
            ["dest_service_type"] = type,
            ["dest_endpoint"] = endpoint?.Name,
            ["dest_endpoint_id"] = endpoint?.Id,
            ["user_config"] = new JsonObject(),
        };
}
