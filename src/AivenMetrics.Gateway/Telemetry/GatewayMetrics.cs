using System.Diagnostics.Metrics;
using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.Forwarding;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.Gateway.Responses;

namespace AivenMetrics.Gateway.Telemetry;

/// <summary>What an operator can see of a gateway. Labels are bounded: no user names, no queries, no internal host names.</summary>
internal sealed class GatewayMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "AivenMetrics.Gateway";

    private readonly Counter<long> _requests;
    private readonly Counter<long> _refusals;
    private readonly Counter<long> _attempts;
    private readonly Counter<long> _responseBytes;
    private readonly Counter<long> _refreshFailures;
    private readonly Histogram<double> _rewriteSeconds;
    private readonly Histogram<double> _requestSeconds;
    private readonly Histogram<double> _queueSeconds;

    public GatewayMetrics(
        IMeterFactory meters,
        CredentialStore tenants,
        DestinationPool destinations,
        HedgingBudget hedging,
        ConcurrencyLimits gates,
        TenantRegistry ledger,
        TenantMetricsEndpoint exported
    )
    {
        var meter = meters.Create(MeterName);
        _requests = meter.CreateCounter<long>("aivenmetrics_gateway_requests_total", description: "Requests by route and status.");
        _refusals = meter.CreateCounter<long>(
            "aivenmetrics_gateway_refusals_total",
            description: "Requests that the gateway itself refused, by reason."
        );
        _attempts = meter.CreateCounter<long>(
            "aivenmetrics_gateway_upstream_attempts_total",
            description: "Requests to a Prometheus by destination and outcome."
        );
        _responseBytes = meter.CreateCounter<long>(
            "aivenmetrics_gateway_response_bytes_total",
            description: "Bytes of bodies sent to clients."
        );
        _refreshFailures = meter.CreateCounter<long>(
            "aivenmetrics_gateway_tenants_refresh_failures_total",
            description: "Readings of the tenants file that were not good; the last good tenants stay."
        );
        _rewriteSeconds = CreateHistogram(
            meter,
            "aivenmetrics_gateway_rewrite_seconds",
            "Time to parse, scope and print what a request asks.",
            [0.000005, 0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.01, 0.1]
        );
        _requestSeconds = CreateHistogram(
            meter,
            "aivenmetrics_gateway_request_seconds",
            "Time from the request's headers to the end of its answer, by route.",
            [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120]
        );
        _queueSeconds = CreateHistogram(
            meter,
            "aivenmetrics_gateway_queue_seconds",
            "Time that those queries waited for their turn that found no room at once.",
            [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
        );
        meter.CreateObservableGauge(
            "aivenmetrics_gateway_queries",
            () => gates.Queries.ActiveCount,
            description: "Queries that wait for the answer of a Prometheus."
        );
        meter.CreateObservableGauge(
            "aivenmetrics_gateway_queries_waiting",
            () => gates.Queries.WaitingCount,
            description: "Queries that wait for their turn."
        );
        meter.CreateObservableGauge(
            "aivenmetrics_gateway_active_tenants",
            () => ledger.AccountCount,
            description: "Tenants, by plan, that asked within the last hour."
        );
        meter.CreateObservableGauge(
            "aivenmetrics_gateway_tenants_not_exported",
            () => exported.NotExported,
            description: "Of these, those without series of their usage: beyond Gateway:ExportedTenants, or with a scope that gives no labels."
        );
        meter.CreateObservableGauge(
            "aivenmetrics_gateway_tenants",
            () => OptionalMeasurement(tenants.Current?.Count),
            description: "Credentials known."
        );
        meter.CreateObservableGauge(
            "aivenmetrics_gateway_tenants_age_seconds",
            () => OptionalMeasurement(tenants.Age?.TotalSeconds),
            description: "Time since the source of the tenants last confirmed them."
        );
        meter.CreateObservableGauge(
            "aivenmetrics_gateway_destination_up",
            () =>
                destinations
                    .All()
                    .Select(d => new Measurement<int>(d.IsUsable ? 1 : 0, new KeyValuePair<string, object?>("destination", d.Name))),
            description: "Whether the last contact with a Prometheus was good."
        );
        DestinationMetrics.AddTo(meter, destinations, hedging);
    }

    public void RecordRequest(string route, int status, double seconds, long bytes)
    {
        _requests.Add(1, new("route", route), new("status", status));
        _requestSeconds.Record(seconds, new KeyValuePair<string, object?>("route", route));
        _responseBytes.Add(bytes, new KeyValuePair<string, object?>("route", route));
    }

    public void RecordRejection(string reason) => _refusals.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void RecordAttempt(string destination, string outcome) =>
        _attempts.Add(1, new("destination", destination), new("outcome", outcome));

    public void RecordRewrite(double seconds) => _rewriteSeconds.Record(seconds);

    public void RecordQueueTime(double seconds) => _queueSeconds.Record(seconds);

    public void RecordRefreshFailure() => _refreshFailures.Add(1);

    private static Histogram<double> CreateHistogram(Meter meter, string name, string description, double[] boundaries) =>
        meter.CreateHistogram(name, null, description, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = boundaries });

    private static Measurement<T>[] OptionalMeasurement<T>(T? value)
        where T : struct => value is { } known ? [new(known)] : [];
}
