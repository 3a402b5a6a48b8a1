using AivenMetrics.PromQL;
using BenchmarkDotNet.Attributes;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Benchmarks;

/// <summary>
/// What the gateway does to each query: parse, scope, print. The aim is less than 5 µs for 200 characters, and memory not far above that of
/// the text
/// it makes, which the setup prints (two bytes a character).
/// </summary>
[MemoryDiagnoser]
public class RewriteBenchmarks
{
    private static readonly TenantScope Space = new([new("space_id", MatchType.Equal, "5b1c7f2e-6c8f-4d0b-9a55-0d8e1f3a2b4c")]);

    [GlobalSetup]
    public void ShowSizes()
    {
        Show("20 characters", DashboardQueries.All[0]);
        Show("200 characters", DashboardQueries.TwoHundredCharacters);
        Show("10 KB", DashboardQueries.TenKilobytes);
        Console.WriteLine(
            $"// all: {DashboardQueries.All.Sum(q => q.Length)} in, {DashboardQueries.All.Sum(q => 2 * Rewrite(q).Length)} bytes out"
        );
    }

    [Benchmark(Description = "20 characters")]
    public string TwentyCharacters() => Rewrite(DashboardQueries.All[0]);

    [Benchmark(Description = "200 characters")]
    public string TwoHundredCharacters() => Rewrite(DashboardQueries.TwoHundredCharacters);

    [Benchmark(Description = "200 characters, parse only")]
    public Expr TwoHundredCharactersParsed() => PromQLParser.Parse(DashboardQueries.TwoHundredCharacters);

    [Benchmark(Description = "10 KB")]
    public string TenKilobytes() => Rewrite(DashboardQueries.TenKilobytes);

    [Benchmark(Description = "all 30 queries")]
    public int All()
    {
        var length = 0;
        foreach (var query in DashboardQueries.All)
        {
            length += Rewrite(query).Length;
        }
        return length;
    }

    private static string Rewrite(string query) => ScopeRewriter.Rewrite(query, Space);

    private static void Show(string name, string query) =>
        Console.WriteLine($"// {name}: {query.Length} in, {2 * Rewrite(query).Length} bytes out");
}
