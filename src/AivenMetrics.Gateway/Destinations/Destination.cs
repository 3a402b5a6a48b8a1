using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;

namespace AivenMetrics.Gateway.Destinations;

/// <summary>What is wrong with a destination.</summary>
internal enum DestinationHealth
{
    /// <summary>Nothing that is known.</summary>
    Healthy,

    /// <summary>It answers, but others have newer samples.</summary>
    Stale,

    /// <summary>It says that it is not ready.</summary>
    NotReady,

    /// <summary>What comes from there is no answer of a query engine.</summary>
    Failing,

    /// <summary>No connection.</summary>
    Unreachable,

    /// <summary>It takes requests and answers none; waiting for it is in vain.</summary>
    Hung,
}

/// <summary>One Prometheus: where it is, and what the last contacts with it said.</summary>
/// <threadsafety>Read by every request. What decides on the order is written by <see cref="DestinationPool"/> only, one writer at a time.</threadsafety>
internal sealed class Destination : IDisposable
{
    /// <summary>So many failures of requests in a row, none of them for want of a connection, are not the fault of one heavy query.</summary>
    private const int MaxConsecutiveFailures = 3;

    /// <summary>The rank of one that does not answer.</summary>
    public const int FailedRank = 2;

    private readonly ConcurrentDictionary<string, Uri> _resolved = new(StringComparer.Ordinal);
    private readonly TimeProvider _time;
    private volatile bool _usable;
    private volatile DestinationHealth _contact;
    private volatile string _detail = "";
    private volatile bool _stale;
    private int _strikes;
    private int _otherEngine;
    private long _answeredAt;
    private long? _rankSince;
    private CancellationTokenSource _lost = new();
    private volatile string? _version;
    private volatile SampleAge? _newest;
    private volatile SampleHistory _history = SampleHistory.Empty;

