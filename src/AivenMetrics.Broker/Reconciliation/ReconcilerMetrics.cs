using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>Metrics of the reconciler. Label values are configured projects and fixed words.</summary>
internal sealed class ReconcilerMetrics
{
    private readonly Histogram<double> _cycles;
    private readonly Counter<long> _steps;
    private readonly ConcurrentDictionary<string, double> _lastSuccess = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, IReadOnlyDictionary<string, int>> _services = new(StringComparer.Ordinal);
    private int _leading;

    public ReconcilerMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("AivenMetrics.Broker");
        _cycles = meter.CreateHistogram<double>(
            "aivenmetrics_broker_reconcile_seconds",
            description: "Duration of a reconciliation cycle, by project and outcome.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120] }
        );
        _steps = meter.CreateCounter<long>(
            "aivenmetrics_broker_reconcile_steps_total",
            description: "Steps taken, by project, kind and outcome."
        );
        meter.CreateObservableGauge(
            "aivenmetrics_broker_reconcile_last_success_timestamp_seconds",
            () =>
                _lastSuccess.Select(entry => new Measurement<double>(entry.Value, new KeyValuePair<string, object?>("project", entry.Key))),
            description: "When the last good cycle of a project began, in seconds since 1970."
        );
        meter.CreateObservableGauge(
            "aivenmetrics_broker_aiven_services",
            () =>
                _services.SelectMany(project =>
                    project.Value.Select(reason => new Measurement<int>(
                        reason.Value,
                        new("project", project.Key),
                        new("reason", reason.Key)
                    ))
                ),
            description: "Aiven services, by project and the reason of their condition."
        );
        meter.CreateObservableGauge(
            "aivenmetrics_broker_reconcile_leader",
            () => _leading,
            description: "1 if this broker is the one that reconciles."
        );
    }

    public void SetLeader(bool leading)
    {
        _leading = leading ? 1 : 0;
        if (leading)
        {
            return;
        }
        // Another broker reports current values.
        _lastSuccess.Clear();
        _services.Clear();
    }

    public void RecordStep(AivenProject project, string kind, StepOutcome outcome) =>
        _steps.Add(1, new("project", project.Value), new("kind", kind), new("outcome", OutcomeLabel(outcome)));

    public void RecordCycle(AivenProject project, TimeSpan took, bool succeeded) =>
        _cycles.Record(took.TotalSeconds, new("project", project.Value), new("outcome", succeeded ? "succeeded" : "failed"));

    public void RecordSuccess(AivenProject project, DateTimeOffset began, IEnumerable<ServiceCondition> services)
    {
        _lastSuccess[project.Value] = began.ToUnixTimeMilliseconds() / 1000.0;
        _services[project.Value] = services.CountBy(service => service.Condition.Reason).ToDictionary();
    }

    private static string OutcomeLabel(StepOutcome outcome) =>
        outcome switch
        {
            StepOutcome.Succeeded => "done",
            StepOutcome.Refused => "refused",
            StepOutcome.Unreachable => "unreachable",
            _ => "unknown",
        };
}
