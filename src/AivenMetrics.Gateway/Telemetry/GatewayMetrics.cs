using System.Diagnostics.Metrics;

namespace AivenMetrics.Gateway.Telemetry;

/// <summary>Counters and histograms of the gateway. Labels are bounded: no user names, no queries, no internal host names.</summary>
internal sealed class GatewayMetrics
{
    /// <summary>The name of the meter.</summary>
    public const string MeterName = "AivenMetrics.Gateway";

    private readonly Counter<long> _requests;
    private readonly Counter<long> _rejections;
    private readonly Counter<long> _attempts;
    private readonly Counter<long> _responseBytes;
    private readonly Counter<long> _refreshFailures;
    private readonly Histogram<double> _rewriteSeconds;
    private readonly Histogram<double> _requestSeconds;
    private readonly Histogram<double> _queueSeconds;

    public GatewayMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _requests = meter.CreateCounter<long>("aivenmetrics_gateway_requests_total", description: "Requests by route and status.");
        _rejections = meter.CreateCounter<long>(
            "aivenmetrics_gateway_refusals_total",
            description: "Requests that the gateway itself rejected, by reason."
        );
        _attempts = meter.CreateCounter<long>(
            "aivenmetrics_gateway_upstream_attempts_total",
            description: "Requests to a Prometheus server by destination and outcome."
        );
        _responseBytes = meter.CreateCounter<long>(
            "aivenmetrics_gateway_response_bytes_total",
            description: "Bytes of response bodies sent to clients."
        );
        _refreshFailures = meter.CreateCounter<long>(
            "aivenmetrics_gateway_tenants_refresh_failures_total",
            description: "Failed attempts to read the credentials file; the last valid credentials stay in use."
        );
        _rewriteSeconds = CreateHistogram(
            meter,
            "aivenmetrics_gateway_rewrite_seconds",
            "Time to parse, scope and print a request.",
            [0.000005, 0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.01, 0.1]
        );
        _requestSeconds = CreateHistogram(
            meter,
            "aivenmetrics_gateway_request_seconds",
            "Time from the headers of a request to the end of its response, by route.",
            [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120]
        );
        _queueSeconds = CreateHistogram(
            meter,
            "aivenmetrics_gateway_queue_seconds",
            "Time that queries waited in a queue. Queries that did not wait are not counted.",
            [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
        );
    }

    /// <summary>Records a completed request.</summary>
    public void RecordRequest(string route, int status, double seconds, long bytes)
    {
        _requests.Add(1, new("route", route), new("status", status));
        _requestSeconds.Record(seconds, new KeyValuePair<string, object?>("route", route));
        _responseBytes.Add(bytes, new KeyValuePair<string, object?>("route", route));
    }

    /// <summary>Records a request that the gateway rejected or aborted.</summary>
    public void RecordRejection(string reason) => _rejections.Add(1, new KeyValuePair<string, object?>("reason", reason));

    /// <summary>Records a request to one destination.</summary>
    public void RecordAttempt(string destination, string outcome) =>
        _attempts.Add(1, new("destination", destination), new("outcome", outcome));

    /// <summary>Records the time to parse, scope and print a request.</summary>
    public void RecordRewrite(double seconds) => _rewriteSeconds.Record(seconds);

    /// <summary>Records the time that a query waited in a queue.</summary>
    public void RecordQueueTime(double seconds) => _queueSeconds.Record(seconds);

    /// <summary>Records a failed attempt to read the credentials file.</summary>
    public void RecordRefreshFailure() => _refreshFailures.Add(1);

    private static Histogram<double> CreateHistogram(Meter meter, string name, string description, double[] boundaries) =>
        meter.CreateHistogram(name, null, description, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = boundaries });
}
