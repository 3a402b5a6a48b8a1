using Microsoft.Extensions.Logging;

namespace AivenMetrics.Discovery.Files;

/// <summary>
/// Requests a reload from each Prometheus after the scrape jobs have changed, and retries until it succeeds. Each server is handled
/// independently. After a start of discovery every server is reloaded once, because its current configuration is unknown.
/// </summary>
internal sealed class PrometheusReloader(
    HttpClient http,
    IEnumerable<string> servers,
    TimeProvider time,
    ILogger<PrometheusReloader> logger,
    DiscoveryMetrics metrics
)
{
    private const string ReloadPath = "/-/reload";

    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan MaxBackoff = TimeSpan.FromSeconds(30);

    private volatile string? _requestedDigest;
    private volatile TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Requests that each Prometheus loads the jobs with this digest.</summary>
    public void RequestReload(string digest)
    {
        if (_requestedDigest == digest)
        {
            return;
        }
        _requestedDigest = digest;
        var signal = _changed;
        _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        signal.SetResult();
    }

    public Task RunAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(
            servers
                .Select(server => KeepReloadedAsync(ReloadUrl(server), cancellationToken))
                .Append(Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken))
        );

    internal static Uri ReloadUrl(string server)
    {
        var builder = new UriBuilder(server);
        var path = builder.Path.TrimEnd('/');
        builder.Path = path.EndsWith(ReloadPath, StringComparison.Ordinal) ? path : path + ReloadPath;
        return builder.Uri;
    }

    private async Task KeepReloadedAsync(Uri url, CancellationToken cancellationToken)
    {
        string? done = null;
        var pause = TimeSpan.FromSeconds(1);
        while (true)
        {
            var signal = _changed.Task;
            var target = _requestedDigest;
            if (target == done)
            {
                await signal.WaitAsync(cancellationToken);
            }
            else if (await PostReloadAsync(url, pause, cancellationToken))
            {
                done = target;
                pause = TimeSpan.FromSeconds(1);
            }
            else
            {
                // The server may have reloaded in spite of the error. Its configuration is unknown, so that it must be reloaded even if the
                // jobs change back.
                done = null;
                await Task.Delay(pause, time, cancellationToken);
                pause = pause * 2 < MaxBackoff ? pause * 2 : MaxBackoff;
            }
        }
    }

    private async Task<bool> PostReloadAsync(Uri url, TimeSpan pause, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(RequestTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            using var response = await http.PostAsync(url, null, either.Token);
            if (response.IsSuccessStatusCode)
            {
                metrics.RecordReload("ok");
                logger.PrometheusReloaded(url);
                return true;
            }

            // The body is not logged: Prometheus may quote its configuration, which can contain secrets.
            metrics.RecordReload("refused");
            logger.ReloadRejected(url, (int)response.StatusCode, pause.TotalSeconds);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            metrics.RecordReload("unreachable");
            logger.ReloadFailed(url, e.Message, pause.TotalSeconds);
        }

        return false;
    }
}
