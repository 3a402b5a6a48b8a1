using System.Text.Json;

namespace AivenMetrics.Broker.State;

/// <summary>
/// The parts of the credentials that were read when the bind succeeded. They are kept with the binding, so that every answer
/// that gives its credentials is equal.
/// </summary>
/// <param name="Services">The services that it covered then.</param>
/// <param name="PrometheusVersion">Whose query language the gateways spoke then; null while unknown.</param>
public sealed record BindingSnapshot(IReadOnlyList<ServiceStatus> Services, string? PrometheusVersion)
{
    /// <summary>The text for the row.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, StateJson.Default.BindingSnapshot);

    /// <summary>Reads the text of a row.</summary>
    public static BindingSnapshot FromJson(string json) =>
        JsonSerializer.Deserialize(json, StateJson.Default.BindingSnapshot)
        ?? throw new InvalidDataException("The snapshot of a binding is null.");
}

/// <summary>An Aiven service as a tenant is told of it.</summary>
/// <param name="Name">Aiven service name.</param>
/// <param name="Type">Aiven's word, such as <c>pg</c>.</param>
/// <param name="State">Aiven's word, such as <c>RUNNING</c>.</param>
/// <param name="Metrics">What became of its metrics, in a sentence.</param>
public sealed record ServiceStatus(string Name, string Type, string State, string Metrics);
