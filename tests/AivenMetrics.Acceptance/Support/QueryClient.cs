using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace AivenMetrics.Acceptance.Support;

/// <summary>One series of a response with its (last) value.</summary>
internal sealed record QueriedSeries(IReadOnlyDictionary<string, string> Labels, double Value)
{
    public string this[string label] => Labels.GetValueOrDefault(label, "");
}

/// <summary>An unchanged response.</summary>
internal sealed record QueryResponse(HttpStatusCode Status, string Text, HttpResponseHeaders Headers)
{
    public JsonNode Json => JsonNode.Parse(Text)!;
}

/// <summary>Uses the Prometheus query API of the gateway as a tenant, or that of a Prometheus directly.</summary>
internal sealed class QueryClient : IDisposable
{
    private readonly HttpClient _http;

    public QueryClient(string url, string? username = null, string? password = null)
    {
        _http = new HttpClient { BaseAddress = new Uri(url), Timeout = TimeSpan.FromSeconds(20) };
        if (username is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
                "Basic",
                Convert.ToBase64String(Encoding.UTF8.GetBytes($"{username}:{password}"))
            );
        }
    }

    public static QueryClient For(Credentials credentials) => new(credentials.Url, credentials.Username, credentials.Password);

    public async Task<List<QueriedSeries>> InstantAsync(string query)
    {
        var data = await DataAsync($"/api/v1/query?query={Uri.EscapeDataString(query)}");
        return data["resultType"]!.GetValue<string>() is "scalar"
            ? [new QueriedSeries(new Dictionary<string, string>(), Number(data["result"]![1]))]
            :
            [
                .. data["result"]!
                    .AsArray()
                    .Select(series => new QueriedSeries(Labels(series!["metric"]!), Number((series["value"] ?? series["values"]![0])![1]))),
            ];
    }

    /// <summary>Queries the last minute in steps of one second, including the samples of the present second.</summary>
    public async Task<List<QueriedSeries>> RangeAsync(string query)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 1;
        var data = await DataAsync($"/api/v1/query_range?query={Uri.EscapeDataString(query)}&start={now - 60}&end={now}&step=1");
        return
        [
            .. data["result"]!
                .AsArray()
                .Select(series => new QueriedSeries(Labels(series!["metric"]!), Number(series["values"]!.AsArray()[^1]![1]))),
        ];
    }

    public async Task<List<QueriedSeries>> SeriesOfAsync(string match) =>
        [
            .. (await DataAsync($"/api/v1/series?match[]={Uri.EscapeDataString(match)}"))
                .AsArray()
                .Select(series => new QueriedSeries(Labels(series!), 0)),
        ];

    public async Task<string[]> LabelNamesAsync() => Texts(await DataAsync("/api/v1/labels"));

    public async Task<string[]> LabelValuesAsync(string label, string? match = null) =>
        Texts(await DataAsync($"/api/v1/label/{label}/values{(match is null ? "" : $"?match[]={Uri.EscapeDataString(match)}")}"));

    /// <summary>Returns the distinct values of a label in the response of an instant query, sorted.</summary>
    public async Task<string[]> ValuesOfAsync(string label, string query) =>
        [.. (await InstantAsync(query)).Select(series => series[label]).Distinct().Order(StringComparer.Ordinal)];

    public Task<QueryResponse> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<QueryResponse> PostAsync(string path, params (string Name, string Value)[] form) =>
        SendAsync(HttpMethod.Post, path, new FormUrlEncodedContent(form.Select(pair => KeyValuePair.Create(pair.Name, pair.Value))));

    /// <summary>Sends exactly this path, without resolving dot segments and without escaping.</summary>
    public async Task<QueryResponse> SendAsync(
        HttpMethod method,
        string path,
        HttpContent? content = null,
        params (string Name, string Value)[] headers
    )
    {
        var uri = new Uri(
            _http.BaseAddress!.GetLeftPart(UriPartial.Authority) + path,
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }
        );
        using var request = new HttpRequestMessage(method, uri) { Content = content };
        foreach ((var name, var value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await _http.SendAsync(request);
        return new QueryResponse(response.StatusCode, await response.Content.ReadAsStringAsync(), response.Headers);
    }

    public void Dispose() => _http.Dispose();

    private async Task<JsonNode> DataAsync(string path)
    {
        var answer = await GetAsync(path);
        Assert.True(answer.Status == HttpStatusCode.OK, $"{path}: {(int)answer.Status} {answer.Text}");
        return answer.Json["data"]!;
    }

    private static Dictionary<string, string> Labels(JsonNode metric) =>
        metric.AsObject().ToDictionary(label => label.Key, label => label.Value!.GetValue<string>());

    private static string[] Texts(JsonNode data) => [.. data.AsArray().Select(text => text!.GetValue<string>())];

    private static double Number(JsonNode? value) =>
        value!.GetValue<string>() switch
        {
            "+Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            string text => double.Parse(text, CultureInfo.InvariantCulture),
        };
}
