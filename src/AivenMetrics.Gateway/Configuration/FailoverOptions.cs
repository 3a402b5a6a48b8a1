using AivenMetrics.PromQL;

namespace AivenMetrics.Gateway.Configuration;

/// <summary>When the gateway leaves a Prometheus and when it comes back; section <c>Gateway:Failover</c>.</summary>
public sealed class FailoverOptions
{
    /// <summary>What Prometheus looks back for by default: an instant query cannot tell samples older than that from none.</summary>
    private static readonly TimeSpan MaxStaleAfter = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan MinStaleAfter = TimeSpan.FromSeconds(2);
    private const double MaxHedgeShare = 0.5;

    /// <summary>
    /// How long a Prometheus that comes before the present one must have been well, and how long the last switch must be past, before it
    /// gets its place back. Default 5 minutes, so that graphs flip between replicas at most once in that time. A Prometheus that fails
    /// is left at once, always.
    /// </summary>
    public TimeSpan ReturnAfter { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Selects the series whose samples show that a Prometheus scrapes; default <c>up{aiven_project!=""}</c>, the <c>up</c> of the jobs
    /// that discovery makes. Empty: neither staleness nor history is looked at.
    /// </summary>
    public string FreshnessSelector { get; set; } = "up{aiven_project!=\"\"}";

    /// <summary>
    /// A Prometheus whose newest sample is older than this is left for one that has a newer, and a time without samples that is longer
    /// than this is a hole in its history. Default 3 minutes, a few scrape intervals of Prometheus' default of a minute; at least 2 s
    /// and at most 5 minutes, because an instant query sees no further back. Zero: neither is looked at.
    /// </summary>
    public TimeSpan StaleAfter { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>
    /// How far back the holes of each Prometheus are looked for. Default 15 days, Prometheus' own default retention; zero: not at all.
    /// </summary>
    public TimeSpan HistoryWindow { get; set; } = TimeSpan.FromDays(15);

    /// <summary>
    /// The share of light requests (instant queries, names and values) that may be asked of a second Prometheus when the first is slow
    /// to begin its answer. Default 0.05, which is one in twenty; at most 0.5; zero: none is.
    /// </summary>
    public double HedgeShare { get; set; } = 0.05;

    /// <summary>Whether samples say how well a Prometheus is.</summary>
    internal bool TracksSamples => StaleAfter > TimeSpan.Zero && FreshnessSelector.Length > 0;

    /// <summary>All that is wrong with these options, as sentences that name the key and the remedy.</summary>
    internal IEnumerable<string> Validate()
    {
        if (ReturnAfter < TimeSpan.Zero || ReturnAfter > TimeSpan.FromDays(1))
        {
            yield return "Gateway:Failover:ReturnAfter must be at least zero and at most a day, for example 00:05:00.";
        }
        if (StaleAfter != TimeSpan.Zero && (StaleAfter < MinStaleAfter || StaleAfter > MaxStaleAfter))
        {
            yield return "Gateway:Failover:StaleAfter must be from 2 seconds to 5 minutes, for example 00:03:00, or zero to look at no samples.";
        }
        if (HistoryWindow < TimeSpan.Zero || HistoryWindow > TimeSpan.FromDays(366))
        {
            yield return "Gateway:Failover:HistoryWindow must be at least zero and at most 366 days, for example 15.00:00:00.";
        }
        if (HedgeShare is not (>= 0 and <= MaxHedgeShare))
        {
            yield return "Gateway:Failover:HedgeShare must be at least 0 and at most 0.5, for example 0.05.";
        }
        if (FreshnessSelector.Length > 0 && SelectorError() is { } fault)
        {
            yield return $"Gateway:Failover:FreshnessSelector is no selector of series: {fault.TrimEnd('.')}.";
        }
    }

    private string? SelectorError()
    {
        try
        {
            _ = PromQLParser.ParseMetricSelector(FreshnessSelector);
            return null;
        }
        catch (PromQLParseException e)
        {
            return e.Message;
        }
    }
}
