using System.ComponentModel.DataAnnotations;

namespace AivenMetrics.Gateway.Configuration;

/// <summary>
/// The limits of one plan, section <c>Gateway:Plans:&lt;plan&gt;</c>. What a plan does not set is that of the plan <c>default</c>, and what that
/// does not set either is the default named here.
/// </summary>
public sealed class TenantLimitsOptions
{
    /// <summary>Queries of one tenant that run at once. 1 to 10,000; default 10.</summary>
    [Range(1, 10_000)]
    public int? ConcurrentQueries { get; set; }

    /// <summary>Queries of one tenant that may wait beyond those that run. 0 to 100,000; default 50: a dashboard of 30 panels fits twice.</summary>
    [Range(0, 100_000)]
    public int? QueuedQueries { get; set; }

    /// <summary>How long a query waits for its turn before it is refused. 0 to 10 min; default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan? QueueTime { get; set; }

    /// <summary>Requests of one tenant per second, over a longer time. 1 to 1,000,000; default 50.</summary>
    [Range(1, 1_000_000)]
    public int? RequestsPerSecond { get; set; }

    /// <summary>Requests that may come at once after a quiet time. 1 to 10,000,000; default 100.</summary>
    [Range(1, 10_000_000)]
    public int? RequestBurst { get; set; }

    /// <summary>
    /// The longest time a query may span: from start to end, and by the ranges inside it, such as <c>[7d]</c>. A minute to 100 years;
    /// default 93 days, a quarter.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "36500.00:00:00")]
    public TimeSpan? QueryRange { get; set; }

    /// <summary>Points of a range query per series. 1 to 1,000,000; default 11,000, as Prometheus' own.</summary>
    [Range(1, 1_000_000)]
    public int? QueryPoints { get; set; }

    /// <summary>
    /// Times at which a query evaluates what is in its subqueries, all of them together: of each the range in its brackets and that of the
    /// query around it, divided by its step. 1 to 100,000,000; default 250,000: a minute's step over a quarter fits nearly twice.
    /// </summary>
    [Range(1, 100_000_000)]
    public int? SubqueryPoints { get; set; }

    /// <summary>How long a query may take: sent as <c>timeout</c>, and a longer one of the client is shortened. A second to a day; default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan? QueryTimeout { get; set; }

    /// <summary>The largest answer, in bytes as they come from the metrics store. At least 64 KiB; default 256 MiB.</summary>
    [Range(typeof(long), "65536", "1125899906842624")]
    public long? ResponseBytes { get; set; }

    /// <summary>
    /// The most series of <c>series</c> and <c>/federate</c>, and the most names or values of <c>labels</c> and <c>label/…/values</c>. At least
    /// 1; default 50,000: Grafana asks for 40,000.
    /// </summary>
    [Range(1, 100_000_000)]
    public int? Series { get; set; }
}
