using System.Diagnostics;
using AivenMetrics.PromQL;
using AivenMetrics.Testing.Programs;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Benchmarks;

/// <summary>
/// What the gateway does to a query (parse, scope, print) beside what a real Prometheus needs for its own parse and print, format_query,
/// asked over HTTP on one connection; in rounds that alternate. <see cref="RewriteBenchmarks"/> measures the first part closer.
/// Options: --rounds (5), --prometheus3 (the one that tests/install-prometheus3.sh unpacks).
/// </summary>
internal static class RewriteComparison
{
    private const int Requests = 300;
    private static readonly TimeSpan RoundTime = TimeSpan.FromMilliseconds(500);
    private static readonly TenantScope Space = new([
        new("organization_id", MatchType.Equal, "0f6d2a5e-31c5-4a6e-8a3c-9c1f6f0d7b11"),
        new("space_id", MatchType.Equal, "5b1c7f2e-6c8f-4d0b-9a55-0d8e1f3a2b4c"),
    ]);

    private static readonly (string Name, string Query, double AimMicroseconds)[] Queries =
    [
        ("200 characters", DashboardQueries.TwoHundredCharacters, 5),
        ("10 KB", DashboardQueries.TenKilobytes, 150),
    ];

    public static async Task<int> RunAsync(LoadOptions options)
    {
        var rounds = options.Number("rounds", 5);
        await using var prometheus = await (
            options.Flag("prometheus3") ? PrometheusServer.StartPrometheus3Async() : PrometheusServer.StartPrometheus2Async()
        );
        var table = new TextTable(
            ("", -16),
            ("µs", 7),
            ("aim", 5),
            ("bytes allocated", 15),
            ("of the output", 13),
            ("format_query µs", 15),
            ("ratio", 5)
        );
        table.WriteHeader();
        foreach (var (name, query, aim) in Queries)
        {
            // Until the second compilation of all that is asked is over.
            Rewrite(query, TimeSpan.FromSeconds(2));
            await FormatAsync(prometheus, query);
            List<double> ours = [],
                theirs = [];
            for (var round = 0; round < rounds; round++)
            {
                ours.Add(Rewrite(query, RoundTime));
                theirs.Add(await FormatAsync(prometheus, query));
            }

            ours.Sort();
            theirs.Sort();
            // Of many, because a collection may empty the pool of buffers, and the next one then pays for a new buffer.
            var output = 2 * ScopeRewriter.Rewrite(query, Space).Length;
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < Requests; i++)
            {
                ScopeRewriter.Rewrite(query, Space);
            }
            var allocated = (GC.GetAllocatedBytesForCurrentThread() - before) / Requests;
            var (own, other) = (ours[rounds / 2], theirs[rounds / 2]);
            table.WriteRow(
                $"{name}",
                $"{own:0.0}",
                $"{aim:0}",
                $"{allocated}",
                $"{(double)allocated / output:0.0} ×",
                $"{other:0}",
                $"{other / own:0}"
            );
        }

        Console.WriteLine($"load average {ProcessStatus.LoadAverage()}, {Environment.ProcessorCount} cores");
        return 0;
    }

    /// <returns>Microseconds of one rewriting.</returns>
    private static double Rewrite(string query, TimeSpan time)
    {
        var count = 0;
        var began = Stopwatch.GetTimestamp();
        for (; Stopwatch.GetElapsedTime(began) < time; count += 10)
        {
            for (var i = 0; i < 10; i++)
            {
                ScopeRewriter.Rewrite(query, Space);
            }
        }
        return Stopwatch.GetElapsedTime(began).TotalMicroseconds / count;
    }

    /// <returns>Microseconds of one request, the median.</returns>
    private static async Task<double> FormatAsync(PrometheusServer prometheus, string query)
    {
        List<double> all = [];
        for (var i = 0; i < Requests; i++)
        {
            using var form = new FormUrlEncodedContent([new("query", query)]);
            var began = Stopwatch.GetTimestamp();
            using var answer = await prometheus.Http.PostAsync(new Uri("/api/v1/format_query", UriKind.Relative), form);
            answer.EnsureSuccessStatusCode();
            all.Add(Stopwatch.GetElapsedTime(began).TotalMicroseconds);
        }

        all.Sort();
        return all[Requests / 2];
    }
}
