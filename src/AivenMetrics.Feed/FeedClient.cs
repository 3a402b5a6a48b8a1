using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Feed;

/// <summary>
/// Follows one feed of the broker. Each poll carries the ETag of the last good answer and asks the broker to hold its answer
/// until there is news, so that a change arrives at once and silence costs one request per half minute.
/// Stale beats partial: whatever goes wrong, <see cref="Current"/> stays the last good answer, from disk after a restart.
/// </summary>
/// <typeparam name="T">The feed's wire record.</typeparam>
/// <threadsafety>All members may be used from any thread; <see cref="RunAsync(CancellationToken)"/> once.</threadsafety>
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

    /// <summary>Makes a client that does nothing until <see cref="RunAsync(CancellationToken)"/>.</summary>
    /// <param name="http">Carries the requests; it must not time out before the longest wait (see <see cref="Feeds.CreateHttpClient"/>).</param>
    /// <param name="options">Which feed, and how to read it.</param>
    /// <param name="time">Clock of ages, pauses and timeouts.</param>
    /// <param name="logger">Hears of failures and recoveries.</param>
    /// <param name="meters">Makes the meter <c>AivenMetrics.Feed</c>.</param>
    public FeedClient(HttpClient http, FeedClientOptions<T> options, TimeProvider time, ILogger logger, IMeterFactory meters)
    {
        this._options = options;
        this._time = time;
        this._logger = logger;
        _request = new(http, options, time);
        _metrics = new(meters, options.Name, time, () => _current?.FetchedAt);
    }

    /// <summary>The last good answer; null while there has never been one.</summary>
    public FeedSnapshot<T>? Current => _current;

    /// <summary>Waits until there is an answer that the caller has not seen.</summary>
    /// <param name="seen">The snapshot that the caller acted on last; null: none.</param>
    /// <param name="cancellationToken">Ends the wait with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>The current snapshot, at once if it already differs from <paramref name="seen"/> in version.</returns>
    public async Task<FeedSnapshot<T>> WaitForChangeAsync(FeedSnapshot<T>? seen, CancellationToken cancellationToken)
    {
        while (true)
        {
            // The signal first: a change between the two reads then completes the very task that we wait for.
            var signal = _changed.Task;
            if (_current is { } snapshot && snapshot.Version != seen?.Version)
            {
                return snapshot;
            }
            await signal.WaitAsync(cancellationToken);
        }
    }

    /// <summary>
    /// Takes the last good answer from disk, before it returns its task, and then polls until it is cancelled. Never throws
    /// for a bad answer, a missing broker or a bad disk: they are logged, counted and tried again with growing, jittered pauses.
    /// </summary>
    /// <param name="cancellationToken">Ends it.</param>
    public Task RunAsync(CancellationToken cancellationToken) => RunAsync(_ => { }, cancellationToken);

    /// <summary>The same for a reader that applies each answer itself, before the next poll tells the broker so.</summary>
    /// <param name="onSnapshot">Called with each new answer, one after the other; it must not throw.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(Action<FeedSnapshot<T>> onSnapshot, CancellationToken cancellationToken)
    {
        this._apply = onSnapshot;
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
                    _logger.LogInformation("The {Feed} feed answers again after {Failures} failures.", _options.Name, failures);
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
        var answer = await _request.SendAsync(_entityTag, cancellationToken);
        var now = _time.GetUtcNow();
        if (answer is null)
        {
            _metrics.RecordSuccess(changed: false);
            _current = _current! with { FetchedAt = now };
            SaveLastGood(null, now);
            // A proxy may strip the request to wait: then we are the ones who keep the pace.
            return _time.GetElapsedTime(started) < _options.Wait / 2 ? _options.PollInterval : TimeSpan.Zero;
        }

        _entityTag = answer.EntityTag;
        var newDigest = SHA256.HashData(answer.Body);
        var isNews = _current is null || _current.FromDisk || !newDigest.AsSpan().SequenceEqual(_digest);
        _metrics.RecordSuccess(isNews);
        _digest = newDigest;
        SaveLastGood(answer.Body, now);
        if (isNews)
        {
            Publish(answer.Value, now, fromDisk: false);
        }
        else
        {
            _current = _current! with { FetchedAt = now };
        }
        return isNews && _entityTag is not null ? TimeSpan.Zero : _options.PollInterval;
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
        return retryAfter is { } asked && asked > jittered ? asked : jittered;
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
                ?? throw new FeedFailureException(FeedFailureReason.Disk, "it holds null.");
            if (_options.Validate(value) is { } fault)
            {
                throw new FeedFailureException(FeedFailureReason.Disk, fault);
            }
            _digest = SHA256.HashData(body);
            Publish(value, File.GetLastWriteTimeUtc(path), fromDisk: true);
            _logger.LogInformation("The {Feed} feed starts from {Path}, last confirmed {At:O}.", _options.Name, path, _current!.FetchedAt);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or FeedFailureException)
        {
            var reason = e is JsonException json ? FeedRequest<T>.DescribeError(json) : e.Message;
            _metrics.RecordFailure(new(FeedFailureReason.Disk, reason));
            _logger.LogError("The {Feed} feed ignores its last good file {Path}: {Reason}", _options.Name, path, reason);
        }
    }

    /// <summary>Writes a new answer to disk; the file's time says when the broker last confirmed it, so that a restart knows its age.</summary>
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
            _logger.LogError("The {Feed} feed cannot keep its last good answer in {Path}: {Reason}", _options.Name, path, e.Message);
        }
    }

    private void ReportFailure(FeedFailureException failure, TimeSpan pause)
    {
        _metrics.RecordFailure(failure);
        var age = _current is { } snapshot ? $"the answer of {snapshot.FetchedAt:O} stays in use" : "there is no answer yet";
        _logger.LogWarning(
            "The {Feed} feed failed ({Reason}): {Message} Next try in {Pause:F1} s; {Age}.",
            _options.Name,
            failure.ReasonLabel,
            failure.Message,
            pause.TotalSeconds,
            age
        );
    }
}
