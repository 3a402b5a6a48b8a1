using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using AivenMetrics.Testing.Programs;

namespace AivenMetrics.Acceptance.PromQL;

/// <summary>Parses queries with a real Prometheus, without evaluating them: some random queries would take hours.</summary>
internal sealed class PrometheusParser(PrometheusServer server, bool hasParseQuery)
{
    // Several tests need the verdict on the same queries of the corpora.
    private readonly ConcurrentDictionary<string, Task<string?>> _refusals = new(StringComparer.Ordinal);

    /// <summary>Returns null if the server accepts the query, else its error.</summary>
    public Task<string?> RefusalOfAsync(string query) => _refusals.GetOrAdd(query, RequestRefusalAsync);

    private async Task<string?> RequestRefusalAsync(string query)
    {
        var (status, answer) = await SendAsync("/api/v1/format_query", query);
        return status == HttpStatusCode.OK ? null : answer;
    }

    /// <summary>
    /// Returns the meaning of the query for the server, which is equal for two texts with the same meaning. Prometheus 3 returns its tree,
    /// 2.42 only its formatted text.
    /// </summary>
    public Task<string> MeaningOfAsync(string query) => DataAsync(hasParseQuery ? "/api/v1/parse_query" : "/api/v1/format_query", query);

    /// <summary>Returns the query as the server formats it.</summary>
    public async Task<string> FormatAsync(string query)
    {
        using var json = JsonDocument.Parse(await DataAsync("/api/v1/format_query", query));
        return json.RootElement.GetString()!;
    }

    private async Task<string> DataAsync(string path, string query)
    {
        var (status, answer) = await SendAsync(path, query);
        if (status != HttpStatusCode.OK)
        {
            throw new InvalidOperationException($"{path} refuses {query}: {answer}");
        }
        using var json = JsonDocument.Parse(answer, new JsonDocumentOptions { MaxDepth = 10_000 });
        return json.RootElement.GetProperty("data").GetRawText();
    }

    private async Task<(HttpStatusCode Status, string Answer)> SendAsync(string path, string query)
    {
        using var form = new FormUrlEncodedContent([new("query", query)]);
        using var response = await server.Http.PostAsync(new Uri(path, UriKind.Relative), form);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
