namespace AivenMetrics.Gateway.Configuration;

/// <summary>The supported query engines. They share the query API and differ in details.</summary>
public enum QueryEngine
{
    /// <summary>Prometheus 2.42 or later, and compatible servers such as Thanos Query and Mimir.</summary>
    Prometheus,

    /// <summary>
    /// VictoriaMetrics, single node or the query component of a cluster. Every request also contains the scope as <c>extra_filters[]</c>.
    /// The gateway itself responds to paths that VictoriaMetrics does not have.
    /// </summary>
    VictoriaMetrics,
}
