namespace AivenMetrics.Gateway.Configuration;

/// <summary>The kinds of server that a gateway can ask. They share the query API and differ at its edges.</summary>
public enum QueryEngine
{
    /// <summary>Prometheus, 2.42 or newer, or what behaves as one: Thanos Query, Mimir.</summary>
    Prometheus,

    /// <summary>
    /// VictoriaMetrics, a single node or the query part of a cluster. Every request carries the scope a second time, as its
    /// <c>extra_filters[]</c>; what it lacks is answered by the gateway.
    /// </summary>
    VictoriaMetrics,
}
