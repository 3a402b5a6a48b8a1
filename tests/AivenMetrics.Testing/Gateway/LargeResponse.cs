using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using AivenMetrics.Testing.Programs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Testing.Gateway;

/// <summary>
/// Measures the memory of a gateway while it forwards a response of 100 MB to query_range. The response is plain, compressed, or read by
/// a slow client from a fast upstream.
/// </summary>
internal static class LargeResponse
{
    private const int Sample = 1 << 20;
    private const string Path = "/api/v1/query_range?query=up&start=0&end=1000&step=10";

    /// <summary>One forwarded response: megabytes that the client read, resident megabytes before, and the maximum meanwhile.</summary>
    internal sealed record Transfer(string Name, double Read, double Before, double Most)
    {
        public double Growth => Most - Before;
    }

    /// <summary>Forwards this number of megabytes through a new gateway, in each of the three ways.</summary>
    internal static async Task<IReadOnlyList<Transfer>> MeasureAsync(int megabytes)
    {
        await using var upstream = await StartUpstreamAsync(megabytes);
        await using var gateway = await GatewayProcess.StartAsync(new Uri(upstream.Urls.Single()));
        using var http = new HttpClient { BaseAddress = gateway.Url };
        var (username, password) = GatewayProcess.Tenant;
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic",
            Convert.ToBase64String(Encoding.UTF8.GetBytes($"{username}:{password}"))
        );

        // Small requests first, so that compiled code, connections and pools do not count as growth.
        for (var i = 0; i < 2000; i++)
        {
            await ReadAsync(http, "/api/v1/query?query=up", "identity", TimeSpan.Zero);
        }
        List<Transfer> all = [];
        foreach (
            var (name, encoding, pause) in new[] { ("plain", "identity", 0), ("gzip", "gzip", 0), ("plain, slow client", "identity", 20) }
        )
        {
            ProcessStatus.ForgetPeak(gateway.Id);
            var before = ProcessStatus.ResidentMemory(gateway.Id) / 1e6;
            var read = await ReadAsync(http, Path, encoding, TimeSpan.FromMilliseconds(pause));
            all.Add(new(name, read / 1e6, before, ProcessStatus.PeakMemory(gateway.Id) / 1e6));
        }

        return all;
    }

    /// <returns>The bytes of the body.</returns>
    private static async Task<long> ReadAsync(HttpClient http, string path, string encoding, TimeSpan pauseAfterMegabyte)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        message.Headers.TryAddWithoutValidation("Accept-Encoding", encoding);
        using var answer = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead);
        answer.EnsureSuccessStatusCode();
        await using var body = await answer.Content.ReadAsStreamAsync();
        var piece = new byte[Sample];
        var length = 0L;
        while (await body.ReadAtLeastAsync(piece, piece.Length, throwOnEndOfStream: false) is > 0 and var read)
        {
            length += read;
            await Task.Delay(pauseAfterMegabyte);
        }

        return length;
    }

    /// <summary>
    /// Starts an upstream that responds to range queries with this number of megabytes. gzip does not reduce the size, so that compressed
    /// responses are as large.
    /// </summary>
    private static async Task<WebApplication> StartUpstreamAsync(int megabytes)
    {
        const string before = """{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"up"},"values":[""";
        const string oneValue = "[1700000000.123,\"1\"],";
        const string after = """[1700000000.123,"1"]]}]}}""";
        var values = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(oneValue, Sample / oneValue.Length)));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.Run(async context =>
        {
            context.Response.ContentType = "application/json";
            if (context.Request.Path != "/api/v1/query_range")
            {
                await context.Response.WriteAsync("""{"status":"success","data":{"resultType":"vector","result":[],"version":"2.42.0"}}""");
                return;
            }

            var isGzip = context.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.Ordinal);
            if (isGzip)
            {
                context.Response.Headers.ContentEncoding = "gzip";
            }
            await using var to = isGzip ? new GZipStream(context.Response.Body, CompressionLevel.NoCompression) : context.Response.Body;
            await to.WriteAsync(Encoding.ASCII.GetBytes(before));
            for (var i = 0; i < megabytes * 1_000_000L / values.Length; i++)
            {
                await to.WriteAsync(values);
            }
            await to.WriteAsync(Encoding.ASCII.GetBytes(after));
        });
        await app.StartAsync();
        return app;
    }
}
