using System.Diagnostics.Metrics;
using AivenMetrics.Gateway.Destinations;

namespace AivenMetrics.Gateway.Forwarding;

/// <summary>What an operator can see of the destinations and of the choice between them.</summary>
internal static class DestinationMetrics
{
    public static void AddTo(Meter meter, DestinationPool destinations, HedgingBudget hedging)
    {
        meter.CreateObservableGauge(
            "aivenmetrics_gateway_destination_first",
            () => Each(destinations, d => destinations.Primary == d ? 1 : 0),
            description: "1 for the Prometheus that is asked first at present, 0 for the others."
        );
        meter.CreateObservableGauge(
            "aivenmetrics_gateway_destination_newest_sample_age_seconds",
            () => destinations.All().Where(d => d.NewestSampleAge is not null).Select(d => Measure(d, Seconds(d.NewestSampleAge!.Value))),
            description: "Age of the newest sample that a Prometheus has of the jobs of discovery; +Inf if it has none."
        );
        meter.CreateObservableGauge(
            "aivenmetrics_gateway_destination_gaps",
            () => Each(destinations, d => d.Gaps.Length),
            description: "Holes in the history of a Prometheus that are known."
        );
        meter.CreateObservableCounter(
            "aivenmetrics_gateway_switches_total",
            () => destinations.Switches,
            description: "How often another Prometheus became the one that is asked first."
        );
        meter.CreateObservableCounter(
            "aivenmetrics_gateway_detours_total",
            () => destinations.Detours,
            description: "Requests that went to another Prometheus than the first because that lacks samples of the time asked about."
        );
        meter.CreateObservableCounter(
            "aivenmetrics_gateway_hedges_total",
            () => hedging.HedgedRequests,
            description: "Light requests that a second Prometheus was asked too, because the first was slow to answer."
        );
        meter.CreateObservableCounter(
            "aivenmetrics_gateway_hedges_won_total",
            () => hedging.HedgesWon,
            description: "Those of them that the second one answered first."
        );
    }

    private static IEnumerable<Measurement<int>> Each(DestinationPool destinations, Func<Destination, int> value) =>
        destinations.All().Select(d => Measure(d, value(d)));

    private static Measurement<T> Measure<T>(Destination destination, T value)
        where T : struct => new(value, new KeyValuePair<string, object?>("destination", destination.Name));

    private static double Seconds(TimeSpan age) => age == TimeSpan.MaxValue ? double.PositiveInfinity : age.TotalSeconds;
}
