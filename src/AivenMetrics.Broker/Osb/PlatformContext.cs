using System.Text.Json;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>
/// The context object of a request (osb.md 130, 131): who owns the instance and what things are called. Words for platforms that
/// we do not know are as good as Cloud Foundry's; unknown members are ignored.
/// </summary>
/// <param name="Update">The names and annotations.</param>
/// <param name="NamespaceOwner">The owner that it names; null: not Kubernetes.</param>
/// <param name="OrganizationGuid">As repeated there; null: not.</param>
/// <param name="SpaceGuid">As repeated there; null: not.</param>
internal sealed record PlatformContext(ContextUpdate Update, SpaceOwner? NamespaceOwner, string? OrganizationGuid, string? SpaceGuid)
{
    private const string Kubernetes = "kubernetes";
    private const string FieldName = "context";

    private static readonly string[] AnnotationFields =
    [
        "instance_annotations",
        "namespace_annotations",
        "organization_annotations",
        "space_annotations",
    ];

    /// <summary>Reads the context of a provision, an update or a bind; it may be absent.</summary>
    /// <exception cref="OsbException">A member is missing or of a wrong type: 400, naming it.</exception>
    public static PlatformContext Read(JsonElement? value)
    {
        var context = OsbFields.OptionalObject(value, FieldName);
        var platform = OsbFields.OptionalStringMember(context, FieldName, "platform");
        var instanceName = OsbFields.OptionalStringMember(context, FieldName, "instance_name");
        var annotations = ReadAnnotations(context);
        if (platform != Kubernetes)
        {
            return new(
                new ContextUpdate(
                    platform,
                    OsbFields.OptionalStringMember(context, FieldName, "organization_name"),
                    OsbFields.OptionalStringMember(context, FieldName, "space_name"),
                    instanceName,
                    annotations
                ),
                null,
                OsbFields.OptionalStringMember(context, FieldName, "organization_guid"),
                OsbFields.OptionalStringMember(context, FieldName, "space_guid")
            );
        }

        var cluster = OsbFields.RequiredString(OsbFields.OptionalStringMember(context, FieldName, "clusterid"), "context.clusterid");
        var name = OsbFields.RequiredString(OsbFields.OptionalStringMember(context, FieldName, "namespace"), "context.namespace");
        var owner = SpaceOwner.OfNamespace(cluster, name)
            ?? throw new OsbException(
                OsbErrors.BadRequest("The field context.namespace holds a slash, which the name of a namespace cannot.")
            );
        return new(new ContextUpdate(platform, null, name, instanceName, annotations), owner, null, null);
    }

    /// <summary>Whose a new instance is, in a request with that organization_guid and space_guid at its top level.</summary>
    public SpaceOwner ResolveOwner(SpaceOwner topLevel) => NamespaceOwner ?? topLevel;

    /// <summary>The first of its ids that is another than the owner's; null: none.</summary>
    public string? FindMismatch(SpaceOwner owner) =>
        OrganizationGuid is not null && OrganizationGuid != owner.OrganizationId ? "organization_guid"
        : SpaceGuid is not null && SpaceGuid != owner.SpaceId ? "space_guid"
        : null;

    /// <summary>Whose the instance is once an update with this context is applied: a cluster's id may change (131), all else may not.</summary>
    /// <exception cref="OsbException">It is for another organization, space, namespace or platform: 422.</exception>
    public SpaceOwner ResolveUpdatedOwner(InstanceRecord instance)
    {
        return FindOwnerMismatch(instance) is { } field
            ? throw new OsbException(OsbErrors.OwnerMismatch(field))
            : NamespaceOwner ?? instance.Owner;
    }

    /// <summary>What shows that the request is for another space, namespace or platform than the instance's; null: nothing.</summary>
    public string? FindOwnerMismatch(InstanceRecord instance)
    {
        var ofKubernetes = instance.Platform == Kubernetes;
        if (Update.Platform is { } platform && instance.Platform.Length > 0 && (platform == Kubernetes) != ofKubernetes)
        {
            return "platform";
        }
        if (NamespaceOwner is { } owner)
        {
            return ofKubernetes && NamespaceName(owner) == NamespaceName(instance.Owner) ? null : "namespace";
        }
        return FindMismatch(instance.Owner);
    }

    private static string NamespaceName(SpaceOwner space) => space.SpaceId[(space.SpaceId.LastIndexOf('/') + 1)..];

    private static string? ReadAnnotations(JsonElement? context)
    {
        var told = new Dictionary<string, JsonElement>();
        foreach (var name in AnnotationFields)
        {
            if (context is { } given && given.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null)
            {
                told[name] = OsbFields.OptionalObject(value, $"{FieldName}.{name}")!.Value;
            }
        }
        return told.Count == 0
            ? null
            : OsbFields.CanonicalJson(JsonSerializer.SerializeToElement(told, OsbJson.Default.DictionaryStringJsonElement));
    }
}
