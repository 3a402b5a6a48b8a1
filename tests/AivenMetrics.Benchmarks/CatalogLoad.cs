using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using AivenMetrics.Testing.Programs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Benchmarks;

/// <summary>
/// What a catalog that has not changed costs: GET /v2/catalog with If-None-Match, answered 304, in allocated bytes and requests a
/// second, beside a bare Kestrel that answers every request 304; each in a process of its own, in alternating rounds.
/// Options: --seconds (of a round, 5), --rounds (3), --clients (16).
/// </summary>
internal static class CatalogLoad
{
    private const string Allocated = "dotnet_gc_heap_total_allocated_bytes_total";

    public static async Task<int> RunAsync(LoadOptions options)
    {
        (var seconds, var rounds, var clients) = (options.Number("seconds", 5), options.Number("rounds", 3), options.Number("clients", 16));
        await using var server = await PostgresServer.StartAsync();
        await using var stack = await BrokerStack.StartAsync(await server.CreateDatabaseAsync(), gateway: false);
        var bareUrl = $"http://127.0.0.1:{Lab.Demo.FreePorts.Take(1)[0]}";
        using var bare = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["bare-kestrel", bareUrl]))!;
        try
        {
            using var broker = await AskingAsync(stack.Url, stack.Password);
            using HttpClient plain = new(new SocketsHttpHandler { MaxConnectionsPerServer = clients }) { BaseAddress = new Uri(bareUrl) };
            await RateAsync(broker, "/v2/catalog", clients, 3);
            await RateAsync(plain, "/", clients, 3);
            Console.WriteLine($"{clients} connections, rounds of {seconds} s");
            var table = new TextTable(("round", 5), ("catalog/s", 9), ("bytes each", 10), ("bare/s", 9), ("bytes each", 10), ("ratio", 5));
            table.WriteHeader();
            for (var round = 1; round <= rounds; round++)
            {
                var ours = await MeasureAsync(broker, "/v2/catalog", () => BrokerAllocatedAsync(stack.MetricsUrl), clients, seconds);
                var theirs = await MeasureAsync(
                    plain,
                    "/",
                    async () => double.Parse(await plain.GetStringAsync("/allocated"), CultureInfo.InvariantCulture),
                    clients,
                    seconds
                );
                table.WriteRow(
                    $"{round}",
                    $"{ours.PerSecond:0}",
                    $"{ours.BytesEach:0}",
                    $"{theirs.PerSecond:0}",
                    $"{theirs.BytesEach:0}",
                    $"{ours.PerSecond / theirs.PerSecond:0.00}"
                );
            }

            return 0;
        }
        finally
        {
            bare.Kill();
            await bare.WaitForExitAsync();
        }
    }

    /// <summary>The bare server: nothing but Kestrel.</summary>
    public static async Task<int> ServeBareAsync(string url)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url);
        await using var app = builder.Build();
        app.Run(context =>
        {
            if (context.Request.Path == "/allocated")
            {
                return context.Response.WriteAsync(GC.GetTotalAllocatedBytes(precise: true).ToString(CultureInfo.InvariantCulture));
            }
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        });
        await app.RunAsync();
        return 0;
    }

    private static async Task<HttpClient> AskingAsync(string url, string password)
    {
        var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 256 }) { BaseAddress = new Uri(url) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic",
            Convert.ToBase64String(Encoding.UTF8.GetBytes($"platform:{password}"))
        );
        http.DefaultRequestHeaders.Add("X-Broker-API-Version", "2.17");
        using var answer = await http.GetAsync("/v2/catalog");
        http.DefaultRequestHeaders.IfNoneMatch.Add(answer.EnsureSuccessStatusCode().Headers.ETag!);
        return http;
    }

    private static async Task<(double PerSecond, double BytesEach)> MeasureAsync(
        HttpClient http,
        string path,
        Func<Task<double>> allocated,
        int clients,
        int seconds
    )
    {
        var before = await allocated();
        (var count, var took) = await RateAsync(http, path, clients, seconds);
        return (count / took, (await allocated() - before) / count);
    }

    private static async Task<(int Count, double Seconds)> RateAsync(HttpClient http, string path, int clients, int seconds)
    {
        var count = 0;
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(
            Enumerable
                .Range(0, clients)
                .Select(async _ =>
                {
                    while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds)
                    {
                        using var answer = await GetAsync(http, path);
                        if (answer.StatusCode != HttpStatusCode.NotModified)
                        {
                            throw new InvalidOperationException($"{path} was answered {answer.StatusCode} instead of 304");
                        }
                        Interlocked.Increment(ref count);
                    }
                })
        );
        return (count, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    /// <summary>The bare server may not listen yet when it is asked first.</summary>
    private static async Task<HttpResponseMessage> GetAsync(HttpClient http, string path)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await http.GetAsync(path);
            }
            catch (HttpRequestException) when (attempt < 50)
            {
                await Task.Delay(100);
            }
        }
    }

    private static async Task<double> BrokerAllocatedAsync(string metricsUrl)
    {
        using var http = new HttpClient();
        string line = (await http.GetStringAsync(metricsUrl))
            .Split('\n')
            .Single(line => line.StartsWith(Allocated, StringComparison.Ordinal));
        return double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
    }
}
