using AivenMetrics.Simulator.World;

namespace AivenMetrics.Simulator.Metrics;

/// <summary>Describes a node in the labels of its metrics.</summary>
/// <param name="Project">Label <c>project</c>.</param>
/// <param name="Service">Label <c>service</c>.</param>
/// <param name="ServiceType">Label <c>service_type</c>.</param>
/// <param name="Cloud">Label <c>cloud</c>.</param>
/// <param name="Host">Label <c>host</c>: the node's name.</param>
/// <param name="Nodes">Names of all current nodes, oldest first.</param>
/// <param name="PlannedNodes">Number of nodes of the plan.</param>
/// <param name="Standby">Whether it is a standby.</param>
/// <param name="StartedAt">Time at which its counters start.</param>
internal sealed record NodeDescription(
    string Project,
    string Service,
    string ServiceType,
    string Cloud,
    string Host,
    IReadOnlyList<string> Nodes,
    int PlannedNodes,
    bool Standby,
    DateTimeOffset StartedAt
)
{
    /// <summary>Whether this is the oldest node, which has the roles of a leader.</summary>
    public bool IsLeader => Nodes.Count > 0 && Nodes[0] == Host;

    public static NodeDescription From(AivenService service, AivenNode node, DateTimeOffset now) =>
        new(
            service.Project.Name,
            service.Name,
            service.Type.Name,
            service.Cloud,
            node.Name,
            [.. service.Nodes.Where(other => other.HasJoined(now)).Select(other => other.Name)],
            service.PlannedNodes,
            node.Standby,
            node.StartedAt
        );
}
