using System.ComponentModel.DataAnnotations;

namespace AivenMetrics.Gateway.Configuration;

/// <summary>
/// The limits of one plan, section <c>Gateway:Plans:&lt;plan&gt;</c>. An unset limit is that of the plan <c>default</c>. If that is unset
/// too, it is the default named here.
/// </summary>
public sealed class TenantLimitsOptions
{
    /// <summary>The maximum number of concurrent queries of one tenant. 1 to 10,000. Default: 10.</summary>
    [Range(1, 10_000)]
    public int? ConcurrentQueries { get; set; }

    /// <summary>
    /// The maximum number of waiting queries of one tenant. 0 to 100,000. Default: 50, so that a dashboard of 30 panels fits twice.
    /// </summary>
    [Range(0, 100_000)]
    public int? QueuedQueries { get; set; }

    /// <summary>The maximum time that a query waits before it is rejected. 0 to 10 min. Default: 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan? QueueTime { get; set; }

    /// <summary>The number of requests of one tenant per second, on average. 1 to 1,000,000. Default: 50.</summary>
    [Range(1, 1_000_000)]
    public int? RequestsPerSecond { get; set; }

    /// <summary>The maximum number of requests in a burst after a quiet time. 1 to 10,000,000. Default: 100.</summary>
    [Range(1, 10_000_000)]
    public int? RequestBurst { get; set; }

    /// <summary>
    /// The maximum time range of a query: from start to end, and of the ranges in it, such as <c>[7d]</c>. 1 min to 100 years. Default: 93
    /// days, a quarter.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "36500.00:00:00")]
    public TimeSpan? QueryRange { get; set; }

    /// <summary>
    /// The maximum number of points of a range query per series. 1 to 1,000,000. Default: 11,000, the limit of Prometheus.
    /// </summary>
    [Range(1, 1_000_000)]
    public int? QueryPoints { get; set; }

    /// <summary>
    /// The maximum number of evaluations in subqueries, summed over all subqueries of a query: (own range + enclosing range) / step. 1 to
    /// 100,000,000. Default: 250,000, nearly twice a step of 1 min over a quarter.
    /// </summary>
    [Range(1, 100_000_000)]
    public int? SubqueryPoints { get; set; }

    /// <summary>
    /// The maximum evaluation time of a query. It is forwarded as <c>timeout</c> and shortens a longer one of the client. 1 s to 1 day.
    /// Default: 60 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan? QueryTimeout { get; set; }

    /// <summary>The maximum size of a response in bytes, as the metrics store sends it. Minimum: 64 KiB. Default: 256 MiB.</summary>
    [Range(typeof(long), "65536", "1125899906842624")]
    public long? ResponseBytes { get; set; }

    /// <summary>
    /// The maximum number of series of <c>series</c> and <c>/federate</c>, and of names or values of <c>labels</c> and
    /// <c>label/…/values</c>. Minimum: 1. Default: 50,000. Grafana requests 40,000.
    /// </summary>
    [Range(1, 100_000_000)]
    public int? Series { get; set; }
}
