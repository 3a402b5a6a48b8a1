using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;

namespace AivenMetrics.Gateway.Destinations;

/// <summary>The health of a destination.</summary>
internal enum DestinationHealth
{
    /// <summary>No problem is known.</summary>
    Healthy,

    /// <summary>The destination responds, but others have newer samples.</summary>
    Stale,

    /// <summary>The destination reports that it is not ready.</summary>
    NotReady,

    /// <summary>The responses are not those of a query engine.</summary>
    Failing,

    /// <summary>The destination accepts no connection.</summary>
    Unreachable,

    /// <summary>The destination accepts requests and does not respond.</summary>
    Hung,
}

/// <summary>A Prometheus server: its address and its health.</summary>
/// <threadsafety>Every request reads it. Only <see cref="DestinationPool"/> writes the state that decides the order, one writer at a
/// time.</threadsafety>
internal sealed class Destination : IDisposable
{
    /// <summary>
    /// The number of consecutive failed requests, other than connection failures, that mark a destination as failing. One heavy query may
    /// cause fewer.
    /// </summary>
    private const int MaxConsecutiveFailures = 3;

    /// <summary>The rank of a destination that does not respond.</summary>
    public const int FailedRank = 2;

    private readonly ConcurrentDictionary<string, Uri> _resolved = new(StringComparer.Ordinal);
    private readonly TimeProvider _time;
    private volatile bool _usable;
    private volatile DestinationHealth _health;
    private volatile string _detail = "";
    private volatile bool _stale;
    private int _consecutiveFailures;
    private int _engineMismatch;
    private long _lastResponseAt;
    private long? _rankSince;
    private CancellationTokenSource _hungTokenSource = new();
    private volatile string? _version;
    private volatile SampleAge? _newestSample;
    private volatile SampleHistory _history = SampleHistory.Empty;

    public Destination(int number, string url, TimeProvider time)
    {
        _time = time;
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

    /// <summary>The name for clients, logs and metrics, such as <c>prometheus-1</c> for the preferred server.</summary>
    public string Name { get; }

    /// <summary>The base URL without user and password, for operators only.</summary>
    public string Url { get; }

    /// <summary>The basic authentication for this server, from the user and password in its URL; null if it has none.</summary>
    public AuthenticationHeaderValue? Authorization { get; }

    /// <summary>Whether the last contact succeeded.</summary>
    public bool IsUsable => _usable;

    /// <summary>Whether the last probe found that the destination does not respond.</summary>
    public bool IsHung => _health == DestinationHealth.Hung;

    /// <summary>The health.</summary>
    public DestinationHealth Health =>
        _health != DestinationHealth.Healthy ? _health
        : _stale ? DestinationHealth.Stale
        : DestinationHealth.Healthy;

    /// <summary>The detail of the last problem; empty if there is none.</summary>
    public string Detail => _detail;

    /// <summary>The rank for the order: 0 if healthy, 1 if stale, 2 if failed.</summary>
    public int Rank =>
        Health switch
        {
            DestinationHealth.Healthy => 0,
            DestinationHealth.Stale => 1,
            _ => FailedRank,
        };

    /// <summary>The version that the server last reported, such as <c>2.42.0</c>; null if it reported none.</summary>
    public string? Version => _version;

    /// <summary>The time of the last response, as a timestamp of the time provider.</summary>
    public long LastResponseAt => Volatile.Read(ref _lastResponseAt);

    /// <summary>The known gaps in the history of the samples.</summary>
    public SampleHistory History => _history;

    /// <summary>The times without samples, oldest first.</summary>
    public SampleGap[] Gaps => _history.Gaps;

    /// <summary>The age of the newest sample; null while it is unknown, the maximum value if there are no samples.</summary>
    public TimeSpan? NewestSampleAge =>
        _newestSample is not { } known ? null
        : known.Age is { } age ? age + _time.GetElapsedTime(known.At)
        : TimeSpan.MaxValue;

    /// <summary>
    /// Cancelled when a probe finds that the destination does not respond. Waiting requests then try the next destination.
    /// </summary>
    public CancellationToken HungToken => Volatile.Read(ref _hungTokenSource).Token;

    /// <summary>
    /// Returns the address of a configured URL without user, password and final slash. Scheme and host are in lower case. Operators may see
    /// the result.
    /// </summary>
    public static string BaseUrl(Uri configured) =>
        configured.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/');

    /// <summary>Returns the URL of a path and query. A path prefix of the base URL is kept.</summary>
    public Uri Resolve(string pathAndQuery)
    {
        // Paths without a query come from the route table. They are few, so that each URL is parsed once.
        if (pathAndQuery.Contains('?', StringComparison.Ordinal))
        {
            return new Uri(Url + pathAndQuery);
        }
        return _resolved.TryGetValue(pathAndQuery, out var url) ? url : _resolved.GetOrAdd(pathAndQuery, new Uri(Url + pathAndQuery));
    }

    /// <summary>Records the start of a response to a request: the destination does not hang.</summary>
    public void RecordResponseStart() => Volatile.Write(ref _lastResponseAt, _time.GetTimestamp());

    /// <summary>Records a successful request. Only probes restore the place in the order.</summary>
    public void RecordSuccess()
    {
        RecordResponseStart();
        if (!_usable)
        {
            _usable = true;
        }
        if (Volatile.Read(ref _consecutiveFailures) > 0)
        {
            Volatile.Write(ref _consecutiveFailures, 0);
        }
    }

    /// <summary>
    /// Counts a response that is not that of a query engine. Returns whether the destination now counts as failing: a single failure may be
    /// caused by a query that is too heavy for a proxy on the way.
    /// </summary>
    public bool CountFailure() => Interlocked.Increment(ref _consecutiveFailures) >= MaxConsecutiveFailures;

    /// <summary>The time since the rank last changed; the maximum value if it never did.</summary>
    public TimeSpan TimeAtRank => _rankSince is { } since ? _time.GetElapsedTime(since) : TimeSpan.MaxValue;

    /// <summary>Updates the health after a contact.</summary>
    public void UpdateHealth(DestinationHealth reportedHealth, string reportedDetail)
    {
        var before = Rank;
        _detail = reportedDetail;
        _health = reportedHealth;
        _usable = reportedHealth == DestinationHealth.Healthy;
        Volatile.Write(ref _consecutiveFailures, 0);
        RecordRankChange(before);
    }

    /// <summary>Updates the age of the newest sample; null if there are no samples.</summary>
    public void UpdateSampleAge(TimeSpan? age, bool isStale)
    {
        var before = Rank;
        _newestSample = new SampleAge(age, _time.GetTimestamp());
        _stale = isStale;
        RecordRankChange(before);
    }

    /// <summary>Cancels all requests that wait for this destination.</summary>
    public void CancelWaitingRequests() => Interlocked.Exchange(ref _hungTokenSource, new CancellationTokenSource()).Cancel();

    /// <summary>Sets the reported version.</summary>
    public void SetVersion(string reportedVersion) => _version = reportedVersion;

    /// <summary>
    /// Records that the server reported another engine than the configured one. Returns whether this is the first time.
    /// </summary>
    public bool TryMarkEngineMismatch() => Interlocked.Exchange(ref _engineMismatch, 1) == 0;

    /// <summary>Sets the known gaps.</summary>
    public void SetHistory(SampleHistory known) => _history = known;

    public void Dispose() => _hungTokenSource.Dispose();

    private void RecordRankChange(int before)
    {
        if (Rank != before)
        {
            _rankSince = _time.GetTimestamp();
        }
    }
}
