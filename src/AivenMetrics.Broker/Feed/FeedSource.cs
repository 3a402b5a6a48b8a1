using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Feed;

/// <summary>A version of a feed.</summary>
/// <param name="Json">Body of the response.</param>
/// <param name="ETag">Strong entity tag of the body, with quotes.</param>
internal sealed record FeedVersion(byte[] Json, string ETag);

/// <summary>
/// Serves a feed to any number of waiting readers. The database is read after a signal, and periodically for changes by other brokers; all
/// readers share the result.
/// </summary>
/// <param name="read">Reads the feed from the database.</param>
/// <param name="clock">Returns the clock of the database in microseconds; called before each read.</param>
/// <param name="type">JSON type of the feed.</param>
/// <param name="signals">Signals that announce changes.</param>
/// <param name="time">The clock for ages and waits.</param>
internal sealed class FeedSource<T>(
    Func<CancellationToken, Task<T>> read,
    Func<CancellationToken, Task<long>> clock,
    JsonTypeInfo<T> type,
    StateSignalSet signals,
    TimeProvider time
) : IDisposable
{
    // Readers are at most a few versions behind.
    private const int MaximumRecentVersions = 256;

    /// <summary>Maximum age of a version when no change was signaled.</summary>
    private static readonly TimeSpan MaximumAge = TimeSpan.FromSeconds(1.5);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Lock _recentLock = new();
    private readonly List<(string Tag, long AsOf)> _recent = [];
    private CachedVersion? _last;

    /// <summary>
    /// Returns the current version: immediately if it differs from the known one, otherwise at the next change or after
    /// <paramref name="wait"/>.
    /// </summary>
    /// <param name="isKnown">Returns true for the entity tag of the reader's version.</param>
    /// <param name="wait">Maximum time to wait.</param>
    /// <param name="asOf">
    /// Called initially and after each read with the database time at which the reader's version was current; null if unknown.
    /// </param>
    /// <param name="cancellationToken">Canceled when the reader disconnects.</param>
    /// <returns>The current version. It may still be the known one.</returns>
    public async Task<FeedVersion> WaitForVersionAsync(
        Func<string, bool> isKnown,
        TimeSpan wait,
        Func<long?, Task> asOf,
        CancellationToken cancellationToken
    )
    {
        var began = time.GetTimestamp();
        while (true)
        {
            var reading = await ReadAsync(cancellationToken);
            await asOf(FindReadTime(isKnown));
            var rest = wait - time.GetElapsedTime(began);
            if (rest <= TimeSpan.Zero || !isKnown(reading.Version.ETag))
            {
                return reading.Version;
            }
            await signals.WaitAsync(reading.Signals, rest < MaximumAge ? rest : MaximumAge, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    private long? FindReadTime(Func<string, bool> known)
    {
        lock (_recentLock)
        {
            // The newest version first: most readers have it.
            for (var i = _recent.Count - 1; i >= 0; i--)
            {
                if (known(_recent[i].Tag))
                {
                    return _recent[i].AsOf;
                }
            }
            return null;
        }
    }

    private async Task<CachedVersion> ReadAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            // Signal counters and clock are read before the database, so that no change in between is missed.
            var seen = signals.Versions;
            if (_last is { } last && last.Signals.SequenceEqual(seen) && time.GetElapsedTime(last.At) < MaximumAge)
            {
                return last;
            }
            var at = time.GetTimestamp();
            var asOf = await clock(cancellationToken);
            var json = JsonSerializer.SerializeToUtf8Bytes(await read(cancellationToken), type);
            var tag = $"\"{Base64Url.EncodeToString(SHA256.HashData(json).AsSpan(0, 18))}\"";
            RememberVersion(tag, asOf);
            return _last = new(new(json, tag), seen, at);
        }
        finally
        {
            _gate.Release();
        }
    }

    private void RememberVersion(string tag, long asOf)
    {
        lock (_recentLock)
        {
            _recent.RemoveAll(version => version.Tag == tag);
            _recent.Add((tag, asOf));
            if (_recent.Count > MaximumRecentVersions)
            {
                _recent.RemoveAt(0);
            }
        }
    }

    private sealed record CachedVersion(FeedVersion Version, IReadOnlyList<long> Signals, long At);
}
