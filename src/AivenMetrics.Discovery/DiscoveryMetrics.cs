using System.Diagnostics.Metrics;

namespace AivenMetrics.Discovery;

/// <summary>The meter <c>AivenMetrics.Discovery</c>. The age of the feed is in <c>AivenMetrics.Feed</c>.</summary>
internal sealed class DiscoveryMetrics
{
    private readonly Counter<long> dnsFailures;
    private readonly Counter<long> heldBack;
    private readonly Counter<long> fileWrites;
    private readonly Counter<long> reloads;
    private readonly Counter<long> cycleFailures;
    private volatile IReadOnlyDictionary<string, int> targets = new Dictionary<string, int>();
    private long lastCycle;

    public DiscoveryMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("AivenMetrics.Discovery");
        dnsFailures = meter.CreateCounter<long>("aivenmetrics_discovery_dns_failures_total", description: "Look-ups without an address, by reason.");
        heldBack = meter.CreateCounter<long>("aivenmetrics_discovery_held_back_cycles_total", description: "Cycles that kept targets which would have gone, by project.");
        fileWrites = meter.CreateCounter<long>("aivenmetrics_discovery_file_writes_total", description: "Files whose bytes changed, by kind.");
        reloads = meter.CreateCounter<long>("aivenmetrics_discovery_reloads_total", description: "Requests to Prometheus to reload, by outcome: ok, refused, unreachable.");
        cycleFailures = meter.CreateCounter<long>("aivenmetrics_discovery_cycle_failures_total", description: "Cycles that could not write, by stage.");
        meter.CreateObservableGauge("aivenmetrics_discovery_targets",
            () => targets.Select(t => new Measurement<long>(t.Value, new KeyValuePair<string, object?>("project", t.Key))),
            description: "Targets in the files, by project.");
        meter.CreateObservableGauge("aivenmetrics_discovery_last_cycle_timestamp_seconds",
            () => Interlocked.Read(ref lastCycle) is > 0 and var at ? [new Measurement<double>(at / 1000d)] : Array.Empty<Measurement<double>>(),
            description: "When the files were last written or confirmed.");
    }

    public void DnsFailed(string reason) => dnsFailures.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void HeldBack(string project) => heldBack.Add(1, new KeyValuePair<string, object?>("project", project));

    public void Wrote(string kind) => fileWrites.Add(1, new KeyValuePair<string, object?>("kind", kind));

    public void Reloaded(string outcome) => reloads.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void CycleFailed(string stage) => cycleFailures.Add(1, new KeyValuePair<string, object?>("stage", stage));

    public void Confirmed(IReadOnlyDictionary<string, int> targetsByProject, DateTimeOffset at)
    {
        targets = targetsByProject;
        Interlocked.Exchange(ref lastCycle, at.ToUnixTimeMilliseconds());
    }
}
