using System.Text.Json.Nodes;
using AivenMetrics.Simulator.Api;
using AivenMetrics.Simulator.Nodes;
using AivenMetrics.Simulator.World;

namespace AivenMetrics.Simulator.Admin;

/// <summary>Admin endpoints that change the simulation, without the delays and conditions of the API.</summary>
internal static class AdminWorld
{
    private static readonly TimeSpan Overlap = TimeSpan.FromSeconds(10);

    public static JsonObject ChangeSettings(ApiCall call)
    {
        var (body, old) = (call.Body, call.World.Settings);
        call.World.Settings = new(
            body.OptionalSeconds("integration_delay_seconds") ?? old.IntegrationDelay,
            body.OptionalSeconds("listener_delay_seconds") ?? old.ListenerDelay,
            body.OptionalSeconds("not_found_window_seconds") ?? old.NotFoundWindow,
            body.OptionalSeconds("build_time_seconds") ?? old.BuildTime
        )
        {
            EndpointDeleteCascades = body.OptionalFlag("endpoint_delete_cascades") ?? old.EndpointDeleteCascades,
            PoweredOffConflicts = body.OptionalFlag("powered_off_conflicts") ?? old.PoweredOffConflicts,
            BadTokenForbidden = body.OptionalFlag("bad_token_forbidden") ?? old.BadTokenForbidden,
        };
        return StateView.Settings(call.World.Settings);
    }

    public static JsonObject CreateProject(ApiCall call)
    {
        if (!AivenProject.IsName(call.PathValues[0]))
        {
            throw AivenErrors.Invalid("Invalid project name: use 1 to 63 lower-case letters, digits and hyphens, starting with a letter");
        }
        var project = call.World.AddProject(call.PathValues[0], call.Now);
        return new() { ["project"] = project.Name, ["ca_certificate"] = project.Authority.Pem };
    }

    public static JsonObject CreateService(ApiCall call)
    {
        var (name, type) = (call.Body.Text("name"), call.Body.Text("type"));
        var tags = TagCalls.Read(call.Body.OptionalObject("tags") ?? []);
        var powered = call.Body.OptionalFlag("powered") ?? true;
        var plan = call.Body.OptionalText("plan") ?? "startup-4";
        var service = call.World.AddService(call.Project, name, type, plan, call.Now, TimeSpan.Zero);
        service.Tags = tags;
        service.Build(call.Now, call.Now);
        if (!powered)
        {
            service.PowerOff();
        }
        return StateView.Service(service, call.Now);
    }

    public static JsonObject ChangeService(ApiCall call)
    {
        var (service, body) = (call.Service, call.Body);
        var (plan, type, state) = (body.OptionalText("plan"), body.OptionalText("type"), body.OptionalText("state"));
        var tags = body.OptionalObject("tags") is { } given ? TagCalls.Read(given) : service.Tags;
        if (plan is not null && !ServiceTypes.IsPlan(plan))
        {
            throw AivenErrors.Invalid($"Invalid plan: {plan}");
        }
        if (type is not null && !ServiceTypes.All.ContainsKey(type))
        {
            throw AivenErrors.Invalid($"Invalid type: {type}");
        }
        if (state is not (null or ServiceState.Running or ServiceState.Rebalancing or ServiceState.Rebuilding or ServiceState.Poweroff))
        {
            throw AivenErrors.Invalid("Invalid state: it must be RUNNING, REBALANCING, REBUILDING or POWEROFF");
        }
        (service.Plan, service.Tags, service.UpdatedAt) = (plan ?? service.Plan, tags, call.Now);
        service.Type = type is null ? service.Type : ServiceTypes.All[type];
        if (state == ServiceState.Poweroff)
        {
            service.PowerOff();
        }
        else if (state is not null && service.PoweredOff)
        {
            service.Build(call.Now, call.Now);
        }
        // A state set by the admin API lasts until it is set again.
        if (state is not null)
        {
            service.SetState(state, null);
        }
        return StateView.Service(service, call.Now);
    }

    public static JsonObject DeleteService(ApiCall call)
    {
        AivenWorld.Delete(call.Service);
        return [];
    }

    public static JsonObject PowerOff(ApiCall call)
    {
        call.Service.PowerOff();
        call.Service.UpdatedAt = call.Now;
        return StateView.Service(call.Service, call.Now);
    }

    public static JsonObject PowerOn(ApiCall call)
    {
        var build = call.Body.OptionalSeconds("build_seconds") ?? TimeSpan.Zero;
        if (call.Service.PoweredOff)
        {
            call.Service.Build(call.Now, call.Now + build);
        }
        call.Service.UpdatedAt = call.Now;
        return StateView.Service(call.Service, call.Now);
    }

    public static JsonObject ReplaceNode(ApiCall call)
    {
        var (service, old) = (call.Service, Node(call));
        if (old.LeavesAt is not null)
        {
            throw AivenErrors.Invalid($"Node {old.Name} is already leaving");
        }
        var joinsAt = call.Now + (call.Body.OptionalSeconds("join_seconds") ?? TimeSpan.Zero);
        var leavesAt = call.Now + (call.Body.OptionalSeconds("leave_seconds") ?? Overlap);
        var added = service.Replace(old, joinsAt, leavesAt);
        service.Advance(call.Now);
        return new()
        {
            ["old"] = new JsonObject { ["name"] = old.Name, ["address"] = old.Address.ToString() },
            ["new"] = new JsonObject { ["name"] = added.Name, ["address"] = added.Address.ToString() },
        };
    }

    public static JsonObject SetPort(ApiCall call)
    {
        Node(call).PortOpen = call.Body.OptionalFlag("open") ?? throw AivenErrors.Invalid("Missing required field: open");
        return StateView.Service(call.Service, call.Now);
    }

    public static JsonObject SetCertificate(ApiCall call)
    {
        Node(call).Certificate = call.Body.Text("kind") switch
        {
            "project" => CertificateKind.Project,
            "other-authority" => CertificateKind.OtherAuthority,
            "other-host" => CertificateKind.OtherHost,
            "expired" => CertificateKind.Expired,
            _ => throw AivenErrors.Invalid("Invalid kind: it must be project, other-authority, other-host or expired"),
        };
        return StateView.Service(call.Service, call.Now);
    }

    // A node is identified by its name, or by its number alone.
    private static AivenNode Node(ApiCall call) =>
        call.Service.Nodes.Find(node => node.Name == call.PathValues[2] || node.Name == $"{call.Service.Name}-{call.PathValues[2]}")
        ?? throw new AivenApiException(404, $"Service {call.Service.Name} has no node {call.PathValues[2]}", "not_found");
}
