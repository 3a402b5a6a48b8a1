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
internal sealed class FeedSource<T>(Func<CancellationToken, Task<T>> read, JsonTypeInfo<T> type, StateSignals signals, TimeProvider time) : IDisposable
{
    /// <summary>How old a reading may be when nothing was signalled.</summary>
    private static readonly TimeSpan Check = TimeSpan.FromSeconds(1.5);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private Reading? _last;

    /// <summary>The feed as it is, or as soon as it differs from <paramref name="known"/>, or after <paramref name="wait"/>.</summary>
    /// <param name="known">True for the tag of the version that the reader has.</param>
    /// <returns>The newest version, which may still be the known one.</returns>
    public async Task<FeedVersion> Next(Func<string, bool> known, TimeSpan wait, CancellationToken ct)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            var reading = await Read(ct);
            var rest = wait - time.GetElapsedTime(began);
            if (rest <= TimeSpan.Zero || !known(reading.Version.ETag)) return reading.Version;
            await Change(reading, rest < Check ? rest : Check, ct);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    private async Task Change(Reading since, TimeSpan atMost, CancellationToken ct)
    {
        using var first = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var result = signals.Result.Wait(since.Result, atMost, first.Token);
        var intent = signals.Intent.Wait(since.Intent, atMost, first.Token);
        await Task.WhenAny(result, intent);
        await first.CancelAsync();
        await Task.WhenAll(result, intent).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ct.ThrowIfCancellationRequested();
    }

    private async Task<Reading> Read(CancellationToken ct)
    {
        await _gate.WaitAsync(ct);
        try
        {
            // The counters are read before the database, so that no change in between is missed.
            var (result, intent) = (signals.Result.Version, signals.Intent.Version);
            if (_last is { } last && last.Result == result && last.Intent == intent && time.GetElapsedTime(last.At) < Check) return last;
            var at = time.GetTimestamp();
            var json = JsonSerializer.SerializeToUtf8Bytes(await read(ct), type);
            var tag = $"\"{Base64Url.EncodeToString(SHA256.HashData(json).AsSpan(0, 18))}\"";
            return _last = new(new(json, tag), result, intent, at);
        }
        finally
        {
            _gate.Release();
        }
    }

    private sealed record Reading(FeedVersion Version, long Result, long Intent, long At);
}
