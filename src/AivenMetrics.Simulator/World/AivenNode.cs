using System.Net;
using AivenMetrics.Simulator.Nodes;

namespace AivenMetrics.Simulator.World;

/// <summary>A node (virtual machine) of a service.</summary>
/// <param name="name"><c>&lt;service&gt;-&lt;N&gt;</c>; N is never reused.</param>
/// <param name="address">Its own loopback address.</param>
/// <param name="standby">Whether it has the <c>replica-</c> host name instead of the host name of the service.</param>
/// <param name="startedAt">Time at which its counters start.</param>
/// <param name="joinsAt">Time from which it is in DNS and can serve metrics.</param>
internal sealed class AivenNode(string name, IPAddress address, bool standby, DateTimeOffset startedAt, DateTimeOffset joinsAt)
{
    public string Name { get; } = name;

    public IPAddress Address { get; } = address;

    public bool Standby { get; } = standby;

    public DateTimeOffset StartedAt { get; } = startedAt;

    public DateTimeOffset JoinsAt { get; set; } = joinsAt;

    /// <summary>Time at which the node is removed; null if it is not leaving.</summary>
    public DateTimeOffset? LeavesAt { get; set; }

    /// <summary>False if the admin API has closed the metrics port.</summary>
    public bool PortOpen { get; set; } = true;

    /// <summary>The TLS certificate of the node.</summary>
    public CertificateKind Certificate { get; set; } = CertificateKind.Project;

    public bool HasJoined(DateTimeOffset now) => JoinsAt <= now;

    /// <summary>Aiven's <c>node_states[].state</c>.</summary>
    public string State(DateTimeOffset now) =>
        !HasJoined(now) ? "setting_up_vm"
        : LeavesAt is null ? "running"
        : "leaving";
}
