using System.CommandLine;
using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Lifecycle;
using AivenMetrics.StrictPlatform.Rules;

namespace AivenMetrics.Lab.PlatformCli;

/// <summary><c>create-service</c>, <c>update-service</c>, <c>delete-service</c>.</summary>
internal static class InstanceCommands
{
    private static readonly Argument<string> OfferingName = new("offering") { Description = "Name of the offering, as catalog shows it." };
    private static readonly Argument<string> PlanName = new("plan") { Description = "Name of the plan." };
    private static readonly Argument<string> InstanceName = new("instance") { Description = "Name of the instance." };
    private static readonly Option<string?> Parameters = ParametersOption();
    private static readonly Option<string?> InstanceId = PlatformOptions.Text("--instance-id", "Id of the new instance. Default: a new GUID.", "id");
    private static readonly Option<string?> NewPlan = PlatformOptions.Text("--plan", "Name of the new plan. Default: the plan stays.", "name");
    private static readonly Option<string?> NewName = PlatformOptions.Text("--name", "New name of the instance, sent in the context. Default: the name stays.", "name");

    public static Option<string?> ParametersOption() => new("--parameters", "-c") { Description = "Parameters: a JSON object, or @ and the name of a file that holds one. Default: none.", HelpName = "json or @file" };

    public static Command Create()
    {
        var command = new Command("create-service", "Makes an instance: create-service metrics space my-metrics.")
        {
            OfferingName, PlanName, InstanceName, Parameters, InstanceId,
            PlatformOptions.Organization, PlatformOptions.OrganizationName, PlatformOptions.Space, PlatformOptions.SpaceName,
        };
        command.SetAction((parsed, ct) => PlatformSession.Do(parsed, session => Create(session, parsed, ct)));
        return command;
    }

    public static Command Update()
    {
        var command = new Command("update-service", "Changes the plan, the parameters or the name of an instance.") { InstanceName, Parameters, NewPlan, NewName };
        command.SetAction((parsed, ct) => PlatformSession.Do(parsed, session => Update(session, parsed, ct)));
        return command;
    }

    public static Command Delete()
    {
        var command = new Command("delete-service", "Deletes an instance.") { InstanceName };
        command.SetAction((parsed, ct) => PlatformSession.Do(parsed, session => Delete(session, parsed.GetRequiredValue(InstanceName), ct)));
        return command;
    }

    private static async Task<bool> Create(PlatformSession session, ParseResult parsed, CancellationToken ct)
    {
        string name = parsed.GetRequiredValue(InstanceName);
        if (session.Memory.Instances.ContainsKey(name))
            throw new UsageException($"There is an instance {name} already.");
        JsonObject? parameters = PlatformOptions.Parameters(parsed, Parameters);
        if (await session.ByName(parsed.GetRequiredValue(OfferingName), parsed.GetRequiredValue(PlanName), ct) is not var (offering, plan))
            return false;

        Tenant tenant = PlatformOptions.TenantOf(parsed);
        var instance = new KnownInstance(parsed.GetValue(InstanceId) ?? Guid.NewGuid().ToString(), offering.Id, plan.Id, tenant, null);
        session.Memory.Remember(name, instance);
        var body = new JsonObject
        {
            ["service_id"] = offering.Id,
            ["plan_id"] = plan.Id,
            ["organization_guid"] = tenant.OrganizationGuid,
            ["space_guid"] = tenant.SpaceGuid,
            ["context"] = tenant.Context(name),
        };
        Add(body, parameters, plan);
        Result result = await session.Run.CreateInstance(offering, plan, instance.Id, body, ct);
        if (result is { Outcome: Outcome.Failed, Left: false })
            session.Memory.Forget(name);
        else
            session.Memory.Remember(name, instance with { Operation = result.Operation });
        return Tell(session, result, name, instance.Id, "created", ("plan", $"{offering.Name} {plan.Name}"), ("organization", tenant.OrganizationGuid), ("space", tenant.SpaceGuid), ("dashboard", StrictPlatform.Protocol.Json.Text(result.Body, "dashboard_url")));
    }

