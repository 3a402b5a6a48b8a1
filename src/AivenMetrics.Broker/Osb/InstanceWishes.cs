using AivenMetrics.Broker.Catalog;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>A provision that was found well-formed.</summary>
/// <param name="Instance">The row that it asks for.</param>
/// <param name="Services">Services that its parameters name, as given.</param>
/// <param name="Context">Its context.</param>
/// <param name="Contradiction">Field of the context that contradicts the request itself; null: none.</param>
internal sealed record ProvisionWish(InstanceRecord Instance, IReadOnlyList<string> Services, PlatformContext Context, string? Contradiction)
{
    /// <exception cref="OsbRefusal">It is not well-formed; the field is named.</exception>
    public static ProvisionWish Read(ServiceCatalog catalog, InstanceId id, ProvisionRequest body, DateTimeOffset now)
    {
        var scope = OsbFields.CheckPlan(catalog, body.ServiceId, body.PlanId);
        var top = new SpaceOwner(
            OsbFields.Required(body.OrganizationGuid, "organization_guid"), OsbFields.Required(body.SpaceGuid, "space_guid"));
        var context = PlatformContext.Read(body.Context);
        var parameters = InstanceParameters.Read(scope, body.Parameters, update: false);
        OsbFields.CheckMaintenanceInfo(catalog, body.PlanId!, body.MaintenanceInfo);
        var instance = new InstanceRecord(
            id, body.ServiceId!, body.PlanId!, scope, context.Owner(top), null, null, null, parameters?.Json ?? InstanceParameters.None, now)
        {
            Platform = "",
            MaintenanceVersion = catalog.MaintenanceVersionOf(body.PlanId!),
        };
        return new ProvisionWish(context.Told.Of(instance, now), parameters?.Services ?? [], context, context.Contradiction(top));
    }

    /// <summary>True: the row is what this asks for. Names may change between equal requests (130), so only what identifies counts (60).</summary>
    public bool IsSame(InstanceRecord existing) =>
        existing.ServiceId == Instance.ServiceId
        && existing.PlanId == Instance.PlanId
        && existing.Owner == Instance.Owner
        && existing.Parameters == Instance.Parameters;
}

/// <summary>The plan that an update leads to, and the parameters read by its rules.</summary>
/// <param name="From">The plan that the instance had when the update was checked.</param>
/// <param name="Parameters">Null: unchanged.</param>
/// <param name="Upgrades">True: the instance gets the plan's maintenance; false: it keeps what was applied.</param>
/// <param name="MaintenanceVersion">Of the plan; null: it has none.</param>
internal sealed record UpdatePlan(
    string From, string Id, PlanScope Scope, InstanceParameters? Parameters, bool Upgrades, string? MaintenanceVersion);

/// <summary>An update that was found well-formed; what it does not name stays as it is (79).</summary>
internal sealed record UpdateWish(UpdateRequest Body, PlatformContext Context)
{
    /// <exception cref="OsbRefusal">It is not well-formed; the field is named.</exception>
    public static UpdateWish Read(ServiceCatalog catalog, UpdateRequest body)
    {
        OsbFields.CheckService(catalog, body.ServiceId);
        if (body.PlanId is not null)
            OsbFields.CheckPlan(catalog, body.ServiceId, body.PlanId);
        // Information only (86): Cloud Controller sends a null within.
        OsbFields.Object(body.PreviousValues, "previous_values");
        OsbFields.Object(body.Parameters, "parameters");
        OsbFields.Object(body.MaintenanceInfo, "maintenance_info");
        return new UpdateWish(body, PlatformContext.Read(body.Context));
    }

    /// <summary>The plan that the instance would have, and what it takes.</summary>
    /// <exception cref="OsbRefusal">The parameters or the maintenance_info are not that plan's.</exception>
    public UpdatePlan Plan(ServiceCatalog catalog, InstanceRecord instance)
    {
        var id = Body.PlanId ?? instance.PlanId;
        // An instance of a plan that was taken out of the catalog keeps its scope.
        var scope = catalog.ScopeOf(id) ?? instance.PlanScope;
        OsbFields.CheckMaintenanceInfo(catalog, id, Body.MaintenanceInfo);
        var upgrades = id != instance.PlanId || OsbFields.Text(Body.MaintenanceInfo, "maintenance_info", "version") is not null;
        return new UpdatePlan(
            instance.PlanId,
            id,
            scope,
            InstanceParameters.Read(scope, Body.Parameters, update: true),
            upgrades,
            catalog.MaintenanceVersionOf(id));
    }

    /// <summary>The row with the update applied; called in the transaction, with the row as it is then.</summary>
    /// <exception cref="OsbRefusal">Another update changed the plan by whose rules this one was checked: ConcurrencyError.</exception>
    public InstanceRecord Apply(InstanceRecord current, UpdatePlan plan, DateTimeOffset now)
    {
        if (Body.PlanId is null && current.PlanId != plan.From)
            throw new OsbRefusal(OsbErrors.Changed);
        var changed = current with
        {
            PlanId = plan.Id,
            PlanScope = plan.Scope,
            Owner = Context.Follow(current),
            Parameters = plan.Parameters?.Json ?? current.Parameters,
            MaintenanceVersion = plan.Upgrades ? plan.MaintenanceVersion : current.MaintenanceVersion,
        };
        return Context.Told.Of(changed, now);
    }
}

/// <summary>What an update did, in words for the audit trail.</summary>
internal static class InstanceChanges
{
    /// <summary>A sentence that names what differs.</summary>
    public static string Describe(InstanceRecord before, InstanceRecord after)
    {
        var changes = new List<string>();
        if (before.PlanId != after.PlanId)
            changes.Add($"plan {before.PlanScope.Word()} to {after.PlanScope.Word()}");
        if (before.Parameters != after.Parameters)
            changes.Add($"parameters to {after.Parameters}");
        if (before.MaintenanceVersion != after.MaintenanceVersion)
            changes.Add($"maintenance {before.MaintenanceVersion ?? "none"} to {after.MaintenanceVersion ?? "none"}");
        if (before.Owner != after.Owner)
            changes.Add($"owner {before.Owner.SpaceId} to {after.Owner.SpaceId}");
        if (Names(before) != Names(after))
            changes.Add("names");
        if (before.Annotations != after.Annotations)
            changes.Add("annotations");
        return changes.Count == 0 ? "Nothing changed." : $"Changed {string.Join(", ", changes)}.";
    }

    private static (string?, string?, string?) Names(InstanceRecord instance) =>
        (instance.OrganizationName, instance.SpaceName, instance.InstanceName);
}