    public Destination(int number, string url, TimeProvider time)
    {
        this._time = time;
        var given = new Uri(url);
        Name = $"prometheus-{number}";
        Url = BaseUrl(given);
        if (given.UserInfo.Length > 0)
        {
            var parts = given.UserInfo.Split(':', 2);
            var userAndPassword = $"{Uri.UnescapeDataString(parts[0])}:{Uri.UnescapeDataString(parts.ElementAtOrDefault(1) ?? "")}";
            Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(userAndPassword)));
        }
    }

    private sealed record SampleAge(TimeSpan? Age, long At);

    /// <summary>The name that clients, logs and metrics see: <c>prometheus-1</c> for the usual one.</summary>
    public string Name { get; }

    /// <summary>Its base URL without user and password, for operators only.</summary>
    public string Url { get; }

    /// <summary>Basic authentication for this Prometheus, from the user and password of its URL; null without.</summary>
    public AuthenticationHeaderValue? Authorization { get; }

    /// <summary>The last contact was good.</summary>
    public bool IsUsable => _usable;

    /// <summary>Asking it would be waiting in vain, as far as the last probe knows.</summary>
    public bool IsHung => _contact == DestinationHealth.Hung;

    /// <summary>What is wrong with it.</summary>
    public DestinationHealth Health =>
        _contact != DestinationHealth.Healthy ? _contact
        : _stale ? DestinationHealth.Stale
        : DestinationHealth.Healthy;

    /// <summary>What the last contact said of the trouble; empty without.</summary>
    public string Detail => _detail;

    /// <summary>How well it is, for the order: 0 is well, 1 is stale, 2 has failed.</summary>
    public int Rank =>
        Health switch
        {
            DestinationHealth.Healthy => 0,
            DestinationHealth.Stale => 1,
            _ => FailedRank,
        };

    /// <summary>The version it last said to have, such as <c>2.42.0</c>; null if it never did.</summary>
    public string? Version => _version;

    /// <summary>When it last answered anything, as a timestamp of the time provider.</summary>
    public long LastResponseAt => Volatile.Read(ref _answeredAt);

    /// <summary>For which times it has samples, as far as is known.</summary>
    public SampleHistory History => _history;

    /// <summary>The times for which it is known to have no samples, oldest first.</summary>
    public SampleGap[] Gaps => _history.Gaps;

    /// <summary>The age of its newest sample; null while that is not known, the largest value if it has none.</summary>
    public TimeSpan? NewestSampleAge =>
        _newest is not { } known ? null
        : known.Age is { } age ? age + _time.GetElapsedTime(known.At)
        : TimeSpan.MaxValue;

    /// <summary>Cancelled when a probe finds that the destination does not answer: who waits for it asks the next one.</summary>
    public CancellationToken HungToken => Volatile.Read(ref _lost).Token;

    /// <summary>
    /// What a configured URL says about where the server is: without user and password, so it may be shown to operators, without a slash
    /// at its end, and with scheme and host in small letters.
    /// </summary>
    public static string BaseUrl(Uri configured) =>
        configured.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/');

    /// <summary>The whole URL of a path and query of the query API; a path prefix of the base URL is kept.</summary>
    public Uri Resolve(string pathAndQuery)
    {
        // A path without a query is one of the table of routes: parsing each once is enough, and they are few.
        if (pathAndQuery.Contains('?', StringComparison.Ordinal))
        {
            return new Uri(Url + pathAndQuery);
        }
        return _resolved.TryGetValue(pathAndQuery, out var url) ? url : _resolved.GetOrAdd(pathAndQuery, new Uri(Url + pathAndQuery));
    }

    /// <summary>An answer to a client's request has begun: it does not hang.</summary>
    public void RecordResponseStart() => Volatile.Write(ref _answeredAt, _time.GetTimestamp());

    /// <summary>A client's request was answered. The place in the order is only given back by probes.</summary>
    public void RecordSuccess()
    {
        RecordResponseStart();
        if (!_usable)
        {
            _usable = true;
        }
        if (Volatile.Read(ref _strikes) > 0)
        {
            Volatile.Write(ref _strikes, 0);
        }
    }

    /// <summary>
    /// A request got something else than an answer of a query engine. Returns whether that is enough to call the destination failing:
    /// one such request may have been the cause, as a query that is too heavy for a proxy on the way.
    /// </summary>
    public bool CountFailure() => Interlocked.Increment(ref _strikes) >= MaxConsecutiveFailures;

    /// <summary>How long the rank is what it is; the largest value if it never was another.</summary>
    public TimeSpan TimeAtRank => _rankSince is { } since ? _time.GetElapsedTime(since) : TimeSpan.MaxValue;

    /// <summary>Takes over what a contact said.</summary>
    public void UpdateHealth(DestinationHealth said, string itsDetail)
    {
        var before = Rank;
        _detail = itsDetail;
        _contact = said;
        _usable = said == DestinationHealth.Healthy;
        Volatile.Write(ref _strikes, 0);
        RecordRankChange(before);
    }

    /// <summary>Takes over how old the newest sample is, null if there is none.</summary>
    public void UpdateSampleAge(TimeSpan? age, bool isStale)
    {
        var before = Rank;
        _newest = new SampleAge(age, _time.GetTimestamp());
        _stale = isStale;
        RecordRankChange(before);
    }

    /// <summary>Tells all who wait for it not to wait any longer.</summary>
    public void CancelWaitingRequests() => Interlocked.Exchange(ref _lost, new CancellationTokenSource()).Cancel();

    /// <summary>It said its version.</summary>
    public void SetVersion(string itsVersion) => _version = itsVersion;

    /// <summary>It said to be of another engine than the configured one. Returns whether that is news.</summary>
    public bool TryMarkEngineMismatch() => Interlocked.Exchange(ref _otherEngine, 1) == 0;

    /// <summary>Its holes are known anew.</summary>
    public void SetHistory(SampleHistory known) => _history = known;

    public void Dispose() => _lost.Dispose();

    private void RecordRankChange(int before)
    {
        if (Rank != before)
        {
            _rankSince = _time.GetTimestamp();
        }
    }
}
