using System.Text.Json.Nodes;
using AivenMetrics.Simulator.World;

namespace AivenMetrics.Simulator.Api;

/// <summary>Projects, their CA, and the catalogues of types.</summary>
internal static class ProjectCalls
{
    public static JsonObject List(ApiCall call) =>
        new()
        {
            ["projects"] = new JsonArray([.. call.World.Projects.Select(Describe)]),
            ["project_membership"] = new JsonObject([
                .. call.World.Projects.Select(project => KeyValuePair.Create<string, JsonNode?>(project.Name, "operator")),
            ]),
        };

    public static JsonObject Get(ApiCall call) => new() { ["project"] = Describe(call.Project) };

    public static JsonObject Ca(ApiCall call) => new() { ["certificate"] = call.Project.Authority.Pem };

    public static JsonObject ServiceTypeList(ApiCall call)
    {
        _ = call.Project;
        return new()
        {
            ["service_types"] = new JsonObject([
                .. ServiceTypes.All.Values.Select(type =>
                    KeyValuePair.Create<string, JsonNode?>(type.Name, new JsonObject { ["description"] = type.Description })
                ),
            ]),
        };
    }

    public static JsonObject IntegrationTypes(ApiCall call)
    {
        _ = call.Project;
        return new()
        {
            ["integration_types"] = new JsonArray([
                .. EndpointTypes()
                    .Select(type => new JsonObject
                    {
                        ["integration_type"] = type.Name,
                        ["source_description"] = "Source service",
                        ["source_service_types"] = Names(type.Sources),
                        ["dest_description"] = type.Title,
                        ["dest_service_type"] = type.Name,
                        ["dest_service_types"] = new JsonArray(type.Name),
                        ["user_config_schema"] = Schema("source_mysql"),
                    }),
            ]),
        };
    }

    public static JsonObject EndpointTypes(ApiCall call)
    {
        _ = call.Project;
        return new()
        {
            ["endpoint_types"] = new JsonArray([
                .. EndpointTypes()
                    .Select(type => new JsonObject
                    {
                        ["endpoint_type"] = type.Name,
                        ["title"] = type.Title,
                        ["service_types"] = Names(type.Sources),
                        ["user_config_schema"] = Schema([.. type.ConfigKeys]),
                    }),
            ]),
        };
    }

    /// <summary>
    /// The endpoint types. <c>prometheus</c> is simulated completely; the others exist so that a service can have integrations that
    /// do not belong to the broker.
    /// </summary>
    public static IEnumerable<(string Name, string Title, IEnumerable<string> Sources, string[] ConfigKeys)> EndpointTypes() =>
        [
            (
                "prometheus",
                "Send service metrics to Prometheus",
                ServiceTypes.WithPrometheus,
                ["basic_auth_username", "basic_auth_password"]
            ),
            ("datadog", "Send service metrics to Datadog", ServiceTypes.Names, ["datadog_api_key", "site"]),
            ("rsyslog", "Send service logs to rsyslog", ServiceTypes.Names, ["server", "port", "format", "tls"]),
        ];

    private static JsonArray Names(IEnumerable<string> names) => new([.. names.Select(name => JsonValue.Create(name))]);

    private static JsonObject Schema(params string[] keys) =>
        new()
        {
            ["type"] = "object",
            ["properties"] = new JsonObject([.. keys.Select(key => KeyValuePair.Create<string, JsonNode?>(key, new JsonObject()))]),
        };

    private static JsonObject Describe(AivenProject project) =>
        new()
        {
            ["project_name"] = project.Name,
            ["account_id"] = "a1b2c3d4e5f6",
            ["account_name"] = "Demo",
            ["organization_id"] = "org1a2b3c4d5e6",
            ["default_cloud"] = "aws-eu-west-2",
            ["country_code"] = "GB",
            ["billing_currency"] = "GBP",
            ["billing_emails"] = new JsonArray(),
            ["card_info"] = null,
            ["credit_card"] = false,
            ["payment_method"] = "custom",
            ["available_credits"] = "0.00",
            ["estimated_balance"] = "12.00",
            ["estimated_balance_local"] = "9.50",
            ["features"] = new JsonObject(),
            ["tags"] = new JsonObject(),
            ["tech_emails"] = new JsonArray(),
            ["tenant_id"] = "aiven",
            ["trial_expiration_time"] = null,
            ["vat_id"] = "",
            ["vat_zero"] = false,
        };
}
