using System.Text.Json;

namespace AivenMetrics.Testing.PromQL;

/// <summary>
/// Queries as JSON strings, one per line, sorted by the verdict of a real Prometheus of one version (see PrometheusAgreementTests) with all
/// experimental features enabled. The results for 3.14 are derived from its grammar, because no package of it can be pinned yet.
/// </summary>
internal sealed class Corpus
{
    public static readonly Corpus Prometheus242 = new("prometheus-2.42"),
        Prometheus35 = new("prometheus-3.5"),
        Prometheus314 = new("prometheus-3.14");

    private Corpus(string version) => (Accepted, Rejected) = (Read(version, "accepted.jsonl"), Read(version, "refused.jsonl"));

    /// <summary>The queries that at least one version accepts; the parser must accept all of them.</summary>
    public static IReadOnlyList<string> AcceptedByAny { get; } =
    [.. Prometheus242.Accepted.Union(Prometheus35.Accepted).Union(Prometheus314.Accepted)];

    /// <summary>The queries that no version accepts.</summary>
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
