using AivenMetrics.Broker.Catalog;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>A validated provision request.</summary>
/// <param name="Instance">The record to insert.</param>
/// <param name="Services">Names of services in the parameters, as given.</param>
/// <param name="Context">Context of the platform.</param>
/// <param name="MismatchedField">Field of the context that contradicts the request; null if there is none.</param>
internal sealed record ProvisionCommand(
    InstanceRecord Instance,
    IReadOnlyList<string> Services,
    PlatformContext Context,
    string? MismatchedField
)
{
    /// <summary>Validates a request.</summary>
    /// <exception cref="OsbException">The request is invalid. The message names the field.</exception>
    public static ProvisionCommand Read(ServiceCatalog catalog, InstanceId id, ProvisionRequest body, DateTimeOffset now)
    {
        var scope = OsbFields.ValidatePlan(catalog, body.ServiceId, body.PlanId);
        var top = new OwningSpace(
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

    /// <summary>
    /// Returns true if the existing instance has the same identifying values. Names may differ between repetitions (docs/osb-conformance.md
    /// 60 and 130).
    /// </summary>
    public bool Matches(InstanceRecord existing) =>
        existing.ServiceId == Instance.ServiceId
        && existing.PlanId == Instance.PlanId
        && existing.Owner == Instance.Owner
        && existing.Parameters == Instance.Parameters;
}
