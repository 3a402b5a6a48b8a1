using System.ComponentModel.DataAnnotations;
using AivenMetrics.PromQL;

namespace AivenMetrics.Gateway.Configuration;

/// <summary>When the gateway leaves a Prometheus and when it comes back; section <c>Gateway:Failover</c>.</summary>
public sealed class FailoverOptions : IValidatableObject
{
    /// <summary>What Prometheus looks back for by default: an instant query cannot tell samples older than that from none.</summary>
    private static readonly TimeSpan MaxStaleAfter = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan MinStaleAfter = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long a Prometheus that comes before the present one must have been well, and how long the last switch must be past, before it
    /// gets its place back. Default 5 minutes, so that graphs flip between replicas at most once in that time. A Prometheus that fails
    /// is left at once, always.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
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
    [Range(typeof(TimeSpan), "00:00:00", "366.00:00:00")]
    public TimeSpan HistoryWindow { get; set; } = TimeSpan.FromDays(15);

    /// <summary>
    /// The share of light requests (instant queries, names and values) that may be asked of a second Prometheus when the first is slow
    /// to begin its answer. Default 0.05, which is one in twenty; at most 0.5; zero: none is.
    /// </summary>
    [Range(0.0, 0.5)]
    public double HedgeShare { get; set; } = 0.05;

    /// <summary>Whether samples say how well a Prometheus is.</summary>
    internal bool TracksSamples => StaleAfter > TimeSpan.Zero && FreshnessSelector.Length > 0;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (StaleAfter != TimeSpan.Zero && (StaleAfter < MinStaleAfter || StaleAfter > MaxStaleAfter))
        {
            yield return new ValidationResult(
                $"is {StaleAfter:c}; it must be from {MinStaleAfter:c} to {MaxStaleAfter:c}, or 00:00:00 to ignore samples.",
                [nameof(StaleAfter)]
            );
        }

        if (FreshnessSelector.Length > 0 && SelectorError() is { } error)
        {
            yield return new ValidationResult($"is not a series selector: {error.TrimEnd('.')}.", [nameof(FreshnessSelector)]);
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
