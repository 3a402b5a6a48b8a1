using System.Text.Json;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>
/// The context object of a request (docs/osb-conformance.md 130 and 131): owner and names. Unknown platforms are treated like Cloud
/// Foundry; unknown members are ignored.
/// </summary>
/// <param name="Update">Names and annotations.</param>
/// <param name="NamespaceOwner">Owner of a Kubernetes namespace; null for other platforms.</param>
/// <param name="OrganizationGuid">GUID of the organization; null if absent.</param>
/// <param name="SpaceGuid">GUID of the space; null if absent.</param>
internal sealed record PlatformContext(ContextUpdate Update, OwningSpace? NamespaceOwner, string? OrganizationGuid, string? SpaceGuid)
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

    /// <summary>Validates the context of a provision, an update or a bind. It may be absent.</summary>
    /// <exception cref="OsbException">A member is missing or has a wrong type: 400, which names it.</exception>
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
        var owner = OwningSpace.OfNamespace(cluster, name)
            ?? throw new OsbException(OsbErrors.BadRequest("The field context.namespace must not contain a slash."));
        return new(new ContextUpdate(platform, null, name, instanceName, annotations), owner, null, null);
    }

    /// <summary>Returns the owner of a new instance, given organization_guid and space_guid of the request.</summary>
    public OwningSpace ResolveOwner(OwningSpace topLevel) => NamespaceOwner ?? topLevel;

    /// <summary>Returns the name of the first id that differs from the owner; null if all match.</summary>
    public string? FindMismatch(OwningSpace owner) =>
        OrganizationGuid is not null && OrganizationGuid != owner.OrganizationId ? "organization_guid"
        : SpaceGuid is not null && SpaceGuid != owner.SpaceId ? "space_guid"
        : null;

    /// <summary>
    /// Returns the owner of the instance after an update with this context. Only the id of a cluster may change (docs/osb-conformance.md
    /// 131).
    /// </summary>
    /// <exception cref="OsbException">The context names another organization, space, namespace or platform: 422.</exception>
    public OwningSpace ResolveUpdatedOwner(InstanceRecord instance)
    {
        return FindOwnerMismatch(instance) is { } field
            ? throw new OsbException(OsbErrors.OwnerMismatch(field))
            : NamespaceOwner ?? instance.Owner;
    }

    /// <summary>
    /// Returns the name of the field that identifies another space, namespace or platform than that of the instance; null if none does.
    /// </summary>
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

    private static string NamespaceName(OwningSpace space) => space.SpaceId[(space.SpaceId.LastIndexOf('/') + 1)..];

    private static string? ReadAnnotations(JsonElement? context)
    {
        var annotations = new Dictionary<string, JsonElement>();
        foreach (var name in AnnotationFields)
        {
            if (context is { } given && given.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null)
            {
                annotations[name] = OsbFields.OptionalObject(value, $"{FieldName}.{name}")!.Value;
            }
        }
        return annotations.Count == 0
            ? null
            : OsbFields.CanonicalJson(JsonSerializer.SerializeToElement(annotations, OsbJson.Default.DictionaryStringJsonElement));
    }
}
