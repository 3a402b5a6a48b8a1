using System.Text.Json.Nodes;

namespace AivenMetrics.Broker.State;

/// <summary>
/// The context that a platform reported for an instance (docs/osb-conformance.md 130 and 131). Null values were not reported and leave the
/// stored value unchanged.
/// </summary>
/// <param name="Platform">Name of the platform.</param>
/// <param name="OrganizationName">Name of the organization. All names may change at any time.</param>
/// <param name="SpaceName">Name of the space; for Kubernetes, the namespace.</param>
/// <param name="InstanceName">Name of the instance; not reported by binds.</param>
/// <param name="Annotations">JSON object with annotation objects by name. Absent annotations stay unchanged.</param>
public sealed record ContextUpdate(string? Platform, string? OrganizationName, string? SpaceName, string? InstanceName, string? Annotations)
{
    /// <summary>Returns the instance with the reported values.</summary>
    public InstanceRecord ApplyTo(InstanceRecord instance, DateTimeOffset at) =>
        instance with
        {
            // The platform of an instance does not change.
            Platform = instance.Platform.Length == 0 ? Platform ?? "" : instance.Platform,
            OrganizationName = OrganizationName ?? instance.OrganizationName,
            SpaceName = SpaceName ?? instance.SpaceName,
            InstanceName = InstanceName ?? instance.InstanceName,
            Annotations = Annotations is null ? instance.Annotations : MergeAnnotations(instance.Annotations, Annotations),
            // Clocks of brokers may differ slightly; the time of a row never decreases.
            ContextAt = at > instance.ContextAt ? at : instance.ContextAt,
        };

    /// <summary>Returns true if the instance already has all reported values.</summary>
    public bool HasNoEffectOn(InstanceRecord instance) => ApplyTo(instance, instance.ContextAt) == instance;

    private static string MergeAnnotations(string existing, string reported)
    {
        var all = JsonNode.Parse(existing)!.AsObject();
        foreach (var (name, value) in JsonNode.Parse(reported)!.AsObject())
        {
            all[name] = value!.DeepClone();
        }
        return new JsonObject(
            all.OrderBy(member => member.Key, StringComparer.Ordinal)
                .Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone()))
        ).ToJsonString();
    }
}
