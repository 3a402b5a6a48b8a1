using System.Text.Json;

namespace AivenMetrics.Testing.PromQL;

/// <summary>
/// Queries, one JSON string a line, sorted by what a real Prometheus of one version said to them (see PrometheusAgreesTests), all of its
/// experimental features enabled. What 3.14 says was read in its grammar, because no package of it can be pinned yet.
/// </summary>
internal sealed class Corpus
{
    public static readonly Corpus Prometheus242 = new("prometheus-2.42"),
        Prometheus35 = new("prometheus-3.5"),
        Prometheus314 = new("prometheus-3.14");

    private Corpus(string version) => (Accepted, Rejected) = (Read(version, "accepted.jsonl"), Read(version, "refused.jsonl"));

    /// <summary>What at least one version takes: all of it must pass.</summary>
    public static IReadOnlyList<string> AcceptedByAny { get; } =
    [.. Prometheus242.Accepted.Union(Prometheus35.Accepted).Union(Prometheus314.Accepted)];

    /// <summary>What no version takes.</summary>
    public static IReadOnlyList<string> RejectedByAll { get; } =
    [.. Prometheus35.Rejected.Union(Prometheus314.Rejected).Except(AcceptedByAny)];

    public IReadOnlyList<string> Accepted { get; }

    public IReadOnlyList<string> Rejected { get; }

    private static string[] Read(string version, string file) =>
        [
            .. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "PromQL", "Cases", version, file))
                .Select(line => JsonSerializer.Deserialize<string>(line)!),
        ];
}
