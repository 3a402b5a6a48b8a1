using System.Text.Json;
using AivenMetrics.Broker.Catalog;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>A validated bind or rotation request (OSB API v2.17, "Binding" and "Binding Rotation").</summary>
/// <param name="ServiceId">Id of the offering; null only for a rotation, where it is optional (docs/osb-conformance.md 108).</param>
/// <param name="PlanId">Id of the plan; null only for a rotation.</param>
/// <param name="Predecessor">The binding to replace; null for a bind.</param>
/// <param name="Parameters">
/// Parameters of a bind; null for a rotation, which keeps those of its predecessor (docs/osb-conformance.md 107).
/// </param>
/// <param name="ReplayKey">The values that identify a repeated request.</param>
/// <param name="Context">Context of the platform.</param>
internal sealed record BindCommand(
    string? ServiceId,
    string? PlanId,
    BindingId? Predecessor,
    PlanParameters? Parameters,
    BindReplayKey ReplayKey,
    PlatformContext Context
)
{
    private static readonly JsonElement NoParameters = JsonDocument.Parse("{}").RootElement.Clone();

    /// <summary>Validates a request.</summary>
    /// <exception cref="OsbException">A field is missing, has a wrong type or contradicts another: 400, which names the field.</exception>
    public static BindCommand Read(BindRequest body, ServiceCatalog catalog)
    {
        var predecessor = OsbFields.OptionalString(body.PredecessorBindingId, "predecessor_binding_id");
        if (predecessor is null || body.ServiceId is not null || body.PlanId is not null)
        {
            OsbFields.ValidatePlan(catalog, body.ServiceId, body.PlanId);
        }
        var context = PlatformContext.Read(body.Context);
        var resource = OsbFields.OptionalObject(body.BindResource, "bind_resource");
        var parameters = OsbFields.OptionalObject(body.Parameters, "parameters");
        return new BindCommand(
            body.ServiceId,
            body.PlanId,
            predecessor is null ? null : new BindingId(predecessor),
            predecessor is null ? OsbFields.RequireValid(PlanParameters.ForBind(catalog.ScopeOf(body.PlanId!)!.Value, parameters)) : null,
            new BindReplayKey(
                parameters ?? NoParameters,
                AppGuid(body, resource),
                OsbFields.OptionalStringMember(resource, "bind_resource", "space_guid"),
                OsbFields.OptionalStringMember(resource, "bind_resource", "credential_client_id"),
                OsbFields.OptionalStringMember(resource, "bind_resource", "route"),
                predecessor
            ),
            context
        );
    }

    /// <summary>
    /// Returns true if the request is for another space or namespace than that of the instance. An instance covers exactly one, so only
    /// that one may bind it (docs/osb-conformance.md 132). The id of a cluster may have changed (docs/osb-conformance.md 131).
    /// </summary>
    public bool IsForOtherSpace(InstanceRecord instance) =>
        Context.FindOwnerMismatch(instance) is not null
        || (Context.NamespaceOwner is null && ReplayKey.SpaceGuid is { } space && space != instance.Owner.SpaceId);

    /// <summary>Returns the context to store with the instance; null if there is none, or if it describes another namespace.</summary>
    public ContextUpdate? ContextUpdateFor(InstanceRecord instance) =>
        Context.NamespaceOwner is { } owner && owner != instance.Owner ? null : Context.Update;

    /// <summary>
    /// Returns true if the request is a repetition of the one that created the binding (docs/osb-conformance.md 91, 92 and 109).
    /// </summary>
    public bool Matches(BindingRecord existing)
    {
        if (Predecessor is null)
        {
            return PlanId == existing.PlanId && ReplayKey.ToCanonicalJson() == existing.Request;
        }
        using var request = JsonDocument.Parse(existing.Request);
        // A rotation without parameters uses those of its predecessor, which the row contains.
        return WithPredecessorParameters(request.RootElement.GetProperty("parameters")).ToCanonicalJson() == existing.Request;
    }

    /// <summary>
    /// Returns the replay key of a rotation. Without parameters of its own, it has those of the predecessor. Parameters of its own are kept
    /// for comparison.
    /// </summary>
    public BindReplayKey WithPredecessorParameters(JsonElement predecessorParameters) =>
        ReplayKey.Parameters.EnumerateObject().Any() ? ReplayKey : ReplayKey with { Parameters = predecessorParameters };

    // The top-level field is deprecated (docs/osb-conformance.md 94); Cloud Controller sends both.
    private static string? AppGuid(BindRequest body, JsonElement? resource)
    {
        var old = OsbFields.OptionalString(body.AppGuid, "app_guid");
        var app = OsbFields.OptionalStringMember(resource, "bind_resource", "app_guid");
        return old is not null && app is not null && old != app
            ? throw new OsbException(
                OsbErrors.BadRequest(
                    "The fields app_guid and bind_resource.app_guid have different values. Send one of them, or the same value in both."
                )
            )
            : app ?? old;
    }
}
