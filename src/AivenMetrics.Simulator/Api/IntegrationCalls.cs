using System.Text.Json.Nodes;
using AivenMetrics.Simulator.World;

namespace AivenMetrics.Simulator.Api;

/// <summary>Service integrations.</summary>
internal static class IntegrationCalls
{
    public static JsonObject OfService(ApiCall call) =>
        new()
        {
            ["service_integrations"] = new JsonArray([
                .. call.Service.Integrations.Select(integration => IntegrationView.Of(call.Service, integration, call.Now)),
                .. IntegrationView.Placeholders(call.Service),
            ]),
        };

    public static JsonObject Create(ApiCall call)
    {
        foreach (var field in new[] { "source_project", "dest_project" })
        {
            if (call.Body.OptionalText(field) is { } project && project != call.Project.Name)
            {
                throw AivenErrors.ProjectMismatch();
            }
        }

        var service = call.World.Service(call.PathValues[0], call.Body.Text("source_service"));
        return CreateResponse(service, Add(call, service, call.Body), call.Now);
    }

    public static JsonObject Get(ApiCall call)
    {
        var (service, integration) = Find(call);
        if (call.Now < integration.FoundAt)
        {
            throw AivenErrors.NoIntegration();
        }
        return CreateResponse(service, integration, call.Now);
    }

    public static JsonObject Update(ApiCall call)
    {
        var (service, integration) = Find(call);
        var userConfig = call.Body.Object("user_config");
        ValidateUserConfig(integration.Type, userConfig);
        if (JsonNode.DeepEquals(userConfig, integration.UserConfig))
        {
            throw AivenErrors.Unchanged();
        }
        integration.UserConfig = userConfig;
        return CreateResponse(service, integration, call.Now);
    }

    public static JsonObject Delete(ApiCall call)
    {
        var (service, integration) = Find(call);
        service.Integrations.Remove(integration);
        return new() { ["message"] = "deleted" };
    }

    /// <summary>Creates an integration of a service, from its own call or inline with the creation of the service.</summary>
    /// <exception cref="AivenApiException">400, 403, 404 or 409.</exception>
    public static Integration Add(ApiCall call, AivenService service, RequestFields wanted)
    {
        var type = wanted.Text("integration_type");
        if (ProjectCalls.EndpointTypes().FirstOrDefault(known => known.Name == type) is not { Name: not null } known)
        {
            throw AivenErrors.Invalid($"Invalid integration_type: {type} is not simulated");
        }
        if (wanted.Has("dest_service") || wanted.Has("source_endpoint_id"))
        {
            throw AivenErrors.Invalid($"Invalid destination: a {type} integration goes from source_service to dest_endpoint_id");
        }
        var userConfig = wanted.OptionalObject("user_config") ?? [];
        ValidateUserConfig(type, userConfig);
        var endpoint = EndpointCalls.Find(service.Project, wanted.Text("dest_endpoint_id"));
        if (endpoint.Type != type)
        {
            throw AivenErrors.Invalid($"Invalid dest_endpoint_id: its endpoint is of type {endpoint.Type}");
        }
        if (!known.Sources.Contains(service.Type.Name))
        {
            throw AivenErrors.TypeNotAllowed(service.Type.Name, type);
        }
        if (!ServiceTypes.HasIntegrations(service.Plan))
        {
            throw AivenErrors.PlanWithoutIntegrations();
        }
        if (service.PoweredOff && call.World.Settings.PoweredOffConflicts)
        {
            throw AivenErrors.NotPowered();
        }
        if (service.Integrations.Find(integration => integration.Type == type) is { } present)
        {
            throw present.Endpoint == endpoint ? AivenErrors.IntegrationExists() : AivenErrors.OnePerType();
        }
        var made = new Integration(Guid.NewGuid().ToString(), type, endpoint, call.Now, call.World.Settings) { UserConfig = userConfig };
        service.Integrations.Add(made);
        return made;
    }

    private static void ValidateUserConfig(string type, JsonObject userConfig)
    {
        if (type == "prometheus" && userConfig.FirstOrDefault(pair => pair.Key != "source_mysql").Key is { } unknown)
        {
            throw AivenErrors.Invalid($"Invalid user_config: unknown option {unknown}");
        }
    }

    private static (AivenService Service, Integration Integration) Find(ApiCall call)
    {
        foreach (var service in call.Project.Services.Values)
        {
            if (service.Integrations.Find(integration => integration.Id == call.PathValues[1]) is { } found)
            {
                return (service, found);
            }
        }

        throw AivenErrors.NoIntegration();
    }

    private static JsonObject CreateResponse(AivenService service, Integration integration, DateTimeOffset now) =>
        new() { ["service_integration"] = IntegrationView.Of(service, integration, now) };
}
