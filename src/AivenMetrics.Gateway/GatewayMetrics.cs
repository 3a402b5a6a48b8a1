using System.Diagnostics.Metrics;
using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Failover;
using AivenMetrics.Gateway.Limits;

namespace AivenMetrics.Gateway;

/// <summary>What an operator can see of a gateway. Labels are bounded: no user names, no queries, no internal host names.</summary>
internal sealed class GatewayMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "AivenMetrics.Gateway";

    private readonly Counter<long> requests;
    private readonly Counter<long> refusals;
    private readonly Counter<long> attempts;
    private readonly Counter<long> responseBytes;
    private readonly Counter<long> refreshFailures;
    private readonly Histogram<double> rewriteSeconds;
    private readonly Histogram<double> requestSeconds;
    private readonly Histogram<double> queueSeconds;

    public GatewayMetrics(
        IMeterFactory meters, Tenants tenants, Destinations destinations, Hedging hedging, Gates gates, TenantLedger ledger, TenantMetrics exported)
    {
        var meter = meters.Create(MeterName);
        requests = meter.CreateCounter<long>("aivenmetrics_gateway_requests_total",
            description: "Requests by route and status.");
        refusals = meter.CreateCounter<long>("aivenmetrics_gateway_refusals_total",
            description: "Requests that the gateway itself refused, by reason.");
        attempts = meter.CreateCounter<long>("aivenmetrics_gateway_upstream_attempts_total",
            description: "Requests to a Prometheus by destination and outcome.");
        responseBytes = meter.CreateCounter<long>("aivenmetrics_gateway_response_bytes_total",
            description: "Bytes of bodies sent to clients.");
        refreshFailures = meter.CreateCounter<long>("aivenmetrics_gateway_tenants_refresh_failures_total",
            description: "Readings of the tenants file that were not good; the last good tenants stay.");
        rewriteSeconds = Seconds(meter, "aivenmetrics_gateway_rewrite_seconds", "Time to parse, scope and print what a request asks.",
            [0.000005, 0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.01, 0.1]);
        requestSeconds = Seconds(meter, "aivenmetrics_gateway_request_seconds",
            "Time from the request's headers to the end of its answer, by route.",
            [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120]);
        queueSeconds = Seconds(meter, "aivenmetrics_gateway_queue_seconds",
            "Time that those queries waited for their turn that found no room at once.",
            [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]);
        meter.CreateObservableGauge("aivenmetrics_gateway_queries", () => gates.Queries.Taken,
            description: "Queries that wait for the answer of a Prometheus.");
        meter.CreateObservableGauge("aivenmetrics_gateway_queries_waiting", () => gates.Queries.Waiting,
            description: "Queries that wait for their turn.");
        meter.CreateObservableGauge("aivenmetrics_gateway_active_tenants", () => ledger.Accounts,
            description: "Tenants, by plan, that asked within the last hour.");
        meter.CreateObservableGauge("aivenmetrics_gateway_tenants_not_exported", () => exported.NotExported,
            description: "Of these, those without series of their usage: beyond Gateway:ExportedTenants, or with a scope that gives no labels.");
        meter.CreateObservableGauge("aivenmetrics_gateway_tenants", () => Known(tenants.Current?.Count),
            description: "Credentials known.");
        meter.CreateObservableGauge("aivenmetrics_gateway_tenants_age_seconds", () => Known(tenants.Age?.TotalSeconds),
            description: "Time since the source of the tenants last confirmed them.");
        meter.CreateObservableGauge("aivenmetrics_gateway_destination_up",
            () => destinations.Ordered().Select(d =>
                new Measurement<int>(d.IsUsable ? 1 : 0, new KeyValuePair<string, object?>("destination", d.Name))),
            description: "Whether the last contact with a Prometheus was good.");
        FailoverMetrics.AddTo(meter, destinations, hedging);
    }

    public void Requested(string route, int status, double seconds, long bytes)
    {
        requests.Add(1, new("route", route), new("status", status));
        requestSeconds.Record(seconds, new KeyValuePair<string, object?>("route", route));
        responseBytes.Add(bytes, new KeyValuePair<string, object?>("route", route));
    }

    public void Refused(string reason) => refusals.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void Attempted(string destination, string outcome) => attempts.Add(1, new("destination", destination), new("outcome", outcome));

    public void Rewrote(double seconds) => rewriteSeconds.Record(seconds);

    public void Queued(double seconds) => queueSeconds.Record(seconds);

    public void TenantsRefreshFailed() => refreshFailures.Add(1);

    private static Histogram<double> Seconds(Meter meter, string name, string description, double[] boundaries) =>
        meter.CreateHistogram(name, null, description, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = boundaries });

    private static Measurement<T>[] Known<T>(T? value)
        where T : struct => value is { } known ? [new(known)] : [];
}
