using System.Diagnostics.Metrics;

namespace AivenMetrics.Broker.Aiven;

/// <summary>Metrics of the requests to Aiven. Label values are bounded: operation names and status classes.</summary>
internal sealed class AivenClientMetrics
{
    private readonly Counter<long> _calls;
    private readonly Counter<long> _retries;
    private readonly Counter<double> _waited;

    public AivenClientMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("AivenMetrics.Broker");
        _calls = meter.CreateCounter<long>(
            "aivenmetrics_broker_aiven_calls_total",
            description: "Requests sent to Aiven, by operation and status class (or failed, timeout)."
        );
        _retries = meter.CreateCounter<long>(
            "aivenmetrics_broker_aiven_retries_total",
            description: "Requests to Aiven that were repeated, by operation."
        );
        _waited = meter.CreateCounter<double>(
            "aivenmetrics_broker_aiven_budget_wait_seconds_total",
            description: "Seconds that requests waited for the rate budget."
        );
    }

    public void RecordCall(string operation, string result) => _calls.Add(1, new("operation", operation), new("result", result));

    public void RecordRetry(string operation) => _retries.Add(1, new KeyValuePair<string, object?>("operation", operation));

    public void RecordBudgetWait(TimeSpan time)
    {
        if (time > TimeSpan.Zero)
        {
            _waited.Add(time.TotalSeconds);
        }
    }
}
