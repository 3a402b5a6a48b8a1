using AivenMetrics.Broker.Catalog;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>A provision that was found well-formed.</summary>
/// <param name="Instance">The row that it asks for.</param>
/// <param name="Services">Services that its parameters name, as given.</param>
/// <param name="Context">Its context.</param>
/// <param name="MismatchedField">Field of the context that contradicts the request itself; null: none.</param>
internal sealed record ProvisionCommand(
    InstanceRecord Instance,
    IReadOnlyList<string> Services,
    PlatformContext Context,
    string? MismatchedField
)
{
    /// <exception cref="OsbException">It is not well-formed; the field is named.</exception>
    public static ProvisionCommand Read(ServiceCatalog catalog, InstanceId id, ProvisionRequest body, DateTimeOffset now)
    {
        var scope = OsbFields.ValidatePlan(catalog, body.ServiceId, body.PlanId);
        var top = new SpaceOwner(
            OsbFields.RequiredString(body.OrganizationGuid, "organization_guid"),
            OsbFields.RequiredString(body.SpaceGuid, "space_guid")
        );
        var context = PlatformContext.Read(body.Context);
        var parameters = InstanceParameters.Read(scope, body.Parameters, update: false);
        OsbFields.ValidateMaintenanceInfo(catalog, body.PlanId!, body.MaintenanceInfo);
        var instance = new InstanceRecord(
            id,
            body.ServiceId!,
            body.PlanId!,
            scope,
            context.ResolveOwner(top),
            null,
            null,
            null,
            parameters?.Json ?? InstanceParameters.None,
            now
        )
        {
            Platform = "",
            MaintenanceVersion = catalog.MaintenanceVersionOf(body.PlanId!),
        };
        return new ProvisionCommand(context.Update.ApplyTo(instance, now), parameters?.Services ?? [], context, context.FindMismatch(top));
    }

    /// <summary>True: the row is what this asks for. Names may change between equal requests (130), so only what identifies counts (60).</summary>
    public bool Matches(InstanceRecord existing) =>
        existing.ServiceId == Instance.ServiceId
        && existing.PlanId == Instance.PlanId
        && existing.Owner == Instance.Owner
        && existing.Parameters == Instance.Parameters;
}

/// <summary>The plan that an update leads to, and the parameters read by its rules.</summary>
/// <param name="FromPlanId">The plan that the instance had when the update was checked.</param>
/// <param name="Parameters">Null: unchanged.</param>
/// <param name="UpgradesMaintenance">True: the instance gets the plan's maintenance; false: it keeps what was applied.</param>
/// <param name="MaintenanceVersion">Of the plan; null: it has none.</param>
internal sealed record PlanChange(
    string FromPlanId,
    string PlanId,
    PlanScope Scope,
    InstanceParameters? Parameters,
    bool UpgradesMaintenance,
    string? MaintenanceVersion
);

/// <summary>An update that was found well-formed; what it does not name stays as it is (79).</summary>
internal sealed record UpdateCommand(UpdateRequest Body, PlatformContext Context)
{
    /// <exception cref="OsbException">It is not well-formed; the field is named.</exception>
    public static UpdateCommand Read(ServiceCatalog catalog, UpdateRequest body)
    {
        OsbFields.ValidateService(catalog, body.ServiceId);
        if (body.PlanId is not null)
        {
            OsbFields.ValidatePlan(catalog, body.ServiceId, body.PlanId);
        }
        // Information only (86): Cloud Controller sends a null within.
        OsbFields.OptionalObject(body.PreviousValues, "previous_values");
        OsbFields.OptionalObject(body.Parameters, "parameters");
        OsbFields.OptionalObject(body.MaintenanceInfo, "maintenance_info");
        return new UpdateCommand(body, PlatformContext.Read(body.Context));
    }

    /// <summary>The plan that the instance would have, and what it takes.</summary>
    /// <exception cref="OsbException">The parameters or the maintenance_info are not that plan's.</exception>
    public PlanChange ResolvePlan(ServiceCatalog catalog, InstanceRecord instance)
    {
        var id = Body.PlanId ?? instance.PlanId;
        // An instance of a plan that was taken out of the catalog keeps its scope.
        var scope = catalog.ScopeOf(id) ?? instance.PlanScope;
        OsbFields.ValidateMaintenanceInfo(catalog, id, Body.MaintenanceInfo);
        var upgrades =
            id != instance.PlanId || OsbFields.OptionalStringMember(Body.MaintenanceInfo, "maintenance_info", "version") is not null;
        return new PlanChange(
            instance.PlanId,
            id,
            scope,
            InstanceParameters.Read(scope, Body.Parameters, update: true),
            upgrades,
            catalog.MaintenanceVersionOf(id)
        );
    }

    /// <summary>The row with the update applied; called in the transaction, with the row as it is then.</summary>
    /// <exception cref="OsbException">Another update changed the plan by whose rules this one was checked: ConcurrencyError.</exception>
    public InstanceRecord Apply(InstanceRecord current, PlanChange plan, DateTimeOffset now)
    {
        if (Body.PlanId is null && current.PlanId != plan.FromPlanId)
        {
            throw new OsbException(OsbErrors.ConcurrencyError);
        }
        var changed = current with
        {
            PlanId = plan.PlanId,
            PlanScope = plan.Scope,
            Owner = Context.ResolveUpdatedOwner(current),
            Parameters = plan.Parameters?.Json ?? current.Parameters,
            MaintenanceVersion = plan.UpgradesMaintenance ? plan.MaintenanceVersion : current.MaintenanceVersion,
        };
        return Context.Update.ApplyTo(changed, now);
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
        {
            changes.Add($"plan {before.PlanScope.ToText()} to {after.PlanScope.ToText()}");
        }
        if (before.Parameters != after.Parameters)
        {
            changes.Add($"parameters to {after.Parameters}");
        }
        if (before.MaintenanceVersion != after.MaintenanceVersion)
        {
            changes.Add($"maintenance {before.MaintenanceVersion ?? "none"} to {after.MaintenanceVersion ?? "none"}");
        }
        if (before.Owner != after.Owner)
        {
            changes.Add($"owner {before.Owner.SpaceId} to {after.Owner.SpaceId}");
        }
        if (Names(before) != Names(after))
        {
            changes.Add("names");
        }
        if (before.Annotations != after.Annotations)
        {
            changes.Add("annotations");
        }
        return changes.Count == 0 ? "Nothing changed." : $"Changed {string.Join(", ", changes)}.";
    }

    private static (string?, string?, string?) Names(InstanceRecord instance) =>
        (instance.OrganizationName, instance.SpaceName, instance.InstanceName);
}
