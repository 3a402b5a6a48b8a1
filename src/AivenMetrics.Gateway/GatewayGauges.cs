using System.Diagnostics.Metrics;
using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.Forwarding;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.Gateway.Responses;
using AivenMetrics.Gateway.Telemetry;

namespace AivenMetrics.Gateway;

/// <summary>The metrics of the gateway that are read from its parts at each scrape. Labels are bounded: destination names only.</summary>
internal sealed class GatewayGauges
{
    public GatewayGauges(
        IMeterFactory meters,
        CredentialStore credentials,
        DestinationPool destinations,
        HedgingBudget hedging,
        ConcurrencyLimits concurrency,
        TenantRegistry tenants,
        TenantMetricsEndpoint exported
    )
    {
        var meter = meters.Create(GatewayMetrics.MeterName);
        AddTenants(meter, credentials, concurrency, tenants, exported);
        AddDestinations(meter, destinations);
        meter.CreateObservableCounter(
            "aivenmetrics_gateway_hedges_total",
            () => hedging.HedgedRequests,
            description: "Light requests that were sent to a second Prometheus server because the first was slow to respond."
        );
        meter.CreateObservableCounter(
            "aivenmetrics_gateway_hedges_won_total",
            () => hedging.HedgesWon,
            description: "Hedged requests whose first response came from the second server."
        );
    }

    private static void AddTenants(
        Meter meter,
        CredentialStore credentials,
        ConcurrencyLimits concurrency,
        TenantRegistry tenants,
        TenantMetricsEndpoint exported
    )
    {
        meter.CreateObservableGauge(
            "aivenmetrics_gateway_queries",
            () => concurrency.Queries.ActiveCount,
            description: "Queries that wait for the response of a Prometheus server."
        );
        meter.CreateObservableGauge(
            "aivenmetrics_gateway_queries_waiting",
            () => concurrency.Queries.WaitingCount,
            description: "Queries that wait in the queues of their tenants."
        );
        meter.CreateObservableGauge(
            "aivenmetrics_gateway_active_tenants",
            () => tenants.AccountCount,
            description: "Tenants, by plan, with a request within the last hour."
        );
        meter.CreateObservableGauge(
            "aivenmetrics_gateway_tenants_not_exported",
            () => exported.NotExported,
            description: "Active tenants without usage series: beyond Gateway:ExportedTenants, or with a scope that gives no labels."
        );
        meter.CreateObservableGauge(
            "aivenmetrics_gateway_credentials",
            () => Optional(credentials.Current?.Count),
            description: "Credentials that are loaded."
        );
        meter.CreateObservableGauge(
            "aivenmetrics_gateway_tenants_age_seconds",
            () => Optional(credentials.Age?.TotalSeconds),
            description: "Time since the source of the credentials last confirmed them."
        );
    }

    private static void AddDestinations(Meter meter, DestinationPool destinations)
    {
        meter.CreateObservableGauge(
            "aivenmetrics_gateway_destination_up",
            () => ForEach(destinations, d => d.IsUsable ? 1 : 0),
            description: "1 if the last contact with a Prometheus server succeeded, 0 otherwise."
        );
        meter.CreateObservableGauge(
            "aivenmetrics_gateway_destination_first",
            () => ForEach(destinations, d => destinations.Primary == d ? 1 : 0),
            description: "1 for the Prometheus server that receives requests first, 0 for the others."
        );
        meter.CreateObservableGauge(
            "aivenmetrics_gateway_destination_newest_sample_age_seconds",
            () => destinations.All.Where(d => d.NewestSampleAge is not null).Select(d => Measure(d, Seconds(d.NewestSampleAge!.Value))),
            description: "Age of the newest sample of the discovery jobs on a Prometheus server; +Inf if it has none."
        );
        meter.CreateObservableGauge(
            "aivenmetrics_gateway_destination_gaps",
            () => ForEach(destinations, d => d.Gaps.Length),
            description: "Detected gaps in the history of a Prometheus server."
        );
        meter.CreateObservableCounter(
            "aivenmetrics_gateway_switches_total",
            () => destinations.Switches,
            description: "Changes of the Prometheus server that receives requests first."
        );
        meter.CreateObservableCounter(
            "aivenmetrics_gateway_detours_total",
            () => destinations.Detours,
            description: "Requests that went to another Prometheus server because the first has a gap in the requested time."
        );
    }

    private static Measurement<T>[] Optional<T>(T? value)
        where T : struct => value is { } known ? [new(known)] : [];

    private static IEnumerable<Measurement<int>> ForEach(DestinationPool destinations, Func<Destination, int> value) =>
        destinations.All.Select(d => Measure(d, value(d)));

    private static Measurement<T> Measure<T>(Destination destination, T value)
        where T : struct => new(value, new KeyValuePair<string, object?>("destination", destination.Name));

    private static double Seconds(TimeSpan age) => age == TimeSpan.MaxValue ? double.PositiveInfinity : age.TotalSeconds;
}
