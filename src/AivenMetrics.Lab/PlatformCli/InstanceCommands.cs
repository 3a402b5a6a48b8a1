using System.CommandLine;
using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Lifecycle;
using AivenMetrics.StrictPlatform.Rules;

namespace AivenMetrics.Lab.PlatformCli;

/// <summary>The commands <c>create-service</c>, <c>update-service</c> and <c>delete-service</c>.</summary>
internal static class InstanceCommands
{
    private static readonly Argument<string> OfferingName = new("offering") { Description = "Name of the offering, as shown by catalog." };
    private static readonly Argument<string> PlanName = new("plan") { Description = "Name of the plan." };
    private static readonly Option<string?> InstanceId = PlatformOptions.TextOption(
        "--instance-id",
        "Id of the new instance. Default: a new GUID.",
        "id"
    );
    private static readonly Option<string?> NewPlan = PlatformOptions.TextOption(
        "--plan",
        "Name of the new plan. Default: no change.",
        "name"
    );
    private static readonly Option<string?> NewName = PlatformOptions.TextOption(
        "--name",
        "New name of the instance, sent in the context. Default: no change.",
        "name"
    );

    public static Command Create() =>
        new Command("create-service", "Creates an instance, for example: create-service metrics space my-metrics.")
        {
            OfferingName,
            PlanName,
            PlatformOptions.InstanceName,
            PlatformOptions.Parameters,
            InstanceId,
            PlatformOptions.Organization,
            PlatformOptions.OrganizationName,
            PlatformOptions.Space,
            PlatformOptions.SpaceName,
        }.InSession(CreateAsync);

    public static Command Update() =>
        new Command("update-service", "Changes the plan, the parameters or the name of an instance.")
        {
            PlatformOptions.InstanceName,
            PlatformOptions.Parameters,
            NewPlan,
            NewName,
        }.InSession(UpdateAsync);

    public static Command Delete() =>
        new Command("delete-service", "Deletes an instance.") { PlatformOptions.InstanceName }.InSession(DeleteAsync);

    private static async Task<bool> CreateAsync(PlatformSession session, ParseResult parsed, CancellationToken cancellationToken)
    {
        var name = parsed.GetRequiredValue(PlatformOptions.InstanceName);
        if (session.State.Instances.ContainsKey(name))
        {
            throw new UsageException($"An instance {name} already exists: choose another name.");
        }
        var parameters = PlatformOptions.GetParameters(parsed, PlatformOptions.Parameters);
        if (
            await session.FindPlanByNameAsync(parsed.GetRequiredValue(OfferingName), parsed.GetRequiredValue(PlanName), cancellationToken)
            is not var (offering, plan)
        )
        {
            return false;
        }

        var tenant = PlatformOptions.GetTenant(parsed);
        var instance = new StoredInstance(parsed.GetValue(InstanceId) ?? Guid.NewGuid().ToString(), offering.Id, plan.Id, tenant, null);
        session.State.Save(name, instance);
        var body = new JsonObject
        {
            ["service_id"] = offering.Id,
            ["plan_id"] = plan.Id,
            ["organization_guid"] = tenant.OrganizationGuid,
            ["space_guid"] = tenant.SpaceGuid,
            ["context"] = tenant.Context(name),
        };
        AddParameters(body, parameters, plan);
        var result = await session.Operations.CreateInstanceAsync(offering, plan, instance.Id, body, cancellationToken);
        if (result is { Outcome: OperationOutcome.Failed, MayBeOrphaned: false })
        {
            session.State.Remove(name);
        }
        else
        {
            session.State.Save(name, instance with { Operation = result.Operation });
        }
        return WriteResult(
            session,
            result,
            name,
            instance.Id,
            "created",
            ("plan", $"{offering.Name} {plan.Name}"),
            ("organization", tenant.OrganizationGuid),
            ("space", tenant.SpaceGuid),
            ("dashboard", StrictPlatform.Protocol.JsonMembers.Text(result.Body, "dashboard_url"))
        );
    }

    private static async Task<bool> UpdateAsync(PlatformSession session, ParseResult parsed, CancellationToken cancellationToken)
    {
        var name = parsed.GetRequiredValue(PlatformOptions.InstanceName);
        var newName = parsed.GetValue(NewName) ?? name;
        var instance = session.State.GetInstance(name);
        if (newName != name && session.State.Instances.ContainsKey(newName))
        {
            throw new UsageException($"An instance {newName} already exists: choose another name.");
        }
        var parameters = PlatformOptions.GetParameters(parsed, PlatformOptions.Parameters);
        if (await session.FindPlanByIdAsync(instance.ServiceId, instance.PlanId, cancellationToken) is not var (offering, plan))
        {
            return false;
        }
        var planName = parsed.GetValue(NewPlan) ?? plan.Name;
        var wanted = offering.Plans.FirstOrDefault(candidate => candidate.Name == planName)
            ?? throw new UsageException(
                $"The offering {offering.Name} has no plan {planName}. Its plans are "
                    + $"{string.Join(", ", offering.Plans.Select(candidate => candidate.Name))}."
            );

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
        AddParameters(body, parameters ?? [], wanted);
        var result = await session.Operations.UpdateInstanceAsync(offering, plan, instance.Id, body, cancellationToken);
        if (result.Outcome != OperationOutcome.Failed)
        {
            if (newName != name)
            {
                session.State.Remove(name);
            }
            session.State.Save(newName, instance with { PlanId = wanted.Id, Operation = result.Operation });
        }

        return WriteResult(session, result, newName, instance.Id, "updated", ("plan", $"{offering.Name} {wanted.Name}"));
    }

    private static async Task<bool> DeleteAsync(PlatformSession session, ParseResult parsed, CancellationToken cancellationToken)
    {
        var name = parsed.GetRequiredValue(PlatformOptions.InstanceName);
        var instance = session.State.GetInstance(name);
        if (await session.FindPlanByIdAsync(instance.ServiceId, instance.PlanId, cancellationToken) is not var (offering, plan))
        {
            return false;
        }
        var result = await session.Operations.DeleteInstanceAsync(offering, plan, instance.Id, cancellationToken);
        if (result.Outcome == OperationOutcome.Succeeded)
        {
            session.State.Remove(name);
        }
        else
        {
            session.State.Save(name, instance with { Operation = result.Operation });
        }
        return WriteResult(session, result, name, instance.Id, result.Response.Status == 410 ? "was already deleted" : "deleted");
    }

    private static void AddParameters(JsonObject body, JsonObject? parameters, ServicePlan plan)
    {
        if (parameters is not null)
        {
            body["parameters"] = parameters;
        }
        if (plan.MaintenanceInfo is { } info)
        {
            body["maintenance_info"] = JsonNode.Parse(info.GetRawText());
        }
    }

    private static bool WriteResult(
        PlatformSession session,
        OperationResult result,
        string name,
        string id,
        string done,
        params (string, string?)[] facts
    )
    {
        session.Report.SetMember("instance", new JsonObject { ["name"] = name, ["id"] = id });
        (var text, var colour) = result.Outcome switch
        {
            OperationOutcome.Succeeded => ($"{name} {done}", "green"),
            OperationOutcome.InProgress => ($"{name}: in progress; see last-operation {name}", "yellow"),
            _ => ($"{name} failed: {result.Description}", "red"),
        };
        session.Report.WriteLine(text, colour);
        session.Report.WriteFields([("id", id), .. facts]);
        session.Report.WriteOutcome(result);
        return result.Outcome != OperationOutcome.Failed;
    }
}
