namespace AivenMetrics.Acceptance.Gateway;

/// <summary>The real servers that a gateway is tested before.</summary>
public enum QueryServer
{
    /// <summary>Prometheus 2.42.</summary>
    Prometheus2,

    /// <summary>Prometheus 3.5.</summary>
    Prometheus3,

    /// <summary>VictoriaMetrics 1.112, with the gateway told so.</summary>
    VictoriaMetrics,
}
