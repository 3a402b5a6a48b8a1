using System.Text.Json;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>
/// The context object of a request (osb.md 130, 131): who owns the instance and what things are called. Words for platforms that
/// we do not know are as good as Cloud Foundry's; unknown members are ignored.
/// </summary>
/// <param name="Told">The names and annotations.</param>
/// <param name="Namespace">The owner that it names; null: not Kubernetes.</param>
/// <param name="OrganizationGuid">As repeated there; null: not.</param>
/// <param name="SpaceGuid">As repeated there; null: not.</param>
internal sealed record PlatformContext(ToldContext Told, SpaceOwner? Namespace, string? OrganizationGuid, string? SpaceGuid)
{
    private const string Kubernetes = "kubernetes";
    private const string Name = "context";

    private static readonly string[] Annotations =
        ["instance_annotations", "namespace_annotations", "organization_annotations", "space_annotations"];

    /// <summary>Reads the context of a provision, an update or a bind; it may be absent.</summary>
    /// <exception cref="OsbRefusal">A member is missing or of a wrong type: 400, naming it.</exception>
    public static PlatformContext Read(JsonElement? value)
    {
        var context = OsbFields.Object(value, Name);
        var platform = OsbFields.Text(context, Name, "platform");
        var instanceName = OsbFields.Text(context, Name, "instance_name");
        var annotations = ReadAnnotations(context);
        if (platform != Kubernetes)
            return new(
                new ToldContext(
                    platform,
                    OsbFields.Text(context, Name, "organization_name"),
                    OsbFields.Text(context, Name, "space_name"),
                    instanceName,
                    annotations),
                null,
                OsbFields.Text(context, Name, "organization_guid"),
                OsbFields.Text(context, Name, "space_guid"));

        var cluster = OsbFields.Required(OsbFields.Text(context, Name, "clusterid"), "context.clusterid");
        var name = OsbFields.Required(OsbFields.Text(context, Name, "namespace"), "context.namespace");
        var owner = SpaceOwner.OfNamespace(cluster, name)
            ?? throw new OsbRefusal(OsbErrors.Invalid("The field context.namespace holds a slash, which the name of a namespace cannot."));
        return new(new ToldContext(platform, null, name, instanceName, annotations), owner, null, null);
    }

    /// <summary>Whose a new instance is, in a request with that organization_guid and space_guid at its top level.</summary>
    public SpaceOwner Owner(SpaceOwner topLevel) => Namespace ?? topLevel;

    /// <summary>The first of its ids that is another than the owner's; null: none.</summary>
    public string? Contradiction(SpaceOwner owner) =>
        OrganizationGuid is not null && OrganizationGuid != owner.OrganizationId ? "organization_guid"
        : SpaceGuid is not null && SpaceGuid != owner.SpaceId ? "space_guid"
        : null;

    /// <summary>Whose the instance is once an update with this context is applied: a cluster's id may change (131), all else may not.</summary>
    /// <exception cref="OsbRefusal">It is for another organization, space, namespace or platform: 422.</exception>
    public SpaceOwner Follow(InstanceRecord instance)
    {
        return Elsewhere(instance) is { } field ? throw new OsbRefusal(OsbErrors.OwnerFixed(field)) : Namespace ?? instance.Owner;
    }

    /// <summary>What shows that the request is for another space, namespace or platform than the instance's; null: nothing.</summary>
    public string? Elsewhere(InstanceRecord instance)
    {
        var ofKubernetes = instance.Platform == Kubernetes;
        if (Told.Platform is { } platform && instance.Platform.Length > 0 && (platform == Kubernetes) != ofKubernetes)
            return "platform";
        if (Namespace is { } owner)
            return ofKubernetes && NameOf(owner) == NameOf(instance.Owner) ? null : "namespace";
        return Contradiction(instance.Owner);
    }

    private static string NameOf(SpaceOwner space) => space.SpaceId[(space.SpaceId.LastIndexOf('/') + 1)..];

    private static string? ReadAnnotations(JsonElement? context)
    {
        var told = new Dictionary<string, JsonElement>();
        foreach (var name in Annotations)
            if (context is { } given && given.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null)
                told[name] = OsbFields.Object(value, $"{Name}.{name}")!.Value;
        return told.Count == 0 ? null : OsbFields.Canonical(JsonSerializer.SerializeToElement(told, OsbJson.Default.DictionaryStringJsonElement));
    }
}
