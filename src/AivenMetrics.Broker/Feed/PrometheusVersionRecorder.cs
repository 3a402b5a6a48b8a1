using System.Text.RegularExpressions;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Feed;

/// <summary>Stores the Prometheus version that gateways report with their polls, for tenants' credentials.</summary>
internal sealed partial class PrometheusVersionRecorder(ReportedValueStore reportedValues, TimeProvider time)
{
    // Gateways report with every poll; the row is written only after a change.
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private string _last = "";
    private long _at;

    /// <summary>Records a version; malformed values are ignored.</summary>
    public async Task RecordAsync(string version, CancellationToken cancellationToken)
    {
        if (!VersionPattern().IsMatch(version) || !HasChanged(version))
        {
            return;
        }
        await reportedValues.ReportAsync(ReportedValueStore.PrometheusVersion, version, time.GetUtcNow(), cancellationToken);
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
