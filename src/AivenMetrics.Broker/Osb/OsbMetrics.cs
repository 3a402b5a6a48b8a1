using System.Diagnostics.Metrics;

namespace AivenMetrics.Broker.Osb;

/// <summary>Metrics of the OSB requests.</summary>
internal sealed class OsbMetrics
{
    private readonly Counter<long> _answered;

    public OsbMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("AivenMetrics.Broker");
        _answered = meter.CreateCounter<long>(
            "aivenmetrics_broker_osb_requests_total",
            null,
            "Open Service Broker requests by operation and status."
        );
    }

    public void RecordResponse(string operation, int status) =>
        _answered.Add(1, new KeyValuePair<string, object?>("operation", operation), new KeyValuePair<string, object?>("status", status));
}
