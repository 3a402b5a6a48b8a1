using System.ComponentModel.DataAnnotations;
using AivenMetrics.PromQL;

namespace AivenMetrics.Gateway.Configuration;

/// <summary>The conditions for a change to another Prometheus server and back, section <c>Gateway:Failover</c>.</summary>
public sealed class FailoverOptions : IValidatableObject
{
    /// <summary>The default lookback of Prometheus: an instant query finds no older samples.</summary>
    private static readonly TimeSpan MaxStaleAfter = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan MinStaleAfter = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The time that a preferred Prometheus server must have been healthy, and that must have passed since the last switch, before the
    /// gateway switches back. Default: 5 min, so that graphs change between replicas at most once in that time. The gateway leaves a failed
    /// server immediately.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan ReturnAfter { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Selects the series that show whether a Prometheus server scrapes. Default: <c>up{aiven_project!=""}</c>, the <c>up</c> of the
    /// discovery jobs. If it is empty, the gateway monitors neither staleness nor history.
    /// </summary>
    public string FreshnessSelector { get; set; } = "up{aiven_project!=\"\"}";

    /// <summary>
    /// If the newest sample of a Prometheus server is older than this, the server is stale: the gateway prefers one with newer samples. A
    /// longer period without samples is a gap in its history. Default: 3 min, a few scrape intervals of 1 min. 2 s to 5 min, because an
    /// instant query finds no older samples. Zero disables both checks.
    /// </summary>
    public TimeSpan StaleAfter { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>
    /// The time for which the gateway monitors the history of each Prometheus server. Default: 15 days, the default retention of
    /// Prometheus. Zero disables it.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "366.00:00:00")]
    public TimeSpan HistoryWindow { get; set; } = TimeSpan.FromDays(15);

    /// <summary>
    /// The maximum share of light requests (instant queries, names and values) that are hedged, which means sent to a second Prometheus
    /// server when the first is slow. Default: 0.05, one in twenty. Maximum: 0.5. Zero disables hedging.
    /// </summary>
    [Range(0.0, 0.5)]
    public double HedgeShare { get; set; } = 0.05;

    /// <summary>Whether the gateway monitors samples.</summary>
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
