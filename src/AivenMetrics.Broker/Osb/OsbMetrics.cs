using System.Diagnostics.Metrics;

namespace AivenMetrics.Broker.Osb;

/// <summary>Counts the platform's requests.</summary>
internal sealed class OsbMetrics
{
    private readonly Counter<long> answered;

    public OsbMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("AivenMetrics.Broker");
        answered = meter.CreateCounter<long>(
            "aivenmetrics_broker_osb_requests_total", null, "Open Service Broker requests by operation and status.");
    }

    public void Answered(string operation, int status) =>
        answered.Add(1, new KeyValuePair<string, object?>("operation", operation), new KeyValuePair<string, object?>("status", status));
}
