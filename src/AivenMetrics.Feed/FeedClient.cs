using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Feed;

/// <summary>
/// Polls one feed of the broker. Each request sends the ETag of the last good response and requests that the broker holds its response
/// until the feed changes. A change therefore arrives at once, and an unchanged feed costs one request per 30 s. After any failure <see
/// cref="Current"/> remains the last good response, after a restart the one on disk.
/// </summary>
/// <typeparam name="T">The feed's wire record.</typeparam>
/// <threadsafety>All members are thread-safe. Call <see cref="RunAsync(CancellationToken)"/> only once.</threadsafety>
public sealed class FeedClient<T>
    where T : class
{
    private readonly FeedClientOptions<T> _options;
    private readonly FeedRequest<T> _request;
    private readonly FeedMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private byte[] _digest = [];
    private Action<FeedSnapshot<T>> _apply = _ => { };
    private string? _entityTag;
    private volatile FeedSnapshot<T>? _current;
    private volatile TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Creates a client. It sends no request before <see cref="RunAsync(CancellationToken)"/>.</summary>
    /// <param name="http">
    /// Sends the requests. Its timeout must be longer than the longest wait (see <see cref="Feeds.CreateHttpClient"/>).
    /// </param>
    /// <param name="options">The feed to poll and its settings.</param>
    /// <param name="time">Clock for ages, pauses and timeouts.</param>
    /// <param name="logger">Receives failures and recoveries.</param>
    /// <param name="meters">Creates the meter <c>AivenMetrics.Feed</c>.</param>
    public FeedClient(HttpClient http, FeedClientOptions<T> options, TimeProvider time, ILogger logger, IMeterFactory meters)
    {
        _options = options;
        _time = time;
        _logger = logger;
        _request = new(http, options, time);
        _metrics = new(meters, options.Name, time, () => _current?.FetchedAt);
    }

    /// <summary>The last good response; null before the first one.</summary>
    public FeedSnapshot<T>? Current => _current;

    /// <summary>Waits for a snapshot that differs from the caller's.</summary>
    /// <param name="seen">The caller's last snapshot; null for none.</param>
    /// <param name="cancellationToken">Cancels the wait with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>The current snapshot, immediately if its version differs from <paramref name="seen"/>'s.</returns>
    public async Task<FeedSnapshot<T>> WaitForChangeAsync(FeedSnapshot<T>? seen, CancellationToken cancellationToken)
    {
        while (true)
        {
            // Reads the signal before the snapshot. A change between the two reads then completes the task that is awaited below.
            var signal = _changed.Task;
            if (_current is { } snapshot && snapshot.Version != seen?.Version)
            {
                return snapshot;
            }
            await signal.WaitAsync(cancellationToken);
        }
    }

    /// <summary>
    /// Loads the last good response from disk before the returned task starts, then polls until cancelled. Bad responses, network errors
    /// and disk errors are logged, counted and retried with increasing, jittered pauses; they never throw.
    /// </summary>
    /// <param name="cancellationToken">Stops polling.</param>
    public Task RunAsync(CancellationToken cancellationToken) => RunAsync(_ => { }, cancellationToken);

    /// <summary>Polls until cancelled and applies each new snapshot before the next request confirms it to the broker.</summary>
    /// <param name="onSnapshot">Called for each new snapshot, one at a time. It must not throw.</param>
    /// <param name="cancellationToken">Stops polling.</param>
    public async Task RunAsync(Action<FeedSnapshot<T>> onSnapshot, CancellationToken cancellationToken)
    {
        _apply = onSnapshot;
        LoadLastGood();
        var failures = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            TimeSpan pause;
            try
            {
                pause = await PollAsync(cancellationToken);
                if (failures > 0)
                {
                    _logger.PollRecovered(_options.Name, failures);
                }
                failures = 0;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (FeedFailureException failure)
            {
                pause = NextBackoff(failures++, failure.RetryAfter);
                ReportFailure(failure, pause);
            }

            await Task.Delay(pause, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<TimeSpan> PollAsync(CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        var response = await _request.SendAsync(_entityTag, cancellationToken);
        var now = _time.GetUtcNow();
        if (response is null)
        {
            _metrics.RecordSuccess(changed: false);
            _current = _current! with { FetchedAt = now };
            SaveLastGood(null, now);
            // A proxy may remove the Prefer header. The client then waits between polls itself.
            return _time.GetElapsedTime(started) < _options.Wait / 2 ? _options.PollInterval : TimeSpan.Zero;
        }

        _entityTag = response.EntityTag;
        var newDigest = SHA256.HashData(response.Body);
        var isChange = _current is null || _current.FromDisk || !newDigest.AsSpan().SequenceEqual(_digest);
        _metrics.RecordSuccess(isChange);
        _digest = newDigest;
        SaveLastGood(response.Body, now);
        if (isChange)
        {
            Publish(response.Value, now, fromDisk: false);
        }
        else
        {
            _current = _current! with { FetchedAt = now };
        }
        return isChange && _entityTag is not null ? TimeSpan.Zero : _options.PollInterval;
    }

    private void Publish(T value, DateTimeOffset at, bool fromDisk)
    {
        var news = new FeedSnapshot<T>(value, at, fromDisk, (_current?.Version ?? 0) + 1);
        _current = news;
        _apply(news);
        var signal = _changed;
        _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        signal.SetResult();
    }

    private TimeSpan NextBackoff(int failures, TimeSpan? retryAfter)
    {
        var grown = Math.Min(
            _options.MaximumBackoff.TotalSeconds,
            _options.MinimumBackoff.TotalSeconds * Math.Pow(2, Math.Min(failures, 30))
        );
        var jittered = TimeSpan.FromSeconds(grown * (0.5 + (_options.Jitter() / 2)));
        return retryAfter is { } requested && requested > jittered ? requested : jittered;
    }

    private void LoadLastGood()
    {
        if (_options.LastGoodFile is not { } path || !File.Exists(path))
        {
            return;
        }
        try
        {
            var body = File.ReadAllBytes(path);
            var value = JsonSerializer.Deserialize(body, _options.Type)
                ?? throw new FeedFailureException(FeedFailureReason.Disk, "The file contains null.");
            if (_options.Validate(value) is { } error)
            {
                throw new FeedFailureException(FeedFailureReason.Disk, error);
            }
            _digest = SHA256.HashData(body);
            Publish(value, new DateTimeOffset(File.GetLastWriteTimeUtc(path)), fromDisk: true);
            _logger.LastGoodLoaded(_options.Name, path, _current!.FetchedAt);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or FeedFailureException)
        {
            var reason = e is JsonException json ? FeedRequest<T>.DescribeError(json) : e.Message;
            _metrics.RecordFailure(new(FeedFailureReason.Disk, reason));
            _logger.LastGoodNotLoaded(_options.Name, path, reason);
        }
    }

    /// <summary>
    /// Writes a new response to disk. The modification time of the file is the time of the broker's last confirmation, so that the age is
    /// known after a restart.
    /// </summary>
    private void SaveLastGood(byte[]? body, DateTimeOffset now)
    {
        if (_options.LastGoodFile is not { } path)
        {
            return;
        }
        try
        {
            if (body is not null)
            {
                AtomicFile.WriteIfChanged(path, body, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }
            if (File.Exists(path))
            {
                File.SetLastWriteTimeUtc(path, now.UtcDateTime);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _metrics.RecordFailure(new(FeedFailureReason.Disk, e.Message));
            _logger.LastGoodNotSaved(_options.Name, path, e.Message);
        }
    }

    private void ReportFailure(FeedFailureException failure, TimeSpan pause)
    {
        _metrics.RecordFailure(failure);
        var current = _current is { } snapshot
            ? $"The response of {snapshot.FetchedAt:O} remains in use"
            : "No response has been received yet";
        _logger.PollFailed(_options.Name, failure.ReasonLabel, failure.Message, pause.TotalSeconds, current);
    }
}
