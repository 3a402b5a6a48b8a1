using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Feed;

/// <summary>One version of a feed.</summary>
/// <param name="Json">The bytes of the answer.</param>
/// <param name="ETag">Strong entity tag of the bytes, with its quotes.</param>
internal sealed record FeedVersion(byte[] Json, string ETag);

/// <summary>
/// A feed for any number of waiting readers: the database is read when a signal says so, or once in a while for changes made
/// by other brokers, and all readers share that one reading.
/// </summary>
/// <param name="read">Reads the feed from the database.</param>
/// <param name="clock">The database's clock in microseconds, asked before each reading.</param>
/// <param name="type">How it is written.</param>
/// <param name="signals">What asks for a new reading.</param>
/// <param name="time">Ages of readings, and waits.</param>
internal sealed class FeedSource<T>(
    Func<CancellationToken, Task<T>> read,
    Func<CancellationToken, Task<long>> clock,
    JsonTypeInfo<T> type,
    StateSignalSet signals,
    TimeProvider time
) : IDisposable
{
    // A reader is at most a few versions behind, however fast they come.
    private const int MaximumRecentVersions = 256;

    /// <summary>How old a reading may be when nothing was signalled.</summary>
    private static readonly TimeSpan MaximumAge = TimeSpan.FromSeconds(1.5);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Lock _recentLock = new();
    private readonly List<(string Tag, long AsOf)> _recent = [];
    private CachedVersion? _last;

    /// <summary>The feed as it is, or as soon as it differs from <paramref name="isKnown"/>, or after <paramref name="wait"/>.</summary>
    /// <param name="isKnown">True for the tag of the version that the reader has.</param>
    /// <param name="wait">How long at most.</param>
    /// <param name="asOf">
    /// Told at once and after each reading as of which time of the database the reader's version is right; null: unknown here.
    /// </param>
    /// <param name="cancellationToken">The reader has gone.</param>
    /// <returns>The newest version, which may still be the known one.</returns>
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
            // The newest first: that is the one that most readers have.
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
            // The counters are read before the database, so that no change in between is missed; so is its clock.
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