    private static async Task<bool> Update(PlatformSession session, ParseResult parsed, CancellationToken ct)
    {
        string name = parsed.GetRequiredValue(InstanceName);
        string newName = parsed.GetValue(NewName) ?? name;
        KnownInstance instance = session.Memory.Instance(name);
        if (newName != name && session.Memory.Instances.ContainsKey(newName))
            throw new UsageException($"There is an instance {newName} already.");
        JsonObject? parameters = PlatformOptions.Parameters(parsed, Parameters);
        if (await session.ById(instance.ServiceId, instance.PlanId, ct) is not var (offering, plan))
            return false;
        string planName = parsed.GetValue(NewPlan) ?? plan.Name;
        Plan wanted = offering.Plans.FirstOrDefault(candidate => candidate.Name == planName)
            ?? throw new UsageException($"The offering {offering.Name} has no plan {planName}: it has {string.Join(", ", offering.Plans.Select(candidate => candidate.Name))}.");

        var body = new JsonObject
        {
            ["service_id"] = offering.Id,
            ["plan_id"] = wanted.Id,
            ["context"] = instance.Tenant.Context(newName),
            ["previous_values"] = new JsonObject
            {
                ["plan_id"] = plan.Id,
                ["service_id"] = offering.Id,
                ["organization_id"] = instance.Tenant.OrganizationGuid,
                ["space_id"] = instance.Tenant.SpaceGuid,
                ["maintenance_info"] = plan.MaintenanceInfo is { } info ? JsonNode.Parse(info.GetRawText()) : null,
            },
        };
        Add(body, parameters ?? [], wanted);
        Result result = await session.Run.UpdateInstance(offering, plan, instance.Id, body, ct);
        if (result.Outcome != Outcome.Failed)
        {
            if (newName != name)
                session.Memory.Forget(name);
            session.Memory.Remember(newName, instance with { PlanId = wanted.Id, Operation = result.Operation });
        }

        return Tell(session, result, newName, instance.Id, "updated", ("plan", $"{offering.Name} {wanted.Name}"));
    }

    private static async Task<bool> Delete(PlatformSession session, string name, CancellationToken ct)
    {
        KnownInstance instance = session.Memory.Instance(name);
        if (await session.ById(instance.ServiceId, instance.PlanId, ct) is not var (offering, plan))
            return false;
        Result result = await session.Run.DeleteInstance(offering, plan, instance.Id, ct);
        if (result.Outcome == Outcome.Succeeded)
            session.Memory.Forget(name);
        else
            session.Memory.Remember(name, instance with { Operation = result.Operation });
        return Tell(session, result, name, instance.Id, result.Answer.Status == 410 ? "was not there any more" : "deleted");
    }

    private static void Add(JsonObject body, JsonObject? parameters, Plan plan)
    {
        if (parameters is not null)
            body["parameters"] = parameters;
        if (plan.MaintenanceInfo is { } info)
            body["maintenance_info"] = JsonNode.Parse(info.GetRawText());
    }

    private static bool Tell(PlatformSession session, Result result, string name, string id, string done, params (string, string?)[] facts)
    {
        session.Report.Set("instance", new JsonObject { ["name"] = name, ["id"] = id });
        (string text, string colour) = result.Outcome switch
        {
            Outcome.Succeeded => ($"{name} {done}", "green"),
            Outcome.InProgress => ($"{name}: in progress; see last-operation {name}", "yellow"),
            _ => ($"{name} failed: {result.Description}", "red"),
        };
        session.Report.Line(text, colour);
        session.Report.Facts([("id", id), .. facts]);
        session.Report.Outcome(result);
        return result.Outcome != Outcome.Failed;
    }
}
