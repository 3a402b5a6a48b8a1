using System.Text.Json.Nodes;
using AivenMetrics.Simulator.Api;
using AivenMetrics.Simulator.Dns;
using AivenMetrics.Simulator.Nodes;
using AivenMetrics.Simulator.World;

namespace AivenMetrics.Simulator.Admin;

/// <summary>Shows the whole simulation as JSON.</summary>
internal sealed class StateView(SimulatorOptions options, DnsServer dns, NodeAddresses addresses)
{
    public JsonObject Show(ApiCall call) =>
        new()
        {
            ["dns"] = dns.EndPoint?.ToString(),
            ["node_network"] = addresses.Network,
            ["metrics_port"] = NodeAddresses.MetricsPort,
            ["projects"] = new JsonArray([.. call.World.Projects.Select(project => JsonValue.Create(project.Name))]),
            ["ca_certificate"] = call.World.Project(options.Project).Authority.Pem,
            ["ca_certificates"] = new JsonObject([
                .. call.World.Projects.Select(project => KeyValuePair.Create<string, JsonNode?>(project.Name, project.Authority.Pem)),
            ]),
            ["settings"] = Settings(call.World.Settings),
            ["services"] = new JsonArray([.. call.World.Services.Select(service => Service(service, call.Now))]),
        };

    public JsonObject Seed(ApiCall call) =>
        new()
        {
            ["organizations"] = new JsonArray([
                .. DemoSeed.Organizations.Select(organization => new JsonObject
                {
                    ["organization_id"] = organization.Id,
                    ["name"] = organization.Name,
                }),
            ]),
            ["spaces"] = new JsonArray([
                .. DemoSeed.Spaces.Select(space => new JsonObject
                {
                    ["space_id"] = space.Id,
                    ["name"] = space.Name,
                    ["organization_id"] = space.OrganizationId,
                }),
            ]),
            ["services"] = new JsonArray([
                .. DemoSeed
                    .Services(options.Project)
                    .Select(service => new JsonObject
                    {
                        ["project"] = service.Project,
                        ["name"] = service.Name,
                        ["type"] = service.Type,
                        ["plan"] = service.Plan,
                        ["organization_id"] = service.OrganizationId,
                        ["space_id"] = service.SpaceId,
                        ["service_instance_id"] = service.ServiceInstanceId,
                        ["service_instance_name"] = service.ServiceInstanceName,
                        ["powered"] = service.Powered,
                    }),
            ]),
        };

    public static JsonObject Settings(WorldSettings settings) =>
        new()
        {
            ["integration_delay_seconds"] = settings.IntegrationDelay.TotalSeconds,
            ["listener_delay_seconds"] = settings.ListenerDelay.TotalSeconds,
            ["not_found_window_seconds"] = settings.NotFoundWindow.TotalSeconds,
            ["build_time_seconds"] = settings.BuildTime.TotalSeconds,
            ["endpoint_delete_cascades"] = settings.EndpointDeleteCascades,
            ["powered_off_conflicts"] = settings.PoweredOffConflicts,
            ["bad_token_forbidden"] = settings.BadTokenForbidden,
        };

    public static JsonObject Service(AivenService service, DateTimeOffset now) =>
        new()
        {
            ["project"] = service.Project.Name,
            ["name"] = service.Name,
            ["type"] = service.Type.Name,
            ["plan"] = service.Plan,
            ["state"] = service.State,
            ["host"] = service.Host,
            ["replica_host"] = service.Type.Standby ? service.ReplicaHost : null,
            ["tags"] = TagCalls.View(service.Tags),
            ["integrations"] = new JsonArray([
                .. service.Integrations.Select(integration => new JsonObject
                {
                    ["id"] = integration.Id,
                    ["type"] = integration.Type,
                    ["endpoint_id"] = integration.Endpoint.Id,
                    ["active"] = service.IsActive(integration, now),
                }),
            ]),
            ["nodes"] = new JsonArray([
                .. service.Nodes.Select(node => new JsonObject
                {
                    ["name"] = node.Name,
                    ["address"] = node.Address.ToString(),
                    ["standby"] = node.Standby,
                    ["state"] = node.State(now),
                    ["listening"] = service.IsListening(node, now),
                }),
            ]),
        };
}
