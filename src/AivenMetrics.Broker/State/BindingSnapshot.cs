using System.Text.Json;

namespace AivenMetrics.Broker.State;

/// <summary>
/// The parts of the credentials that were read when the bind succeeded. They are stored with the binding, so that all responses are equal.
/// </summary>
/// <param name="Services">The services covered at that time.</param>
/// <param name="PrometheusVersion">Version of the Prometheus behind the gateways at that time; null if unknown.</param>
public sealed record BindingSnapshot(IReadOnlyList<ServiceStatus> Services, string? PrometheusVersion)
{
    /// <summary>Serializes the snapshot for the row.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, StateJson.Default.BindingSnapshot);

    /// <summary>Deserializes the snapshot of a row.</summary>
    public static BindingSnapshot FromJson(string json) =>
        JsonSerializer.Deserialize(json, StateJson.Default.BindingSnapshot)
        ?? throw new InvalidDataException("The snapshot of a binding is null.");
}

/// <summary>State of an Aiven service.</summary>
/// <param name="Name">Name of the Aiven service.</param>
/// <param name="Type">Aiven service type, for example pg.</param>
/// <param name="State">Aiven service state, for example RUNNING.</param>
/// <param name="Metrics">State of the metrics collection, in one sentence.</param>
public sealed record ServiceStatus(string Name, string Type, string State, string Metrics);
