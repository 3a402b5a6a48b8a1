using System.Text.Json;
using AivenMetrics.Broker.Catalog;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>A bind request that was found well-formed (osb.md A8), or a rotation (A9).</summary>
/// <param name="ServiceId">Null only for a rotation, which need not repeat it (108).</param>
/// <param name="PlanId">Likewise.</param>
/// <param name="Predecessor">The binding to replace; null: this is no rotation.</param>
/// <param name="Parameters">Of a bind; a rotation has its predecessor's (107).</param>
/// <param name="Identity">What makes two requests the same one.</param>
/// <param name="Context">Who the platform says it is for, and what things are called.</param>
internal sealed record BindCommand(
    string? ServiceId,
    string? PlanId,
    BindingId? Predecessor,
    PlanParameters? Parameters,
    BindIdentity Identity,
    PlatformContext Context
)
{
    private static readonly JsonElement NoParameters = JsonDocument.Parse("{}").RootElement.Clone();

    /// <summary>Reads a request.</summary>
    /// <exception cref="OsbException">A field is missing, of a wrong type or contradicts another: 400, naming it.</exception>
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
            new BindIdentity(
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
    /// True: the request is for another space or namespace than the instance's. An instance shows one of them, so only that one may
    /// bind it (132). A cluster may have got another id since (131).
    /// </summary>
    public bool IsForOtherSpace(InstanceRecord instance) =>
        Context.FindOwnerMismatch(instance) is not null
        || (Context.NamespaceOwner is null && Identity.SpaceGuid is { } space && space != instance.Owner.SpaceId);

    /// <summary>What the context tells of the instance; null: nothing, or it speaks of another namespace.</summary>
    public ContextUpdate? ContextUpdateFor(InstanceRecord instance) =>
        Context.NamespaceOwner is { } owner && owner != instance.Owner ? null : Context.Update;

    /// <summary>True: the binding is the one that this request asks for (91, 92, 109).</summary>
    public bool Matches(BindingRecord existing)
    {
        if (Predecessor is null)
        {
            return PlanId == existing.PlanId && Identity.ToCanonicalJson() == existing.Request;
        }
        using var kept = JsonDocument.Parse(existing.Request);
        // A rotation that repeats no parameters means its predecessor's, which the row has.
        return WithPredecessorParameters(kept.RootElement.GetProperty("parameters")).ToCanonicalJson() == existing.Request;
    }

    /// <summary>The identity of a rotation, with the parameters that its predecessor has; those given stay, and are compared.</summary>
    public BindIdentity WithPredecessorParameters(JsonElement predecessorParameters) =>
        Identity.Parameters.EnumerateObject().Any() ? Identity : Identity with { Parameters = predecessorParameters };

    // The top-level form is the older one (94); Cloud Controller sends both.
    private static string? AppGuid(BindRequest body, JsonElement? resource)
    {
        var old = OsbFields.OptionalString(body.AppGuid, "app_guid");
        var app = OsbFields.OptionalStringMember(resource, "bind_resource", "app_guid");
        return old is not null && app is not null && old != app
            ? throw new OsbException(
                OsbErrors.BadRequest("The fields app_guid and bind_resource.app_guid name two apps: send one of them, or the same in both.")
            )
            : app ?? old;
    }
}
