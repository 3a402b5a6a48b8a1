using System.Text.Json;

namespace AivenMetrics.Tests.PromQL;

/// <summary>Queries, one JSON string a line, sorted by what a real Prometheus 2.42 said to them (see PrometheusAgreesTests).</summary>
internal static class Corpus
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "PromQL", "Cases", "prometheus-2.42");

    public static IReadOnlyList<string> Accepted => Read("accepted.jsonl");

    public static IReadOnlyList<string> Refused => Read("refused.jsonl");

    private static string[] Read(string file) =>
        [.. File.ReadLines(Path.Combine(Folder, file)).Select(line => JsonSerializer.Deserialize<string>(line)!)];
}
