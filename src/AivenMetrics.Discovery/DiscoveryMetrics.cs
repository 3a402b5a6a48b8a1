using System.Diagnostics.Metrics;

namespace AivenMetrics.Discovery;

/// <summary>The meter <c>AivenMetrics.Discovery</c>. The meter <c>AivenMetrics.Feed</c> reports the age of the feed.</summary>
internal sealed class DiscoveryMetrics
{
    private readonly Counter<long> _dnsFailures;
    private readonly Counter<long> _heldBack;
    private readonly Counter<long> _fileWrites;
    private readonly Counter<long> _reloads;
    private readonly Counter<long> _cycleFailures;
    private volatile IReadOnlyDictionary<string, int> _targets = new Dictionary<string, int>();
    private long _lastCycle;

    public DiscoveryMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("AivenMetrics.Discovery");
        _dnsFailures = meter.CreateCounter<long>(
            "aivenmetrics_discovery_dns_failures_total",
            description: "DNS queries without an address, by reason."
        );
        _heldBack = meter.CreateCounter<long>(
            "aivenmetrics_discovery_held_back_cycles_total",
            description: "Cycles that held back missing targets, by project."
        );
        _fileWrites = meter.CreateCounter<long>("aivenmetrics_discovery_file_writes_total", description: "Files written, by kind.");
        _reloads = meter.CreateCounter<long>(
            "aivenmetrics_discovery_reloads_total",
            description: "Reload requests to Prometheus, by outcome: ok, refused, unreachable."
        );
        _cycleFailures = meter.CreateCounter<long>(
            "aivenmetrics_discovery_cycle_failures_total",
            description: "Cycles that failed to write, by stage."
        );
        meter.CreateObservableGauge(
            "aivenmetrics_discovery_targets",
            () => _targets.Select(t => new Measurement<long>(t.Value, new KeyValuePair<string, object?>("project", t.Key))),
            description: "Targets in the files, by project."
        );
        meter.CreateObservableGauge(
            "aivenmetrics_discovery_last_cycle_timestamp_seconds",
            () =>
                Interlocked.Read(ref _lastCycle) is > 0 and var at
                    ? [new Measurement<double>(at / 1000d)]
                    : Array.Empty<Measurement<double>>(),
            description: "Time at which the files were last written or confirmed."
        );
    }

    public void RecordDnsFailure(string reason) => _dnsFailures.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void RecordHeldBackCycle(string project) => _heldBack.Add(1, new KeyValuePair<string, object?>("project", project));

    public void RecordFileWrite(string kind) => _fileWrites.Add(1, new KeyValuePair<string, object?>("kind", kind));

    public void RecordReload(string outcome) => _reloads.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void RecordCycleFailure(string stage) => _cycleFailures.Add(1, new KeyValuePair<string, object?>("stage", stage));

    public void RecordCycle(IReadOnlyDictionary<string, int> targetsByProject, DateTimeOffset at)
    {
        _targets = targetsByProject;
        Interlocked.Exchange(ref _lastCycle, at.ToUnixTimeMilliseconds());
    }
}
