using Microsoft.Extensions.Logging;

namespace AivenMetrics.Discovery.Files;

/// <summary>
/// Asks each Prometheus to read its configuration again when the scrape jobs have changed, until it has. Each server is
/// followed on its own, so that one that is down delays no other. After a start of discovery each is asked once, because what
/// it read last is not known.
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

    private volatile string? _wanted;
    private volatile TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>From now on each Prometheus shall have read the jobs with this digest.</summary>
    public void RequestReload(string digest)
    {
        if (_wanted == digest)
        {
            return;
        }
        _wanted = digest;
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
            var target = _wanted;
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
                // It may have read these jobs all the same: even what it had read before would be news to it now.
                done = null;
                await Task.Delay(pause, time, cancellationToken);
                pause = pause * 2 < MaxBackoff ? pause * 2 : MaxBackoff;
            }
        }
    }

    private async Task<bool> PostReloadAsync(Uri url, TimeSpan pause, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(RequestTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            using var response = await http.PostAsync(url, null, either.Token);
            if (response.IsSuccessStatusCode)
            {
                metrics.RecordReload("ok");
                logger.LogInformation("Prometheus has reloaded by {Url}.", url);
                return true;
            }

            // The body is not logged: Prometheus may quote its configuration, and that may hold secrets.
            metrics.RecordReload("refused");
            logger.LogError(
                "Prometheus answered {Status} to {Url}; next try in {Pause} s. 403 means it lacks --web.enable-lifecycle, 500 that promtool check config will show a fault.",
                (int)response.StatusCode,
                url,
                pause.TotalSeconds
            );
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            metrics.RecordReload("unreachable");
            logger.LogWarning("Prometheus cannot be reached by {Url}: {Reason} Next try in {Pause} s.", url, e.Message, pause.TotalSeconds);
        }

        return false;
    }
}
