using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;

namespace AivenMetrics.Gateway.Failover;

/// <summary>What is wrong with a destination.</summary>
internal enum Trouble
{
    /// <summary>Nothing that is known.</summary>
    None,

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
/// <threadsafety>Read by every request. What decides on the order is written by <see cref="Destinations"/> only, one writer at a time.</threadsafety>
internal sealed class Destination : IDisposable
{
    /// <summary>So many failures of requests in a row, none of them for want of a connection, are not the fault of one heavy query.</summary>
    private const int StrikesMax = 3;

    /// <summary>The rank of one that does not answer.</summary>
    public const int FailedRank = 2;

    private readonly ConcurrentDictionary<string, Uri> resolved = new(StringComparer.Ordinal);
    private readonly TimeProvider time;
    private volatile bool usable;
    private volatile Trouble contact;
    private volatile string detail = "";
    private volatile bool stale;
    private int strikes;
    private int otherEngine;
    private long answeredAt;
    private long? rankSince;
    private CancellationTokenSource lost = new();
    private volatile string? version;
    private volatile SampleAge? newest;
    private volatile History history = History.None;

    public Destination(int number, string url, TimeProvider time)
    {
        this.time = time;
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
    public bool IsUsable => usable;

    /// <summary>Asking it would be waiting in vain, as far as the last probe knows.</summary>
    public bool IsHung => contact == Trouble.Hung;

    /// <summary>What is wrong with it.</summary>
    public Trouble Trouble => contact != Trouble.None ? contact : stale ? Trouble.Stale : Trouble.None;

    /// <summary>What the last contact said of the trouble; empty without.</summary>
    public string Detail => detail;

    /// <summary>How well it is, for the order: 0 is well, 1 is stale, 2 has failed.</summary>
    public int Rank => Trouble switch
    {
        Trouble.None => 0,
        Trouble.Stale => 1,
        _ => FailedRank,
    };

    /// <summary>The version it last said to have, such as <c>2.42.0</c>; null if it never did.</summary>
    public string? Version => version;

    /// <summary>When it last answered anything, as a timestamp of the time provider.</summary>
    public long AnsweredAt => Volatile.Read(ref answeredAt);

    /// <summary>For which times it has samples, as far as is known.</summary>
    public History History => history;

    /// <summary>The times for which it is known to have no samples, oldest first.</summary>
    public Gap[] Gaps => history.Gaps;

    /// <summary>The age of its newest sample; null while that is not known, the largest value if it has none.</summary>
    public TimeSpan? NewestSampleAge => newest is not { } known ? null : known.Age is { } age ? age + time.GetElapsedTime(known.At) : TimeSpan.MaxValue;

    /// <summary>Cancelled when a probe finds that the destination does not answer: who waits for it asks the next one.</summary>
    public CancellationToken Lost => Volatile.Read(ref lost).Token;

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
            return new Uri(Url + pathAndQuery);
        return resolved.TryGetValue(pathAndQuery, out var url) ? url : resolved.GetOrAdd(pathAndQuery, new Uri(Url + pathAndQuery));
    }

    /// <summary>An answer to a client's request has begun: it does not hang.</summary>
    public void Began() => Volatile.Write(ref answeredAt, time.GetTimestamp());

    /// <summary>A client's request was answered. The place in the order is only given back by probes.</summary>
    public void Answered()
    {
        Began();
        if (!usable)
            usable = true;
        if (Volatile.Read(ref strikes) > 0)
            Volatile.Write(ref strikes, 0);
    }

    /// <summary>
    /// A request got something else than an answer of a query engine. Returns whether that is enough to call the destination failing:
    /// one such request may have been the cause, as a query that is too heavy for a proxy on the way.
    /// </summary>
    public bool Strike() => Interlocked.Increment(ref strikes) >= StrikesMax;

    /// <summary>How long the rank is what it is; the largest value if it never was another.</summary>
    public TimeSpan RankedFor => rankSince is { } since ? time.GetElapsedTime(since) : TimeSpan.MaxValue;

    /// <summary>Takes over what a contact said.</summary>
    public void Contacted(Trouble said, string itsDetail)
    {
        var before = Rank;
        detail = itsDetail;
        contact = said;
        usable = said == Trouble.None;
        Volatile.Write(ref strikes, 0);
        RememberChange(before);
    }

    /// <summary>Takes over how old the newest sample is, null if there is none.</summary>
    public void Sampled(TimeSpan? age, bool isStale)
    {
        var before = Rank;
        newest = new SampleAge(age, time.GetTimestamp());
        stale = isStale;
        RememberChange(before);
    }

    /// <summary>Tells all who wait for it not to wait any longer.</summary>
    public void GiveUp() => Interlocked.Exchange(ref lost, new CancellationTokenSource()).Cancel();

    /// <summary>It said its version.</summary>
    public void Said(string itsVersion) => version = itsVersion;

    /// <summary>It said to be of another engine than the configured one. Returns whether that is news.</summary>
    public bool FirstOfOtherEngine() => Interlocked.Exchange(ref otherEngine, 1) == 0;

    /// <summary>Its holes are known anew.</summary>
    public void Learnt(History known) => history = known;

    public void Dispose() => lost.Dispose();

    private void RememberChange(int before)
    {
        if (Rank != before)
            rankSince = time.GetTimestamp();
    }
}
