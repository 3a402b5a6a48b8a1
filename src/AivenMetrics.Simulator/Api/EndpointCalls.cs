using System.Security.Cryptography;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AivenMetrics.Simulator.Nodes;
using AivenMetrics.Simulator.World;

namespace AivenMetrics.Simulator.Api;

/// <summary>Integration endpoints. Those of type <c>prometheus</c> contain the credentials of the metrics listeners.</summary>
internal static partial class EndpointCalls
{
    private const string Redacted = "<redacted>";

    public static JsonObject List(ApiCall call) =>
        new()
        {
            // The list never shows secrets; the API documents no parameter for it.
            ["service_integration_endpoints"] = new JsonArray([
                .. call.Project.Endpoints.Select(endpoint => View(endpoint, secrets: false)),
            ]),
        };

    public static JsonObject Get(ApiCall call) => CreateResponse(Find(call), call.IncludeSecrets);

    public static JsonObject Create(ApiCall call)
    {
        var (name, type) = (call.Body.Text("endpoint_name"), call.Body.Text("endpoint_type"));
        if (name.Length is < 1 or > 40)
        {
            throw AivenErrors.Invalid("Invalid endpoint_name: it must be 1-40 characters long");
        }
        if (!ProjectCalls.EndpointTypes().Any(known => known.Name == type))
        {
            throw AivenErrors.Invalid($"Invalid endpoint_type: {type} is not simulated");
        }
        var userConfig = ValidateUserConfig(type, call.Body.Object("user_config"));
        if (call.Project.Endpoints.Exists(endpoint => (endpoint.Name, endpoint.Type) == (name, type)))
        {
            throw AivenErrors.EndpointExists();
        }
        if (type == "prometheus")
        {
            // Aiven generates missing credentials.
            userConfig.TryAdd("basic_auth_username", "prom" + RandomNumberGenerator.GetInt32(1000, 10000).ToString("d4", null));
            userConfig.TryAdd("basic_auth_password", RandomNumberGenerator.GetHexString(32, lowercase: true));
        }

        var endpoint = new IntegrationEndpoint(Guid.NewGuid().ToString(), name, type) { UserConfig = userConfig };
        call.Project.Endpoints.Add(endpoint);
        return CreateResponse(endpoint, secrets: false);
    }

    public static JsonObject Update(ApiCall call)
    {
        var endpoint = Find(call);
        var changed = (JsonObject)endpoint.UserConfig.DeepClone();
        foreach (var (key, value) in ValidateUserConfig(endpoint.Type, call.Body.Object("user_config")))
        {
            changed[key] = value?.DeepClone();
        }
        if (JsonNode.DeepEquals(changed, endpoint.UserConfig))
        {
            throw AivenErrors.Unchanged();
        }
        endpoint.UserConfig = changed;
        return CreateResponse(endpoint, secrets: false);
    }

    public static JsonObject Delete(ApiCall call)
    {
        var endpoint = Find(call);
        var users = call.World.Services.Where(service => service.Integrations.Exists(made => made.Endpoint == endpoint)).ToList();
        if (users.Count > 0 && !call.World.Settings.EndpointDeleteCascades)
        {
            throw AivenErrors.EndpointInUse();
        }
        foreach (var service in users)
        {
            service.Integrations.RemoveAll(integration => integration.Endpoint == endpoint);
        }
        call.Project.Endpoints.Remove(endpoint);
        return new() { ["message"] = "deleted" };
    }

    /// <exception cref="AivenApiException">404.</exception>
    public static IntegrationEndpoint Find(AivenProject project, string id) =>
        project.Endpoints.Find(endpoint => endpoint.Id == id) ?? throw AivenErrors.NoEndpoint();

    private static IntegrationEndpoint Find(ApiCall call) => Find(call.Project, call.PathValues[1]);

    private static JsonObject ValidateUserConfig(string type, JsonObject userConfig)
    {
        if (type != "prometheus")
        {
            return userConfig;
        }
        var fields = new RequestFields(userConfig);
        if (userConfig.FirstOrDefault(pair => pair.Key is not ("basic_auth_username" or "basic_auth_password")).Key is { } unknown)
        {
            throw AivenErrors.Invalid($"Invalid user_config: unknown option {unknown}");
        }
        if (fields.OptionalText("basic_auth_username") is { } user && !Username().IsMatch(user))
        {
            throw AivenErrors.Invalid(
                "Invalid basic_auth_username: Must be 5-32 characters long and may contain only lower case letters and numbers."
            );
        }

        if (fields.OptionalText("basic_auth_password") is { Length: < 8 or > 256 })
        {
            throw AivenErrors.Invalid("Invalid basic_auth_password: it must be 8-256 characters long");
        }
        foreach (var missing in userConfig.Where(pair => pair.Value is null).Select(pair => pair.Key).ToList())
        {
            userConfig.Remove(missing);
        }
        return userConfig;
    }

    private static JsonObject CreateResponse(IntegrationEndpoint endpoint, bool secrets) =>
        new() { ["service_integration_endpoint"] = View(endpoint, secrets) };

    private static JsonObject View(IntegrationEndpoint endpoint, bool secrets)
    {
        var endpointConfig = new JsonObject();
        if (endpoint.Type == "prometheus")
        {
            endpointConfig["client_port"] = NodeAddresses.MetricsPort;
        }
        var userConfig = (JsonObject)endpoint.UserConfig.DeepClone();
        foreach (var secret in userConfig.Select(pair => pair.Key).Where(key => key is "basic_auth_password" or "datadog_api_key").ToList())
        {
            userConfig[secret] = secrets ? userConfig[secret]?.DeepClone() : Redacted;
        }
        return new()
        {
            ["endpoint_id"] = endpoint.Id,
            ["endpoint_name"] = endpoint.Name,
            ["endpoint_type"] = endpoint.Type,
            ["endpoint_config"] = endpointConfig,
            ["user_config"] = userConfig,
        };
    }

    [GeneratedRegex(@"\A[a-z0-9\-@_]{5,32}\z")]
    private static partial Regex Username();
}
