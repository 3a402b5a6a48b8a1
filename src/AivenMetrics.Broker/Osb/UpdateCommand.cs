using AivenMetrics.Broker.Catalog;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>The plan after an update, with the validated parameters.</summary>
/// <param name="FromPlanId">Plan of the instance when the update was validated.</param>
/// <param name="PlanId">Plan after the update.</param>
/// <param name="Scope">Scope of the plan after the update.</param>
/// <param name="Parameters">New parameters; null: unchanged.</param>
/// <param name="UpgradesMaintenance">True: the instance gets the plan's maintenance version; false: it keeps its own.</param>
/// <param name="MaintenanceVersion">Maintenance version of the plan; null if it has none.</param>
internal sealed record PlanChange(
    string FromPlanId,
    string PlanId,
    PlanScope Scope,
    InstanceParameters? Parameters,
    bool UpgradesMaintenance,
    string? MaintenanceVersion
);

/// <summary>A validated update request. Absent values stay unchanged (docs/osb-conformance.md 79).</summary>
internal sealed record UpdateCommand(UpdateRequest Body, PlatformContext Context)
{
    /// <summary>Validates a request.</summary>
    /// <exception cref="OsbException">The request is invalid. The message names the field.</exception>
    public static UpdateCommand Read(ServiceCatalog catalog, UpdateRequest body)
    {
        OsbFields.ValidateService(catalog, body.ServiceId);
        if (body.PlanId is not null)
        {
            OsbFields.ValidatePlan(catalog, body.ServiceId, body.PlanId);
        }
        // For information only (docs/osb-conformance.md 86). Cloud Controller sends null values in it.
        OsbFields.OptionalObject(body.PreviousValues, "previous_values");
        OsbFields.OptionalObject(body.Parameters, "parameters");
        OsbFields.OptionalObject(body.MaintenanceInfo, "maintenance_info");
        return new UpdateCommand(body, PlatformContext.Read(body.Context));
    }

    /// <summary>Returns the plan after the update, with validated parameters.</summary>
    /// <exception cref="OsbException">The parameters or the maintenance_info do not match that plan.</exception>
    public PlanChange ResolvePlan(ServiceCatalog catalog, InstanceRecord instance)
    {
        var id = Body.PlanId ?? instance.PlanId;
        // An instance keeps its scope after its plan was removed from the catalog.
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

    /// <summary>Applies the update to the current row; called within the transaction.</summary>
    /// <exception cref="OsbException">
    /// A concurrent update changed the plan that this update was validated against: ConcurrencyError.
    /// </exception>
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
