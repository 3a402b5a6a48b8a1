namespace AivenMetrics.Acceptance.Gateway;

/// <summary>The real servers behind a gateway under test.</summary>
public enum QueryServer
{
    /// <summary>Prometheus 2.42.</summary>
    Prometheus2,

    /// <summary>Prometheus 3.5.</summary>
    Prometheus3,

    /// <summary>VictoriaMetrics 1.112, with a gateway that is configured for it.</summary>
    VictoriaMetrics,
}
