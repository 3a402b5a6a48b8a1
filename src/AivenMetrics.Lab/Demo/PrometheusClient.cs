using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace AivenMetrics.Lab.Demo;

/// <summary>A sample of the result of an instant query.</summary>
internal sealed record QuerySample(IReadOnlyDictionary<string, string> Labels, double Value);

/// <summary>Sends instant queries to a server with Prometheus' API.</summary>
internal sealed class PrometheusClient : IDisposable
{
    private readonly HttpClient _http;

    public PrometheusClient(string url, string? username = null, string? password = null)
    {
        _http = new HttpClient { BaseAddress = new Uri(url.TrimEnd('/') + "/"), Timeout = TimeSpan.FromSeconds(10) };
        if (username is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
                "Basic",
                Convert.ToBase64String(Encoding.UTF8.GetBytes($"{username}:{password}"))
            );
        }
    }

    /// <returns>The samples, or null if the query failed.</returns>
    public async Task<IReadOnlyList<QuerySample>?> InstantQueryAsync(string query, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await _http.GetAsync($"api/v1/query?query={Uri.EscapeDataString(query)}", cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                return null;
            }

            var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken))!;
            return [.. answer["data"]!["result"]!.AsArray().Select(Read)];
        }
        catch (HttpRequestException)
        {
            return null;
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    public void Dispose() => _http.Dispose();

    private static QuerySample Read(JsonNode? result) =>
        new(
            result!["metric"]!.AsObject().ToDictionary(label => label.Key, label => label.Value!.GetValue<string>()),
            double.Parse(result["value"]![1]!.GetValue<string>(), CultureInfo.InvariantCulture)
        );
}
