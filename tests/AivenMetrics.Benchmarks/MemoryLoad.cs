using System.Diagnostics;
using System.Globalization;
using AivenMetrics.Testing.Programs;

namespace AivenMetrics.Benchmarks;

/// <summary>
/// Whether the broker's memory is flat: its resident memory while bindings come and go on PostgreSQL, from after a warm-up to the
/// end. The aim is less than 20 MB of growth over 100,000 lifecycles.
/// Options: --lifecycles (100000), --warmup (10000), --clients (16).
/// </summary>
internal static class MemoryLoad
{
    private const double Aim = 20;
    private static readonly TimeSpan NoLimit = TimeSpan.FromDays(1);

    public static async Task<int> RunAsync(LoadOptions options)
    {
        (var total, var warmUp, var clients) = (
            options.Number("lifecycles", 100_000),
            options.Number("warmup", 10_000),
            options.Number("clients", 16)
        );
        var step = Math.Max(1, total / 10);
        await using var server = await PostgresServer.StartAsync();
        await using var stack = await BrokerStack.StartAsync(await server.CreateDatabaseAsync());
        using var platform = await LoadPlatform.ConnectAsync(stack.Url, stack.Password);
        var instances = await platform.SettleAsync(clients);
        var start = Stopwatch.GetTimestamp();
        await platform.LoopAsync(instances, clients, NoLimit, warmUp);
        var first = Megabytes(stack);
        var table = new TextTable(("lifecycles", 10), ("RSS MB", 7), ("growth", 7), ("seconds", 7));
        table.WriteHeader();
        Show(warmUp, first, 0);
        for (var done = 0; done < total; done += step)
        {
            await platform.LoopAsync(instances, clients, NoLimit, Math.Min(step, total - done));
            Show(warmUp + Math.Min(done + step, total), Megabytes(stack), Megabytes(stack) - first);
        }

        var growth = Megabytes(stack) - first;
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"growth {growth:0.0} MB over {total} lifecycles (aim: under {Aim} MB), {platform.Failures} failures"
            )
        );
        return growth < Aim && platform.Failures == 0 ? 0 : 1;

        void Show(int lifecycles, double memory, double grown) =>
            table.WriteRow($"{lifecycles}", $"{memory:0.0}", $"{grown:0.0}", $"{Stopwatch.GetElapsedTime(start).TotalSeconds:0}");
    }

    private static double Megabytes(BrokerStack stack) => stack.BrokerMemory / 1024.0 / 1024.0;
}
