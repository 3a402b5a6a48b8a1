using System.Text.Json;
using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Rules;

/// <summary>The parsed catalog. Fields that are absent or of a wrong type have the default of the specification.</summary>
internal sealed record OfferedCatalog(IReadOnlyList<ServiceOffering> Offerings)
{
    public static OfferedCatalog Parse(JsonElement? body) => new([.. JsonMembers.Items(body, "services").Select(ServiceOffering.Parse)]);
}

/// <summary>A service offering.</summary>
internal sealed record ServiceOffering(
    string Id,
    string Name,
    string Description,
    bool InstancesRetrievable,
    bool BindingsRetrievable,
    bool AllowContextUpdates,
    IReadOnlyList<string> Requires,
    IReadOnlyList<ServicePlan> Plans
)
{
    public static ServiceOffering Parse(JsonElement json)
    {
        var id = JsonMembers.Text(json, "id") ?? "";
        var bindable = JsonMembers.Boolean(json, "bindable") ?? false;
        var updateable = JsonMembers.Boolean(json, "plan_updateable") ?? false;
        return new(
            id,
            JsonMembers.Text(json, "name") ?? "",
            JsonMembers.Text(json, "description") ?? "",
            JsonMembers.Boolean(json, "instances_retrievable") ?? false,
            JsonMembers.Boolean(json, "bindings_retrievable") ?? false,
            JsonMembers.Boolean(json, "allow_context_updates") ?? false,
            [
                .. JsonMembers
                    .Items(json, "requires")
                    .Where(item => item.ValueKind == JsonValueKind.String)
                    .Select(item => item.GetString()!),
            ],
            [.. JsonMembers.Items(json, "plans").Select(plan => ServicePlan.Parse(plan, id, bindable, updateable))]
        );
    }
}

/// <summary>A service plan. Fields that it omits have the values of its offering.</summary>
/// <param name="MaximumPollingDuration">Maximum polling duration of an operation; null for the platform's maximum.</param>
/// <param name="MaintenanceInfo">The maintenance_info; null for none.</param>
/// <param name="ProvisionSchema">JSON schema of provision parameters; null for none.</param>
internal sealed record ServicePlan(
    string Id,
    string Name,
    string Description,
    string ServiceId,
    bool Free,
    bool Bindable,
    bool Updateable,
    bool BindingRotatable,
    TimeSpan? MaximumPollingDuration,
    JsonElement? MaintenanceInfo,
    JsonElement? ProvisionSchema
)
{
    public PlanIds Ids => new(ServiceId, Id);

    public static ServicePlan Parse(JsonElement json, string serviceId, bool bindable, bool updateable) =>
        new(
            JsonMembers.Text(json, "id") ?? "",
            JsonMembers.Text(json, "name") ?? "",
            JsonMembers.Text(json, "description") ?? "",
            serviceId,
            JsonMembers.Boolean(json, "free") ?? true,
            JsonMembers.Boolean(json, "bindable") ?? bindable,
            JsonMembers.Boolean(json, "plan_updateable") ?? updateable,
            JsonMembers.Boolean(json, "binding_rotatable") ?? false,
            JsonMembers.Member(json, "maximum_polling_duration") is { ValueKind: JsonValueKind.Number } seconds
            && seconds.TryGetInt32(out var value)
                ? TimeSpan.FromSeconds(value)
                : null,
            JsonMembers.Member(json, "maintenance_info") is { ValueKind: JsonValueKind.Object } info ? info : null,
            JsonMembers.Member(
                JsonMembers.Member(JsonMembers.Member(JsonMembers.Member(json, "schemas"), "service_instance"), "create"),
                "parameters"
            )
        );
}
