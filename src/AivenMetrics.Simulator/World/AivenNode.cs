using System.Net;
using AivenMetrics.Simulator.Nodes;

namespace AivenMetrics.Simulator.World;

/// <summary>A virtual machine of a service.</summary>
/// <param name="name"><c>&lt;service&gt;-&lt;N&gt;</c>; N is never used again.</param>
/// <param name="address">Its own loopback address.</param>
/// <param name="standby">Whether it is found under the <c>replica-</c> name instead of the service's own.</param>
/// <param name="startedAt">Since when its counters count.</param>
/// <param name="joinsAt">When it is built: from then on it is in DNS and may serve metrics.</param>
internal sealed class AivenNode(string name, IPAddress address, bool standby, DateTimeOffset startedAt, DateTimeOffset joinsAt)
{
    public string Name { get; } = name;

    public IPAddress Address { get; } = address;

    public bool Standby { get; } = standby;

    public DateTimeOffset StartedAt { get; } = startedAt;

    public DateTimeOffset JoinsAt { get; set; } = joinsAt;

    /// <summary>When it is gone; null: it stays.</summary>
    public DateTimeOffset? LeavesAt { get; set; }

    /// <summary>False: a test closed the metrics port.</summary>
    public bool PortOpen { get; set; } = true;

    /// <summary>The certificate it shows.</summary>
    public CertificateKind Certificate { get; set; } = CertificateKind.Project;

    public bool HasJoined(DateTimeOffset now) => JoinsAt <= now;

    /// <summary>Aiven's <c>node_states[].state</c>.</summary>
    public string State(DateTimeOffset now) =>
        !HasJoined(now) ? "setting_up_vm"
        : LeavesAt is null ? "running"
        : "leaving";
}
