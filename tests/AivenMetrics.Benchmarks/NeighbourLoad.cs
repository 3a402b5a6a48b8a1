using System.Diagnostics;
using System.Globalization;
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
/// How much a tenant feels of another one: its median and p99 alone, beside one that asks as much as it may, and beside one that asks ten
/// times as much. A real Prometheus, the gateway in its own process with the default limits; rounds take turns, so that whatever else
/// the machine does falls on all three.
/// </summary>
internal static class NeighbourLoad
{
    private const int Rounds = 10;
    private const int LimitPerSecond = 50;
    private static readonly TimeSpan RoundTime = TimeSpan.FromSeconds(6);

    /// <summary>Until the neighbour's process has started and has used up what it may ask at once after a quiet time.</summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private static readonly (string Username, string Password) Noisy = ("tenant-b", "password-of-tenant-b");

    public static async Task<int> RunAsync()
    {
        await using var exporter = await StartExporterAsync();
        await using var prometheus = await PrometheusServer.StartAsync(Config(new Uri(exporter.Urls.Single()).Authority));
        await using var gateway = await GatewayProcess.StartAsync(
            prometheus.Url,
            GatewayProcess.Credential(GatewayProcess.Tenant.Username, GatewayProcess.Tenant.Password, "a")
                + ","
                + GatewayProcess.Credential(Noisy.Username, Noisy.Password, "b"),
            limited: true
        );
        Console.WriteLine(
            "a tenant with up to 50 queries a second beside another, each and the gateway and Prometheus in a process of "
                + "its own; default limits; collecting samples ..."
        );
        await prometheus.WaitUntilAsync("count_over_time(load_metric[1m]) > 15", answer =>
            answer.Contains("\"metric\"", StringComparison.Ordinal)
        );

        List<double>[] measured =
        [
            [],
            [],
            [],
        ];
        int[] perSecond = [0, LimitPerSecond, LimitPerSecond * 10];
        var answered = new int[3];
        var refused = new int[3];
        using var usual = Client(gateway.Url, GatewayProcess.Tenant);
        await MeasureAsync(usual, []);
        for (var round = 0; round < Rounds; round++)
        {
            for (var i = 0; i < perSecond.Length; i++)
            {
                using var noise = StartNoise(gateway.Url, perSecond[i]);
                await Task.Delay(WarmUp);
                await MeasureAsync(usual, measured[i]);
                await noise.StandardInput.WriteLineAsync();
                var reported = (await noise.StandardOutput.ReadToEndAsync()).Split(' ');
                var (good, bad) = (
                    int.Parse(reported[0], CultureInfo.InvariantCulture),
                    int.Parse(reported[1], CultureInfo.InvariantCulture)
                );
                answered[i] += good;
                refused[i] += bad;
            }
        }

        var table = new TextTable(
            ("neighbour asks", -18),
            ("answered", 8),
            ("refused", 7),
            ("p50", 8),
            ("p99", 8),
            ("ratio p50", 9),
            ("p99", 5)
        );
        table.WriteHeader();
        for (var i = 0; i < perSecond.Length; i++)
        {
            measured[i].Sort();
            table.WriteRow(
                $"{perSecond[i]} per second",
                $"{answered[i]}",
                $"{refused[i]}",
                $"{At(measured[i], 0.5):F2} ms",
                $"{At(measured[i], 0.99):F2} ms",
                $"{At(measured[i], 0.5) / At(measured[0], 0.5):F2}",
                $"{At(measured[i], 0.99) / At(measured[0], 0.99):F2}"
            );
        }

        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"p99 beside ten times the limit against beside the limit: {At(measured[2], 0.99) / At(measured[1], 0.99):F2}"
            )
        );
        return 0;
    }

    /// <summary>The neighbour: asks until it can read a line, then tells how many requests were answered and refused.</summary>
    public static async Task<int> NoiseAsync(string url, string perSecond)
    {
        using var client = Client(new Uri(url), Noisy);
        using var enough = new CancellationTokenSource();
        var noise = MakeNoiseAsync(client, int.Parse(perSecond, CultureInfo.InvariantCulture), enough.Token);
        await Task.Run(Console.In.ReadLine);
        await enough.CancelAsync();
        var (answered, refused) = await noise;
        Console.Write(string.Create(CultureInfo.InvariantCulture, $"{answered} {refused}"));
        return 0;
    }

    private static Process StartNoise(Uri url, int perSecond) =>
        Process.Start(
            new ProcessStartInfo(Environment.ProcessPath!, ["noise", url.ToString(), perSecond.ToString(CultureInfo.InvariantCulture)])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            }
        )!;

    private static async Task MeasureAsync(HttpClient client, List<double> milliseconds)
    {
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < RoundTime)
        {
            var started = Stopwatch.GetTimestamp();
            using var response = await client.GetAsync(Query);
            await response.Content.ReadAsByteArrayAsync();
            milliseconds.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw new InvalidOperationException($"The usual tenant was answered with {(int)response.StatusCode}.");
            }
            await Task.Delay(Pause);
        }
    }

    /// <summary>Sends so many requests a second, whatever becomes of those before.</summary>
    private static async Task<(int Answered, int Refused)> MakeNoiseAsync(HttpClient client, int perSecond, CancellationToken enough)
    {
        List<Task<HttpStatusCode>> sent = [];
        var began = Stopwatch.GetTimestamp();
        while (perSecond > 0 && !enough.IsCancellationRequested)
        {
            while (sent.Count < Stopwatch.GetElapsedTime(began).TotalSeconds * perSecond)
            {
                sent.Add(AskAsync(client));
            }
            await Task.Delay(TimeSpan.FromMilliseconds(10), CancellationToken.None);
        }

        var statuses = await Task.WhenAll(sent);
        return (statuses.Count(status => status == HttpStatusCode.OK), statuses.Count(status => status == HttpStatusCode.TooManyRequests));
    }

    private static async Task<HttpStatusCode> AskAsync(HttpClient client)
    {
        using var response = await client.GetAsync(Query);
        await response.Content.ReadAsByteArrayAsync();
        return response.StatusCode;
    }

    private static Uri Query { get; } =
        new($"/api/v1/query?query={Uri.EscapeDataString("sum by (number) (rate(load_metric[15s]))")}", UriKind.Relative);

    private static double At(List<double> sorted, double quantile) => sorted[(int)(quantile * (sorted.Count - 1))];

    private static HttpClient Client(Uri url, (string Username, string Password) who)
    {
        var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = url };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic",
            Convert.ToBase64String(Encoding.UTF8.GetBytes($"{who.Username}:{who.Password}"))
        );
        return client;
    }

    private static async Task<WebApplication> StartExporterAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var exporter = builder.Build();
        exporter.MapGet("/metrics", () =>
            Results.Text(
                string.Concat(Enumerable.Range(0, 200).Select(i => $"load_metric{{number=\"{i}\"}} {i}\n")),
                "text/plain; version=0.0.4"
            )
        );
        await exporter.StartAsync();
        return exporter;
    }

    private static string Config(string target) =>
        $$$"""
            global: {scrape_interval: 1s, scrape_timeout: 1s}
            scrape_configs:
              - job_name: a
                static_configs: [{targets: ['{{{target}}}'], labels: {space_id: a}}]
              - job_name: b
                static_configs: [{targets: ['{{{target}}}'], labels: {space_id: b}}]
            """;
}
