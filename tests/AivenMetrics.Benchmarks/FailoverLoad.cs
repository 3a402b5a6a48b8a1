using System.Diagnostics;
using AivenMetrics.Testing.Gateway;
using AivenMetrics.Testing.Programs;

namespace AivenMetrics.Benchmarks;

/// <summary>
/// What tenants see of it when the usual Prometheus is killed, and when it is stopped: eight clients ask in loops, half of them instant
/// queries, half ranges, through a gateway in a process of its own.
/// </summary>
internal static class FailoverLoad
{
    private static readonly TimeSpan Normal = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan Around = TimeSpan.FromSeconds(6);

    private static readonly TextTable Table = new(
        ("event", -8),
        ("round", 5),
        ("requests", 8),
        ("errors", 6),
        ("normal p50", 10),
        ("p99", 8),
        ("max", 8),
        ("slowest after", 13),
        ("over max", 9),
        ("aim", -3)
    );

    public static async Task<int> RunAsync(LoadOptions options)
    {
        var (clients, rounds) = (options.Number("clients", 8), options.Number("rounds", 3));
        Table.WriteHeader();
        for (var round = 1; round <= rounds; round++)
        {
            await MeasureAsync("kill -9", round, clients, pair => pair.KillAsync(0), "0 errors, at most 200 ms over normal");
            await MeasureAsync("SIGSTOP", round, clients, Stop, "0 errors, at most 3500 ms");
        }

        return 0;

        static Task Stop(PrometheusPair pair)
        {
            pair.Stop(0);
            return Task.CompletedTask;
        }
    }

    private static async Task MeasureAsync(string name, int round, int clients, Func<PrometheusPair, Task> act, string aim)
    {
        await using var pair = await PrometheusPair.StartAsync();
        await using var gateway = await GatewayProcess.StartAsync(pair.Url(0), second: pair.Url(1));
        await using var load = new LoopingClients(gateway.Url, GatewayProcess.Tenant, clients);
        await Task.Delay(Normal);
        // What was slow because everything was new is not normal.
        var measuredFrom = Stopwatch.GetTimestamp() - (long)(Normal.TotalSeconds / 2 * Stopwatch.Frequency);
        var before = Stopwatch.GetTimestamp();
        await act(pair);
        await Task.Delay(Around);
        await load.StopAsync();
        Print(name, round, [.. load.Requests.Where(asked => asked.Started >= measuredFrom)], before, aim);
    }

    private static void Print(string name, int round, LoopedRequest[] asked, long eventAt, string aim)
    {
        var normal = asked
            .Where(one => one.Started + (one.Took.TotalSeconds * Stopwatch.Frequency) < eventAt)
            .Select(one => one.Took.TotalMilliseconds)
            .Order()
            .ToList();
        var after = asked
            .Where(one => one.Started + (one.Took.TotalSeconds * Stopwatch.Frequency) >= eventAt)
            .Max(one => one.Took.TotalMilliseconds);
        Table.WriteRow(
            $"{name}",
            $"{round}",
            $"{asked.Length}",
            $"{asked.Count(one => one.Fault.Length > 0)}",
            $"{At(normal, 0.5):F1} ms",
            $"{At(normal, 0.99):F1} ms",
            $"{normal[^1]:F1} ms",
            $"{after:F1} ms",
            $"{after - normal[^1]:F1} ms",
            $"{aim}"
        );
        foreach (var fault in asked.Where(one => one.Fault.Length > 0).Take(3))
        {
            Console.WriteLine($"  {fault.Fault}");
        }
    }

    private static double At(List<double> sorted, double quantile) => sorted[(int)(quantile * (sorted.Count - 1))];
}
