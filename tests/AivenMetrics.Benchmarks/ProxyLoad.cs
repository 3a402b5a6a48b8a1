using AivenMetrics.Testing.Gateway;
using AivenMetrics.Testing.Programs;

namespace AivenMetrics.Benchmarks;

/// <summary>
/// The gateway against plain proxies, all before the same constant answer of 1 KB, in rounds that alternate. Beside requests a second
/// and latencies stands the processor time of each proxy: everything shares the machine's cores, and that figure suffers least from it.
/// Options: --seconds (of a measurement, 3), --rounds (5).
/// </summary>
internal static class ProxyLoad
{
    private const string Query =
        "/api/v1/query?query=sum%20by%20%28aiven_service_name%29%20%28rate%28http_request_total%7Bjob%3D%22api%22%7D%5B5m%5D%29%29"
        + "&time=1700000000";
    private const int WarmUpRequests = 1_000_000;

    private sealed record Proxy(string Name, Uri Url, int Id, bool WantsPassword);

    private sealed record Measured(WrkResult Result, double ProcessorSeconds);

    public static async Task<int> RunAsync(LoadOptions options)
    {
        if (ProxySetup.Missing().ToList() is { Count: > 0 } missing)
        {
            Console.Error.WriteLine($"Not installed: {string.Join(", ", missing)}. Install with: apt-get install nginx-light caddy wrk");
            return 1;
        }

        var (seconds, rounds) = (options.Number("seconds", 3), options.Number("rounds", 5));
        await using var stand = await ProxySetup.StartAsync();
        await using var gateway = await GatewayProcess.StartAsync(stand.Upstream);
        Proxy[] proxies =
        [
            new("direct", stand.Upstream, stand.UpstreamId, false),
            new("nginx", stand.Nginx, stand.NginxId, false),
            new("nginx auth_basic, apr1", stand.NginxWithPassword, stand.NginxId, true),
            new("nginx auth_basic, SHA-1", stand.NginxWithQuickPassword, stand.NginxId, true),
            new("Caddy reverse_proxy", stand.Caddy, stand.CaddyId, false),
            new("gateway", gateway.Url, gateway.Id, true),
        ];

        // .NET compiles what is asked often a second time, beside the work; a gateway that runs for weeks does so in its first minute.
        var warm = 0L;
        while (warm < WarmUpRequests)
        {
            warm += (await MeasureAsync(proxies[^1], 16, 5)).Result.Requests;
        }
        foreach (var proxy in proxies)
        {
            await MeasureAsync(proxy, 16, 1);
        }
        foreach (var connections in (int[])[1, 16])
        {
            await CompareAsync(proxies, connections, seconds, rounds);
        }
        return 0;
    }

    private static async Task CompareAsync(Proxy[] proxies, int connections, int seconds, int rounds)
    {
        var all = proxies.Select(_ => new List<Measured>()).ToArray();
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < proxies.Length; i++)
            {
                all[i].Add(await MeasureAsync(proxies[i], connections, seconds));
            }
        }

        var direct = Median(all[0], m => m.Result.P50);
        var caddy = all[Array.FindIndex(proxies, p => p.Name.StartsWith("Caddy", StringComparison.Ordinal))];
        Console.WriteLine();
        Console.WriteLine(
            $"{connections} connections, {rounds} rounds of {seconds} s, medians; load average "
                + $"{ProcessStatus.LoadAverage()}, {Environment.ProcessorCount} cores"
        );
        var table = new TextTable(
            ("", -24),
            ("req/s", 7),
            ("of Caddy's", 10),
            ("p50 ms", 7),
            ("added", 6),
            ("p99 ms", 7),
            ("CPU s/10,000", 12)
        );
        table.WriteHeader();
        for (var i = 0; i < proxies.Length; i++)
        {
            // The ratio of each round, because its measurements lie next to each other in time.
            var ratio = Middle([.. all[i].Zip(caddy, (own, other) => own.Result.PerSecond / other.Result.PerSecond)]);
            var p50 = Median(all[i], m => m.Result.P50);
            table.WriteRow(
                $"{proxies[i].Name}",
                $"{Median(all[i], m => m.Result.PerSecond):0}",
                $"{ratio:0.00}",
                $"{p50:0.000}",
                $"{p50 - direct:0.000}",
                $"{Median(all[i], m => m.Result.P99):0.00}",
                $"{Median(all[i], m => m.ProcessorSeconds * 10_000 / m.Result.Requests):0.00}"
            );
        }
    }

    private static async Task<Measured> MeasureAsync(Proxy proxy, int connections, int seconds)
    {
        var before = ProcessStatus.ProcessorSeconds(proxy.Id);
        var result = await Wrk.RunAsync(
            new Uri(proxy.Url, Query),
            connections,
            seconds,
            proxy.WantsPassword ? GatewayProcess.Tenant : null
        );
        return new(result, ProcessStatus.ProcessorSeconds(proxy.Id) - before);
    }

    private static double Median(List<Measured> measured, Func<Measured, double> of) => Middle([.. measured.Select(of)]);

    private static double Middle(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }
}
