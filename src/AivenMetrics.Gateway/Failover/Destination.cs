using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;

namespace AivenMetrics.Gateway.Failover;

/// <summary>One Prometheus: where it is, and what the last contacts with it said.</summary>
/// <threadsafety>Written by every request and by the prober; each field stands for itself.</threadsafety>
internal sealed class Destination : IDisposable
{
    private readonly string baseUrl;
    private readonly ConcurrentDictionary<string, Uri> resolved = new(StringComparer.Ordinal);
    private readonly TimeProvider time;
    private long failedAt;
    private volatile bool demoted;
    private volatile bool usable;
    private CancellationTokenSource lost = new();
    private volatile string? version;

    public Destination(int number, string url, TimeProvider time)
    {
        this.time = time;
        var given = new Uri(url);
        Name = $"prometheus-{number}";
        baseUrl = given.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/');
        if (given.UserInfo.Length > 0)
        {
            var parts = given.UserInfo.Split(':', 2);
            var userAndPassword = $"{Uri.UnescapeDataString(parts[0])}:{Uri.UnescapeDataString(parts.ElementAtOrDefault(1) ?? "")}";
            Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(userAndPassword)));
        }
    }

    /// <summary>The name that clients, logs and metrics see: <c>prometheus-1</c> for the usual one.</summary>
    public string Name { get; }

    /// <summary>Basic authentication for this Prometheus, from the user and password of its URL; null without.</summary>
    public AuthenticationHeaderValue? Authorization { get; }

    /// <summary>The last contact was good.</summary>
    public bool IsUsable => usable;

    /// <summary>Failed lately, and so is tried after those that did not.</summary>
    public bool IsDemoted => demoted;

    /// <summary>The version it last said to have, such as <c>2.42.0</c>; null if it never did.</summary>
    public string? Version => version;

    /// <summary>The whole URL of a path and query of the query API; a path prefix of the base URL is kept.</summary>
    public Uri Resolve(string pathAndQuery)
    {
        // A path without a query is one of the table of routes: parsing each once is enough, and they are few.
        if (pathAndQuery.Contains('?', StringComparison.Ordinal))
            return new Uri(baseUrl + pathAndQuery);
        return resolved.TryGetValue(pathAndQuery, out var url) ? url : resolved.GetOrAdd(pathAndQuery, new Uri(baseUrl + pathAndQuery));
    }

    /// <summary>Cancelled when a probe finds that the destination does not answer: who waits for it asks the next one.</summary>
    public CancellationToken Lost => Volatile.Read(ref lost).Token;

    /// <summary>A client's request was answered. The place in the order is only given back by <see cref="Probed"/>.</summary>
    public void Answered() => usable = true;

    /// <summary>A request or probe failed.</summary>
    public void Failed()
    {
        Volatile.Write(ref failedAt, time.GetTimestamp());
        usable = false;
        demoted = true;
    }

    /// <summary>A probe failed: unlike a request, which may be heavy, it is answered at once by a server that lives.</summary>
    public void ProbeFailed()
    {
        Failed();
        Interlocked.Exchange(ref lost, new CancellationTokenSource()).Cancel();
    }

    /// <summary>A probe was answered. Returns true if this gives the destination its place back.</summary>
    public bool Probed(string? saidVersion)
    {
        usable = true;
        version = saidVersion ?? version;
        if (!demoted || time.GetElapsedTime(Volatile.Read(ref failedAt)) < Destinations.ReturnAfter)
            return false;
        demoted = false;
        return true;
    }

    public void Dispose() => lost.Dispose();
}
