using System.Text.Json;
using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Rules;

/// <summary>The catalog as a platform uses it. What is absent or of a wrong type has the specification's default.</summary>
internal sealed record OfferedCatalog(IReadOnlyList<Offering> Offerings)
{
    public static OfferedCatalog Read(JsonElement? body) => new([.. Json.Items(body, "services").Select(Offering.Read)]);
}

/// <summary>A ServiceOffering.</summary>
internal sealed record Offering(
    string Id,
    string Name,
    string Description,
    bool InstancesRetrievable,
    bool BindingsRetrievable,
    bool AllowContextUpdates,
    IReadOnlyList<string> Requires,
    IReadOnlyList<Plan> Plans)
{
    public static Offering Read(JsonElement json)
    {
        string id = Json.Text(json, "id") ?? "";
        bool bindable = Json.Flag(json, "bindable") ?? false;
        bool updateable = Json.Flag(json, "plan_updateable") ?? false;
        return new(
            id,
            Json.Text(json, "name") ?? "",
            Json.Text(json, "description") ?? "",
            Json.Flag(json, "instances_retrievable") ?? false,
            Json.Flag(json, "bindings_retrievable") ?? false,
            Json.Flag(json, "allow_context_updates") ?? false,
            [.. Json.Items(json, "requires").Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)],
            [.. Json.Items(json, "plans").Select(plan => Plan.Read(plan, id, bindable, updateable))]);
    }
}

/// <summary>A ServicePlan; what it does not say itself it has from its offering.</summary>
/// <param name="MaximumPollingDuration">How long an operation may be polled; null: as long as the platform likes.</param>
/// <param name="MaintenanceInfo">As offered; null: none.</param>
/// <param name="ProvisionSchema">JSON schema of provision parameters; null: none is given.</param>
internal sealed record Plan(
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
    JsonElement? ProvisionSchema)
{
    public PlanIds Ids => new(ServiceId, Id);

    public static Plan Read(JsonElement json, string serviceId, bool bindable, bool updateable) => new(
        Json.Text(json, "id") ?? "",
        Json.Text(json, "name") ?? "",
        Json.Text(json, "description") ?? "",
        serviceId,
        Json.Flag(json, "free") ?? true,
        Json.Flag(json, "bindable") ?? bindable,
        Json.Flag(json, "plan_updateable") ?? updateable,
        Json.Flag(json, "binding_rotatable") ?? false,
        Json.Member(json, "maximum_polling_duration") is { ValueKind: JsonValueKind.Number } seconds && seconds.TryGetInt32(out int value) ? TimeSpan.FromSeconds(value) : null,
        Json.Member(json, "maintenance_info") is { ValueKind: JsonValueKind.Object } info ? info : null,
        Json.Member(Json.Member(Json.Member(Json.Member(json, "schemas"), "service_instance"), "create"), "parameters"));
}
