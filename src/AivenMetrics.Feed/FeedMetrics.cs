using System.Diagnostics.Metrics;

namespace AivenMetrics.Feed;

/// <summary>The metrics of a feed client: polls, failures by reason, and the age of the current response.</summary>
internal sealed class FeedMetrics
{
    private readonly KeyValuePair<string, object?> _feed;
    private readonly Counter<long> _polls;
    private readonly Counter<long> _failures;

    public FeedMetrics(IMeterFactory meters, string name, TimeProvider time, Func<DateTimeOffset?> fetchedAt)
    {
        _feed = new("feed", name);
        var meter = meters.Create("AivenMetrics.Feed");
        _polls = meter.CreateCounter<long>(
            "aivenmetrics_feed_polls_total",
            description: "Successful polls by outcome: changed or unchanged."
        );
        _failures = meter.CreateCounter<long>("aivenmetrics_feed_failures_total", description: "Failed polls by reason.");
        meter.CreateObservableGauge(
            "aivenmetrics_feed_age_seconds",
            () => Measure(fetchedAt(), at => Math.Max(0, (time.GetUtcNow() - at).TotalSeconds)),
            description: "Time since the broker last confirmed the current response."
        );
        meter.CreateObservableGauge(
            "aivenmetrics_feed_last_success_timestamp_seconds",
            () => Measure(fetchedAt(), at => at.ToUnixTimeMilliseconds() / 1000d),
            description: "Time at which the broker last confirmed the current response."
        );
    }

    public void RecordSuccess(bool changed) => _polls.Add(1, _feed, new("outcome", changed ? "changed" : "unchanged"));

    public void RecordFailure(FeedFailureException failure) => _failures.Add(1, _feed, new("reason", failure.ReasonLabel));

    private Measurement<double>[] Measure(DateTimeOffset? at, Func<DateTimeOffset, double> value) =>
        at is { } known ? [new(value(known), _feed)] : [];
}
