using System.Text.RegularExpressions;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Feed;

/// <summary>Keeps the version of Prometheus that the gateways report with their feed requests, for tenants' credentials.</summary>
internal sealed partial class PrometheusVersionReport(FactStore facts, TimeProvider time)
{
    // Gateways ask again and again; the row is written when it says something new.
    private static readonly TimeSpan Refresh = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private string _last = "";
    private long _at;

    /// <summary>Takes a report; anything but a version is ignored.</summary>
    public async Task Take(string version, CancellationToken ct)
    {
        if (!Version().IsMatch(version) || !IsNews(version)) return;
        await facts.Report(FactStore.PrometheusVersion, version, time.GetUtcNow(), ct);
        lock (_lock) (_last, _at) = (version, time.GetTimestamp());
    }

    private bool IsNews(string version)
    {
        lock (_lock) return version != _last || time.GetElapsedTime(_at) > Refresh;
    }

    [GeneratedRegex(@"^[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}([-+][0-9A-Za-z.+-]{1,32})?\z")]
    private static partial Regex Version();
}
