using System.Globalization;
using System.Text;
using AivenMetrics.Testing.Programs;

namespace AivenMetrics.Acceptance.PromQL;

/// <summary>
/// Two databases of Prometheus with the same two hours of tenant A. One of them also contains tenant B, whose series have the same names,
/// jobs and instances, other values, and a mark that no series of A has.
/// </summary>
internal sealed class TwoTenantBlocks : IDisposable
{
    /// <summary>The mark in labels of every series of B.</summary>
    public const string MarkOfB = "of-B";

    private const int Seconds = 7200,
        Interval = 60;

    private static readonly string[] Names =
    [
        "up",
        "a",
        "http_requests_total",
        "job:rate5m:sum",
        "sum",
        "by",
        "_x",
        "start",
        "step",
        "limitk",
        "target_info",
    ];

    private static readonly string[] Values = ["x", "a b", "é"];

    private readonly string _folder = Directory.CreateTempSubdirectory("two-tenants-").FullName;

    public TwoTenantBlocks(int seed, DateTimeOffset now)
    {
        End = now.ToUnixTimeSeconds() / Interval * Interval;
        var (ofA, ofB) = (Samples(new Random(seed), "A", 0), Samples(new Random(seed + 1), "B", 1_000_000));
        Write("only-a", ofA);
        Write("both", ofA + ofB);
    }

    /// <summary>The time of the last samples, in seconds since 1970.</summary>
    public long End { get; }

    /// <summary>
    /// Flags for a server with a copy of one of the databases, and with limits, because random queries may be expensive.
    /// </summary>
    public string[] Flags(bool withB)
    {
        var copy = Path.Combine(_folder, Guid.NewGuid().ToString("N"));
        var source = Path.Combine(_folder, withB ? "both" : "only-a");
        foreach (var file in Directory.GetFiles(source, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(copy, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
        return [$"--storage.tsdb.path={copy}", "--query.timeout=5s", "--query.max-samples=2000000"];
    }

    /// <summary>Starts a VictoriaMetrics with tenant A, and optionally B.</summary>
    public async Task<PrometheusServer> VictoriaMetricsAsync(bool withB)
    {
        var server = await PrometheusServer.StartVictoriaMetricsAsync(
            null,
            "-search.maxQueryDuration=5s",
            "-search.maxSamplesPerQuery=2000000"
        );
        var samples = await File.ReadAllTextAsync(Path.Combine(_folder, withB ? "both.txt" : "only-a.txt"));
        // Its import uses times in milliseconds.
        using var content = new StringContent(
            samples.Replace("# EOF\n", "", StringComparison.Ordinal).Replace("\n", "000\n", StringComparison.Ordinal)
        );
        using var imported = await server.Http.PostAsync(new Uri("/api/v1/import/prometheus", UriKind.Relative), content);
        imported.EnsureSuccessStatusCode();
        using var flushed = await server.Http.GetAsync(new Uri("/internal/force_flush", UriKind.Relative));
        flushed.EnsureSuccessStatusCode();
        return server;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Samples(Random random, string tenant, int above)
    {
        var text = new StringBuilder();
        foreach (var name in Names)
        {
            foreach (var job in Values)
            {
                foreach (var instance in Values)
                {
                    if (random.Next(3) == 0)
                    {
                        continue;
                    }
                    var le = random.Next(2) == 0 ? "" : $",le=\"{random.Next(1, 4)}\"";
                    var a = Values[random.Next(3)];
                    var labels = $"job=\"{job}\",instance=\"{instance}\",a=\"{a}\"{le},mark=\"of-{tenant}\",space_id=\"{tenant}\"";
                    var value = (double)random.Next(100);
                    for (var at = End - Seconds; at <= End; at += Interval)
                    {
                        if (random.Next(20) == 0)
                        {
                            continue;
                        }
                        value = random.Next(30) == 0 ? 0 : value + random.Next(10);
                        text.Append(CultureInfo.InvariantCulture, $"{name}{{{labels}}} {value + above} {at}\n");
                    }
                }
            }
        }
        return text.ToString();
    }

    private void Write(string database, string samples)
    {
        var file = Path.Combine(_folder, database + ".txt");
        File.WriteAllText(file, samples + "# EOF\n");
        var target = Path.Combine(_folder, database);
        using var promtool = PrometheusServer.Program("promtool", "tsdb", "create-blocks-from", "openmetrics", "-q", file, target);
        var faults = promtool.StandardError.ReadToEndAsync();
        promtool.StandardOutput.ReadToEnd();
        promtool.WaitForExit();
        if (promtool.ExitCode != 0)
        {
            throw new InvalidOperationException(faults.GetAwaiter().GetResult());
        }
    }
}
