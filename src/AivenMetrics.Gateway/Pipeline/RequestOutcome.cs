using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.PrometheusApi;

namespace AivenMetrics.Gateway.Pipeline;

/// <summary>The outcome of a request, for its log line and metrics.</summary>
/// <param name="Error">The error to write; null if the response was written.</param>
/// <param name="Destination">The Prometheus server that responded; null if the gateway responded itself.</param>
/// <param name="Bytes">The number of bytes of the body that were sent.</param>
/// <param name="AbortReason">The reason why the gateway closed the client's connection, in one word; null if it did not.</param>
/// <param name="ClientDisconnected">Whether the client disconnected before the end of the response.</param>
internal readonly record struct RequestOutcome(
    GatewayError? Error,
    Destination? Destination = null,
    long Bytes = 0,
    string? AbortReason = null,
    bool ClientDisconnected = false
);
