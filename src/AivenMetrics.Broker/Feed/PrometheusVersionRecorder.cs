using System.Text.RegularExpressions;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Feed;

/// <summary>Keeps the version of Prometheus that the gateways report with their feed requests, for tenants' credentials.</summary>
internal sealed partial class PrometheusVersionRecorder(FactStore facts, TimeProvider time)
{
    // Gateways ask again and again; the row is written when it says something new.
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private string _last = "";
    private long _at;

    /// <summary>Takes a report; anything but a version is ignored.</summary>
    public async Task RecordAsync(string version, CancellationToken cancellationToken)
    {
        if (!VersionPattern().IsMatch(version) || !HasChanged(version))
        {
            return;
        }
        await facts.ReportAsync(FactStore.PrometheusVersion, version, time.GetUtcNow(), cancellationToken);
        lock (_lock)
        {
            (_last, _at) = (version, time.GetTimestamp());
        }
    }

    private bool HasChanged(string version)
    {
        lock (_lock)
        {
            return version != _last || time.GetElapsedTime(_at) > ReportInterval;
        }
    }

    [GeneratedRegex(@"^[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}([-+][0-9A-Za-z.+-]{1,32})?\z")]
    private static partial Regex VersionPattern();
}
