using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace AivenMetrics.Testing.Programs;

/// <summary>One request of a looping client.</summary>
/// <param name="Started">Its start, as a timestamp of <see cref="Stopwatch"/>.</param>
/// <param name="Took">Its duration.</param>
/// <param name="Instance">The Prometheus in the gateway's response header; empty without a response.</param>
/// <param name="Fault">The error of the response; empty if it is correct.</param>
internal readonly record struct LoopedRequest(long Started, TimeSpan Took, string Instance, string Fault);

/// <summary>Clients that send queries in a loop and record each of them. Half send instant queries, the others range queries.</summary>
internal sealed class LoopingClients : IAsyncDisposable
{
    private readonly HttpClient _http;
    private readonly CancellationTokenSource _done = new();
    private readonly Task[] _asking;

    public LoopingClients(Uri gateway, (string Username, string Password) tenant, int clients)
    {
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = gateway, Timeout = TimeSpan.FromSeconds(60) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic",
            Convert.ToBase64String(Encoding.UTF8.GetBytes($"{tenant.Username}:{tenant.Password}"))
        );
        _asking = [.. Enumerable.Range(0, clients).Select(client => Task.Run(() => LoopAsync(client % 2 == 0)))];
    }

    public ConcurrentQueue<LoopedRequest> Requests { get; } = [];

    /// <summary>Stops each client after its current request.</summary>
    public async Task StopAsync()
    {
        await _done.CancelAsync();
        await Task.WhenAll(_asking);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _http.Dispose();
        _done.Dispose();
    }

    private async Task LoopAsync(bool light)
    {
        while (!_done.IsCancellationRequested)
        {
            var end = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
            var target = light
                ? "/api/v1/query?query=sum(some_metric)"
                : $"/api/v1/query_range?query=sum(some_metric)&start={end - 5}&end={end}&step=1";
            var started = Stopwatch.GetTimestamp();
            try
            {
                using var response = await _http.GetAsync(new Uri(target, UriKind.Relative), CancellationToken.None);
                var body = await response.Content.ReadAsStringAsync(CancellationToken.None);
                var fault =
                    response.StatusCode == HttpStatusCode.OK && body.Contains("\"value", StringComparison.Ordinal)
                        ? ""
                        : $"{(int)response.StatusCode} {body}";
                Requests.Enqueue(
                    new(
                        started,
                        Stopwatch.GetElapsedTime(started),
                        response.Headers.TryGetValues("X-AivenMetrics-Instance", out var instance) ? instance.First() : "",
                        fault
                    )
                );
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                Requests.Enqueue(new(started, Stopwatch.GetElapsedTime(started), "", e.Message));
            }

            await Task.Delay(5, CancellationToken.None);
        }
    }
}
