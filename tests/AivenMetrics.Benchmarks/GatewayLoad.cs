using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using AivenMetrics.Testing.Gateway;
using AivenMetrics.Testing.Programs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Benchmarks;

/// <summary>
/// Measures what the gateway adds to a real Prometheus: the gateway in its own process, as <c>aiven-metrics gateway</c> runs it, asked
/// in rounds that alternate with rounds against Prometheus itself, so that whatever else the machine does falls on both.
/// </summary>
internal static class GatewayLoad
{
    private const int Rounds = 5;
    private const int SeriesOfEachTenant = 200;
    private static readonly TimeSpan RoundTime = TimeSpan.FromSeconds(2);

    /// <summary>A question, as the tenant asks it and as Prometheus would be asked for the same answer without a gateway.</summary>
    private sealed record Question(string Name, string AsTenant, string Direct);

    private static readonly Question[] Questions =
    [
        new("instant, 1 series", Instant("up{job=\"a\"}"), Instant("up{job=\"a\",space_id=\"a\"}")),
        new("instant, 200 series", Instant("load_metric"), Instant("load_metric{space_id=\"a\"}")),
        new(
            "range, sum of rates, 30 points",
            Range("sum by (job) (rate(load_metric[15s]))"),
            Range("sum by (job) (rate(load_metric{space_id=\"a\"}[15s]))")
        ),
    ];

    private static readonly TextTable Table = new(
        ("question", -32),
        ("conn", 4),
        ("direct p50", 10),
        ("p99", 8),
        ("req/s", 6),
        ("gateway p50", 11),
        ("p99", 8),
        ("req/s", 6),
        ("added p50", 9),
        ("ratio p99", 9)
    );

    public static async Task<int> RunAsync()
    {
        await using var exporter = await StartExporterAsync();
        await using var prometheus = await PrometheusServer.StartAsync(Config(new Uri(exporter.Urls.Single()).Authority));
        await using var gateway = await GatewayProcess.StartAsync(prometheus.Url);
        Console.WriteLine("gateway and Prometheus each in a process of its own, the load in a third; collecting samples ...");
        await prometheus.WaitUntilAsync("count_over_time(load_metric[1m]) > 20", answer =>
            answer.Contains("\"metric\"", StringComparison.Ordinal)
        );
        Table.WriteHeader();
        foreach (var question in Questions)
        {
            foreach (var connections in (int[])[1, 16])
            {
                await CompareAsync(question, connections, prometheus.Url, gateway.Url);
            }
        }
        Console.WriteLine($"load average {ProcessStatus.LoadAverage()}, {Environment.ProcessorCount} cores");
        return 0;
    }

    private static async Task CompareAsync(Question question, int connections, Uri prometheus, Uri gateway)
    {
        using var directly = Client(prometheus, connections, null);
        using var throughGateway = Client(gateway, connections, GatewayProcess.Tenant);
        await RoundAsync(directly, question.Direct, connections, []);
        await RoundAsync(throughGateway, question.AsTenant, connections, []);

        List<double> direct = [],
            through = [];
        for (var i = 0; i < Rounds; i++)
        {
            await RoundAsync(directly, question.Direct, connections, direct);
            await RoundAsync(throughGateway, question.AsTenant, connections, through);
        }

        direct.Sort();
        through.Sort();
        Table.WriteRow(
            $"{question.Name}",
            $"{connections}",
            $"{At(direct, 0.5):F2} ms",
            $"{At(direct, 0.99):F2} ms",
            $"{PerSecond(direct):F0}",
            $"{At(through, 0.5):F2} ms",
            $"{At(through, 0.99):F2} ms",
            $"{PerSecond(through):F0}",
            $"{At(through, 0.5) - At(direct, 0.5):F3} ms",
            $"{At(through, 0.99) / At(direct, 0.99):F2}"
        );
    }

    private static async Task RoundAsync(HttpClient client, string target, int connections, List<double> milliseconds)
    {
        var began = Stopwatch.GetTimestamp();
        var all = await Task.WhenAll(
            Enumerable
                .Range(0, connections)
                .Select(async _ =>
                {
                    var own = new List<double>();
                    while (Stopwatch.GetElapsedTime(began) < RoundTime)
                    {
                        var started = Stopwatch.GetTimestamp();
                        using var response = await client.GetAsync(new Uri(target, UriKind.Relative));
                        var body = await response.Content.ReadAsByteArrayAsync();
                        own.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                        if (
                            response.StatusCode != HttpStatusCode.OK
                            || body.AsSpan().IndexOf("\"values"u8) < 0 && body.AsSpan().IndexOf("\"value\""u8) < 0
                        )
                        {
                            throw new InvalidOperationException(
                                $"{target} was answered with {(int)response.StatusCode}: {Encoding.UTF8.GetString(body)}"
                            );
                        }
                    }

                    return own;
                })
        );
        milliseconds.AddRange(all.SelectMany(own => own));
    }

    private static double At(List<double> sorted, double quantile) => sorted[(int)(quantile * (sorted.Count - 1))];

    private static double PerSecond(List<double> measured) => measured.Count / (Rounds * RoundTime.TotalSeconds);

    private static HttpClient Client(Uri url, int connections, (string Username, string Password)? who)
    {
        var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = connections, UseProxy = false })
        {
            BaseAddress = url,
        };
        client.DefaultRequestHeaders.TryAddWithoutValidation("Accept-Encoding", "identity");
        if (who is { } known)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
                "Basic",
                Convert.ToBase64String(Encoding.UTF8.GetBytes($"{known.Username}:{known.Password}"))
            );
        }
        return client;
    }

    private static async Task<WebApplication> StartExporterAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var exporter = builder.Build();
        var scrapes = 0;
        exporter.MapGet("/metrics", () =>
        {
            var value = Interlocked.Increment(ref scrapes);
            return Results.Text(
                string.Concat(
                    Enumerable
                        .Range(0, SeriesOfEachTenant)
                        .Select(i => $"load_metric{{number=\"{i}\",kind=\"something of a usual length\"}} {value + i}\n")
                ),
                "text/plain; version=0.0.4"
            );
        });
        await exporter.StartAsync();
        return exporter;
    }

    private static string Config(string target) =>
        string.Concat(
            "global:\n  scrape_interval: 1s\n  scrape_timeout: 1s\nscrape_configs:\n",
            string.Concat(
                new[] { "a", "b", "c", "d" }.Select(tenant =>
                    $"""
                          - job_name: {tenant}
                            static_configs:
                              - targets: ["{target}"]
                                labels:
                                  space_id: {tenant}

                        """
                )
            )
        );

    private static string Instant(string query) => $"/api/v1/query?query={Uri.EscapeDataString(query)}";

    private static string Range(string query)
    {
        var end = DateTimeOffset.UtcNow.AddSeconds(20).ToUnixTimeSeconds();
        return $"/api/v1/query_range?query={Uri.EscapeDataString(query)}&start={end - 30}&end={end}&step=1";
    }
}
