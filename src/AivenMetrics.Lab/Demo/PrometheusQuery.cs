using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace AivenMetrics.Lab.Demo;

/// <summary>One sample of an instant query's answer.</summary>
internal sealed record Sample(IReadOnlyDictionary<string, string> Labels, double Value);

/// <summary>Asks instant queries of anything with Prometheus' API.</summary>
internal sealed class PrometheusQuery : IDisposable
{
    private readonly HttpClient http;

    public PrometheusQuery(string url, string? username = null, string? password = null)
    {
        http = new HttpClient { BaseAddress = new Uri(url.TrimEnd('/') + "/"), Timeout = TimeSpan.FromSeconds(10) };
        if (username is not null)
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{username}:{password}")));
        }
    }

    /// <returns>The samples; null when the server did not answer the query, for whatever reason.</returns>
    public async Task<IReadOnlyList<Sample>?> Instant(string query, CancellationToken ct)
    {
        try
        {
            using HttpResponseMessage response = await http.GetAsync($"api/v1/query?query={Uri.EscapeDataString(query)}", ct);
            if (!response.IsSuccessStatusCode)
            {
                return null;
            }

            JsonNode answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(ct))!;
            return [.. answer["data"]!["result"]!.AsArray().Select(Read)];
        }
        catch (HttpRequestException)
        {
            return null;
        }
        catch (TaskCanceledException) when (!ct.IsCancellationRequested)
        {
            return null;
        }
    }

    public void Dispose() => http.Dispose();

    private static Sample Read(JsonNode? result) => new(
        result!["metric"]!.AsObject().ToDictionary(label => label.Key, label => label.Value!.GetValue<string>()),
        double.Parse(result["value"]![1]!.GetValue<string>(), CultureInfo.InvariantCulture));
}
