using System.Text.Json;

namespace AivenMetrics.Acceptance.Discovery;

/// <summary>Reads samples and scrape errors from a Prometheus.</summary>
internal static class PrometheusResponses
{
    /// <summary>The labels and value of each sample of an instant query.</summary>
    public static async Task<IReadOnlyList<(IReadOnlyDictionary<string, string> Labels, string Value)>> QueryAsync(
        HttpClient prometheus,
        string query
    )
    {
        using var document = JsonDocument.Parse(
            await prometheus.GetStringAsync(new Uri($"/api/v1/query?query={Uri.EscapeDataString(query)}", UriKind.Relative))
        );
        return
        [
            .. document
                .RootElement.GetProperty("data")
                .GetProperty("result")
                .EnumerateArray()
                .Select(sample =>
                    (
                        (IReadOnlyDictionary<string, string>)
                            sample
                                .GetProperty("metric")
                                .EnumerateObject()
                                .ToDictionary(label => label.Name, label => label.Value.GetString()!),
                        sample.GetProperty("value")[1].GetString()!
                    )
                ),
        ];
    }

    /// <summary>The last scrape error of each active target, by host.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> ScrapeErrorsAsync(HttpClient prometheus)
    {
        using var document = JsonDocument.Parse(await prometheus.GetStringAsync(new Uri("/api/v1/targets?state=active", UriKind.Relative)));
        return document
            .RootElement.GetProperty("data")
            .GetProperty("activeTargets")
            .EnumerateArray()
            .GroupBy(target => target.GetProperty("labels").GetProperty("aiven_hostname").GetString()!)
            .ToDictionary(host => host.Key, host => string.Join('\n', host.Select(target => target.GetProperty("lastError").GetString())));
    }
}
