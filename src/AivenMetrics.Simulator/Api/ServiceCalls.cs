using System.Text.Json.Nodes;
using AivenMetrics.Simulator.World;

namespace AivenMetrics.Simulator.Api;

/// <summary>Services: list, read, create, change, delete.</summary>
internal static class ServiceCalls
{
    public static JsonObject List(ApiCall call)
    {
        var secrets = call.IncludeSecrets;
        var services = call.Project.Services.Values.Select(service => ServiceView.Of(service, call.Now, secrets));
        return new() { ["services"] = new JsonArray([.. services]) };
    }

    public static JsonObject Get(ApiCall call)
    {
        var secrets = call.IncludeSecrets;
        if (call.Now < call.Service.FoundAt)
        {
            throw AivenErrors.NoService(call.Service.Name);
        }
        return new() { ["service"] = ServiceView.Of(call.Service, call.Now, secrets) };
    }

    public static JsonObject Create(ApiCall call)
    {
        var (name, type, plan) = (call.Body.Text("service_name"), call.Body.Text("service_type"), call.Body.Text("plan"));
        var (cloud, userConfig) = (call.Body.OptionalText("cloud"), call.Body.OptionalObject("user_config"));
        var maintenance = ReadMaintenance(call.Body);
        var protection = call.Body.OptionalFlag("termination_protection");
        var tags = TagCalls.Read(call.Body.OptionalObject("tags") ?? []);
        var integrations = call.Body.OptionalObjects("service_integrations");
        var service = call.World.AddService(call.Project, name, type, plan, call.Now, call.World.Settings.NotFoundWindow);
        try
        {
            service.Cloud = cloud ?? service.Cloud;
            service.Tags = tags;
            service.Maintenance = maintenance ?? service.Maintenance;
            service.TerminationProtection = protection ?? false;
            Merge(service, userConfig);
            service.Build(call.Now, call.Now + call.World.Settings.BuildTime);
            foreach (var integration in integrations)
            {
                IntegrationCalls.Add(call, service, integration);
            }
        }
        catch
        {
            // An invalid inline integration must not leave an incomplete service.
            AivenWorld.Delete(service);
            throw;
        }

        return new() { ["service"] = ServiceView.Of(service, call.Now, secrets: false) };
    }

    public static JsonObject Update(ApiCall call)
    {
        var (service, settings) = (call.Service, call.World.Settings);
        var (powered, plan, cloud) = (call.Body.OptionalFlag("powered"), call.Body.OptionalText("plan"), call.Body.OptionalText("cloud"));
        var (userConfig, maintenance) = (call.Body.OptionalObject("user_config"), ReadMaintenance(call.Body));
        var protection = call.Body.OptionalFlag("termination_protection") ?? service.TerminationProtection;
        if (plan is not null && !ServiceTypes.IsPlan(plan))
        {
            throw AivenErrors.Invalid($"Invalid plan for service type {service.Type.Name}: {plan}");
        }
        if (powered == false && protection)
        {
            throw AivenErrors.Protected();
        }

        var moves = (plan ?? service.Plan, cloud ?? service.Cloud) != (service.Plan, service.Cloud);
        (service.Plan, service.Cloud) = (plan ?? service.Plan, cloud ?? service.Cloud);
        (service.TerminationProtection, service.Maintenance) = (protection, maintenance ?? service.Maintenance);
        Merge(service, userConfig);
        if (powered == false)
        {
            service.PowerOff();
        }
        else if (powered == true && service.PoweredOff)
        {
            service.Build(call.Now, call.Now + settings.BuildTime);
        }
        else if (moves && !service.PoweredOff)
        {
            service.Rebuild(call.Now, settings.BuildTime);
        }
        service.UpdatedAt = call.Now;
        return new() { ["service"] = ServiceView.Of(service, call.Now, secrets: false) };
    }

    public static JsonObject Delete(ApiCall call)
    {
        if (call.Service.TerminationProtection)
        {
            throw AivenErrors.Protected();
        }
        AivenWorld.Delete(call.Service);
        return new() { ["message"] = "deleted" };
    }

    // user_config is merged by key: other keys are kept.
    private static void Merge(AivenService service, JsonObject? changes)
    {
        foreach (var (key, value) in changes ?? [])
        {
            service.UserConfig[key] = value?.DeepClone();
        }
    }

    private static (string Dow, string Time)? ReadMaintenance(RequestFields body)
    {
        if (body.OptionalObject("maintenance") is not { } maintenance)
        {
            return null;
        }
        var fields = new RequestFields(maintenance);
        return (fields.OptionalText("dow") ?? "sunday", fields.OptionalText("time") ?? "10:00:00");
    }
}
