using System.Text.Json.Nodes;

namespace AivenMetrics.Broker.State;

/// <summary>What a platform's context tells of an instance (osb.md 130, 131). Null: not told, so what is known stays.</summary>
/// <param name="Platform">Its word for itself.</param>
/// <param name="OrganizationName">May change at any time, as may the next two.</param>
/// <param name="SpaceName">With Kubernetes: the namespace.</param>
/// <param name="InstanceName">A bind does not tell it.</param>
/// <param name="Annotations">JSON object of annotation objects by their names; those that it lacks stay.</param>
public sealed record ContextUpdate(string? Platform, string? OrganizationName, string? SpaceName, string? InstanceName, string? Annotations)
{
    /// <summary>The instance with what was told at that time.</summary>
    public InstanceRecord ApplyTo(InstanceRecord instance, DateTimeOffset at) =>
        instance with
        {
            // An instance stays with the platform that ordered it.
            Platform = instance.Platform.Length == 0 ? Platform ?? "" : instance.Platform,
            OrganizationName = OrganizationName ?? instance.OrganizationName,
            SpaceName = SpaceName ?? instance.SpaceName,
            InstanceName = InstanceName ?? instance.InstanceName,
            Annotations = Annotations is null ? instance.Annotations : MergeAnnotations(instance.Annotations, Annotations),
            // Two brokers' clocks may differ a little: time never goes back for a row.
            ContextAt = at > instance.ContextAt ? at : instance.ContextAt,
        };

    /// <summary>True: it tells nothing that is not known already.</summary>
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
