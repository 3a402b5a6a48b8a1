using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.Simulator;

namespace AivenMetrics.Lab.Demo;

/// <summary>Describes the running demo for other programs. Members may be added to the file, but never changed or removed.</summary>
internal static class ReadyFile
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static void Write(string path, DemoStack stack, IReadOnlyList<DemoTenant> tenants, string data)
    {
        var ready = new JsonObject
        {
            ["broker"] = new JsonObject
            {
                ["url"] = stack.BrokerUrl,
                ["username"] = stack.BrokerUsername,
                ["password"] = stack.BrokerPassword,
            },
            ["gateway"] = new JsonObject { ["url"] = stack.GatewayUrl },
            ["simulator"] = new JsonObject
            {
                ["url"] = stack.SimulatorUrl,
                ["admin_url"] = $"{stack.SimulatorUrl}/simulator/v1",
                ["token"] = stack.SimulatorToken,
                ["projects"] = new JsonArray(DemoStack.Project),
            },
            ["prometheus"] = new JsonArray([.. stack.PrometheusUrls.Select(url => new JsonObject { ["url"] = url })]),
            ["tenants"] = new JsonArray([.. tenants.Select(Tenant)]),
            ["services"] = new JsonArray([.. DemoSeed.Services(DemoStack.Project).Select(Service)]),
            ["processes"] = new JsonObject([
                .. stack.Processes.Select(process => KeyValuePair.Create(process.Name, (JsonNode?)process.Id)),
            ]),
            ["data"] = data,
        };
        var temporary = path + ".new";
        using (
            var file = new FileStream(
                temporary,
                new FileStreamOptions
                {
                    Mode = FileMode.Create,
                    Access = FileAccess.Write,
                    UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                }
            )
        )
        {
            JsonSerializer.Serialize(file, ready, Indented);
        }

        File.Move(temporary, path, overwrite: true);
    }

    private static JsonObject Tenant(DemoTenant tenant) =>
        new()
        {
            ["organization_id"] = tenant.OrganizationId,
            ["space_id"] = tenant.SpaceId,
            ["instance_id"] = tenant.InstanceId,
            ["binding_id"] = tenant.BindingId,
            ["service_id"] = tenant.ServiceId,
            ["plan_id"] = tenant.PlanId,
            ["credentials"] = tenant.Credentials.DeepClone(),
        };

    private static JsonObject Service(DemoService service) =>
        new()
        {
            ["project"] = service.Project,
            ["name"] = service.Name,
            ["type"] = service.Type,
            ["organization_id"] = service.OrganizationId,
            ["space_id"] = service.SpaceId,
            ["service_instance_id"] = service.ServiceInstanceId,
        };
}
