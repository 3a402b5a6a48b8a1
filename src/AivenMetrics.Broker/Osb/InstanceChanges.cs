using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>Describes an update for the audit trail.</summary>
internal static class InstanceChanges
{
    /// <summary>Returns a sentence with the differences.</summary>
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
