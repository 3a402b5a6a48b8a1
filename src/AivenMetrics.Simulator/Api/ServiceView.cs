using System.Globalization;
using System.Text.Json.Nodes;
using AivenMetrics.Simulator.Nodes;
using AivenMetrics.Simulator.World;

namespace AivenMetrics.Simulator.Api;

/// <summary>Shows a service as JSON.</summary>
internal static class ServiceView
{
    public static JsonObject Of(AivenService service, DateTimeOffset now, bool secrets)
    {
        var password = secrets ? service.Password : "<redacted>";
        return new()
        {
            ["service_name"] = service.Name,
            ["service_type"] = service.Type.Name,
            ["service_type_description"] = service.Type.Description,
            ["state"] = service.State,
            ["plan"] = service.Plan,
            ["cloud_name"] = service.Cloud,
            ["cloud_description"] = "Simulated cloud " + service.Cloud,
            ["node_count"] = service.PlannedNodes,
            ["node_cpu_count"] = 2,
            ["node_memory_mb"] = 4096,
            ["disk_space_mb"] = 179200,
            ["node_states"] = new JsonArray([.. service.Nodes.Select(node => NodeState(service, node, now))]),
            ["service_uri"] = service.PoweredOff ? null : $"{Scheme(service)}://avnadmin:{password}@{service.Host}:{Port(service, 0)}",
            ["service_uri_params"] = service.PoweredOff ? new JsonObject() : UriParams(service, password),
            ["components"] = Components(service),
            ["connection_info"] = new JsonObject(),
            ["service_integrations"] = new JsonArray([
                .. service.Integrations.Select(integration => IntegrationView.Of(service, integration, now)),
            ]),
            ["tags"] = TagCalls.View(service.Tags),
            ["user_config"] = service.UserConfig.DeepClone(),
            ["project_vpc_id"] = null,
            ["group_list"] = new JsonArray("default"),
            ["termination_protection"] = service.TerminationProtection,
            ["maintenance"] = new JsonObject
            {
                ["dow"] = service.Maintenance.Dow,
                ["enabled"] = true,
                ["time"] = service.Maintenance.Time,
                ["updates"] = new JsonArray(),
            },
            ["backups"] = new JsonArray(),
            ["users"] = new JsonArray(
                new JsonObject
                {
                    ["username"] = "avnadmin",
                    ["type"] = "primary",
                    ["password"] = password,
                }
            ),
            ["metadata"] = new JsonObject(),
            ["features"] = new JsonObject(),
            ["service_notifications"] = new JsonArray(),
            // Aiven uses both time formats; clients must support both.
            ["create_time"] = service.CreatedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            ["update_time"] = service.UpdatedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'+00:00'", CultureInfo.InvariantCulture),
        };
    }

    private static JsonObject NodeState(AivenService service, AivenNode node, DateTimeOffset now)
    {
        var state = new JsonObject
        {
            ["name"] = node.Name,
            ["state"] = node.State(now),
            ["availability_zone"] = "eu-west-2" + "abc"[service.Nodes.IndexOf(node) % 3],
            ["progress_updates"] = new JsonArray(),
        };
        if (service.Type.Standby)
        {
            state["role"] = node.Standby ? "standby" : "master";
        }
        return state;
    }

    private static JsonObject UriParams(AivenService service, string password)
    {
        var parameters = new JsonObject { ["host"] = service.Host, ["port"] = Port(service, 0).ToString(CultureInfo.InvariantCulture) };
        if (service.Type.Name != "kafka")
        {
            (parameters["user"], parameters["password"]) = ("avnadmin", password);
        }
        if (service.Type.Name is "pg" or "mysql" or "influxdb")
        {
            parameters["dbname"] = "defaultdb";
        }
        if (service.Type.Name == "pg")
        {
            parameters["sslmode"] = "require";
        }
        if (service.Type.Name == "mysql")
        {
            parameters["ssl-mode"] = "REQUIRED";
        }
        return parameters;
    }

    // The prometheus components exist while the integration does. A service with standbys also has the replica- name.
    private static JsonArray Components(AivenService service)
    {
        var rows = new JsonArray();
        if (service.PoweredOff)
        {
            return rows;
        }
        foreach (var (name, index) in service.Type.MoreComponents.Prepend(service.Type.Name).Select((name, index) => (name, index)))
        {
            AddRows(name, Port(service, index), null);
        }
        if (service.Prometheus is not null)
        {
            AddRows("prometheus", NodeAddresses.MetricsPort, "/metrics");
        }
        return rows;

        void AddRows(string name, int port, string? path)
        {
            rows.Add(Component(name, service.Host, port, "primary", path));
            if (service.Type.Standby && service.PlannedNodes > 1)
            {
                rows.Add(Component(name, service.ReplicaHost, port, "replica", path));
            }
        }
    }

    private static JsonObject Component(string name, string host, int port, string usage, string? path)
    {
        var row = new JsonObject
        {
            ["component"] = name,
            ["host"] = host,
            ["port"] = port,
            ["route"] = "dynamic",
            ["usage"] = usage,
        };
        if (path is not null)
        {
            row["path"] = path;
        }
        return row;
    }

    private static string Scheme(AivenService service) =>
        service.Type.Name switch
        {
            "pg" => "postgres",
            "mysql" => "mysql",
            "valkey" or "dragonfly" => "valkeys",
            "redis" => "rediss",
            _ => "https",
        };

    // Ports are offsets from a base per project, between 10000 and 30000.
    private static int Port(AivenService service, int component) =>
        10000 + (service.Project.Name.Sum(letter => letter * 37) % 19000) + (service.Type.Name.Sum(letter => letter) % 90) + component;
}
