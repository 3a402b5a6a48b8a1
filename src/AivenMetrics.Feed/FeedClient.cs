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
/// <threadsafety>All members may be used from any thread; <see cref="Run(CancellationToken)"/> once.</threadsafety>
public sealed class FeedClient<T>
    where T : class
{
    private readonly FeedClientOptions<T> options;
    private readonly FeedRequest<T> request;
    private readonly FeedMetrics metrics;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private byte[] digest = [];
    private Action<FeedSnapshot<T>> apply = _ => { };
    private string? entityTag;
    private volatile FeedSnapshot<T>? current;
    private volatile TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Makes a client that does nothing until <see cref="Run(CancellationToken)"/>.</summary>
    /// <param name="http">Carries the requests; it must not time out before the longest wait (see <see cref="Feeds.CreateHttpClient"/>).</param>
    /// <param name="options">Which feed, and how to read it.</param>
    /// <param name="time">Clock of ages, pauses and timeouts.</param>
    /// <param name="logger">Hears of failures and recoveries.</param>
    /// <param name="meters">Makes the meter <c>AivenMetrics.Feed</c>.</param>
    public FeedClient(HttpClient http, FeedClientOptions<T> options, TimeProvider time, ILogger logger, IMeterFactory meters)
    {
        this.options = options;
        this.time = time;
        this.logger = logger;
        request = new(http, options, time);
        metrics = new(meters, options.Name, time, () => current?.FetchedAt);
    }

    /// <summary>The last good answer; null while there has never been one.</summary>
    public FeedSnapshot<T>? Current => current;

    /// <summary>Waits until there is an answer that the caller has not seen.</summary>
    /// <param name="seen">The snapshot that the caller acted on last; null: none.</param>
    /// <param name="cancellation">Ends the wait with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>The current snapshot, at once if it already differs from <paramref name="seen"/> in version.</returns>
    public async Task<FeedSnapshot<T>> WaitForChange(FeedSnapshot<T>? seen, CancellationToken cancellation)
    {
        while (true)
        {
            // The signal first: a change between the two reads then completes the very task that we wait for.
            var signal = changed.Task;
            if (current is { } snapshot && snapshot.Version != seen?.Version) return snapshot;
            await signal.WaitAsync(cancellation);
        }
    }

    /// <summary>
    /// Takes the last good answer from disk, before it returns its task, and then polls until it is cancelled. Never throws
    /// for a bad answer, a missing broker or a bad disk: they are logged, counted and tried again with growing, jittered pauses.
    /// </summary>
    /// <param name="cancellation">Ends it.</param>
    public Task Run(CancellationToken cancellation) => Run(_ => { }, cancellation);

    /// <summary>The same for a reader that applies each answer itself, before the next poll tells the broker so.</summary>
    /// <param name="apply">Called with each new answer, one after the other; it must not throw.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task Run(Action<FeedSnapshot<T>> apply, CancellationToken cancellation)
    {
        this.apply = apply;
        LoadLastGood();
        var failures = 0;
        while (!cancellation.IsCancellationRequested)
        {
            TimeSpan pause;
            try
            {
                pause = await Poll(cancellation);
                if (failures > 0) logger.LogInformation("The {Feed} feed answers again after {Failures} failures.", options.Name, failures);
                failures = 0;
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (FeedFailureException failure)
            {
                pause = Backoff(failures++, failure.RetryAfter);
                Report(failure, pause);
            }

            await Task.Delay(pause, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<TimeSpan> Poll(CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        var answer = await request.Send(entityTag, cancellation);
        var now = time.GetUtcNow();
        if (answer is null)
        {
            metrics.Good(changed: false);
            current = current! with { FetchedAt = now };
            Keep(null, now);
            // A proxy may strip the request to wait: then we are the ones who keep the pace.
            return time.GetElapsedTime(started) < options.Wait / 2 ? options.PollInterval : TimeSpan.Zero;
        }

        entityTag = answer.EntityTag;
        var newDigest = SHA256.HashData(answer.Body);
        var isNews = current is null || current.FromDisk || !newDigest.AsSpan().SequenceEqual(digest);
        metrics.Good(isNews);
        digest = newDigest;
        Keep(answer.Body, now);
        if (isNews) Publish(answer.Value, now, fromDisk: false);
        else current = current! with { FetchedAt = now };
        return isNews && entityTag is not null ? TimeSpan.Zero : options.PollInterval;
    }

    private void Publish(T value, DateTimeOffset at, bool fromDisk)
    {
        var news = new FeedSnapshot<T>(value, at, fromDisk, (current?.Version ?? 0) + 1);
        current = news;
        apply(news);
        var signal = changed;
        changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        signal.SetResult();
    }

    private TimeSpan Backoff(int failures, TimeSpan? retryAfter)
    {
        var grown = Math.Min(options.MaximumBackoff.TotalSeconds, options.MinimumBackoff.TotalSeconds * Math.Pow(2, Math.Min(failures, 30)));
        var jittered = TimeSpan.FromSeconds(grown * (0.5 + (options.Jitter() / 2)));
        return retryAfter is { } asked && asked > jittered ? asked : jittered;
    }

    private void LoadLastGood()
    {
        if (options.LastGoodFile is not { } path || !File.Exists(path)) return;
        try
        {
            var body = File.ReadAllBytes(path);
            var value = JsonSerializer.Deserialize(body, options.Type)
                ?? throw new FeedFailureException(FeedFailureReason.Disk, "it holds null.");
            if (options.Fault(value) is { } fault) throw new FeedFailureException(FeedFailureReason.Disk, fault);
            digest = SHA256.HashData(body);
            Publish(value, File.GetLastWriteTimeUtc(path), fromDisk: true);
            logger.LogInformation("The {Feed} feed starts from {Path}, last confirmed {At:O}.", options.Name, path, current!.FetchedAt);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or FeedFailureException)
        {
            var reason = e is JsonException json ? FeedRequest<T>.Describe(json) : e.Message;
            metrics.Failed(new(FeedFailureReason.Disk, reason));
            logger.LogError("The {Feed} feed ignores its last good file {Path}: {Reason}", options.Name, path, reason);
        }
    }

    /// <summary>Writes a new answer to disk; the file's time says when the broker last confirmed it, so that a restart knows its age.</summary>
    private void Keep(byte[]? body, DateTimeOffset now)
    {
        if (options.LastGoodFile is not { } path) return;
        try
        {
            if (body is not null) AtomicFile.WriteIfChanged(path, body, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            if (File.Exists(path)) File.SetLastWriteTimeUtc(path, now.UtcDateTime);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            metrics.Failed(new(FeedFailureReason.Disk, e.Message));
            logger.LogError("The {Feed} feed cannot keep its last good answer in {Path}: {Reason}", options.Name, path, e.Message);
        }
    }

    private void Report(FeedFailureException failure, TimeSpan pause)
    {
        metrics.Failed(failure);
        var age = current is { } snapshot ? $"the answer of {snapshot.FetchedAt:O} stays in use" : "there is no answer yet";
        logger.LogWarning("The {Feed} feed failed ({Reason}): {Message} Next try in {Pause:F1} s; {Age}.",
            options.Name, failure.Label, failure.Message, pause.TotalSeconds, age);
    }
}
