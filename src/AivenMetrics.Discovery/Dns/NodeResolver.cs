using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Discovery.Dns;

/// <summary>
/// Resolves the addresses of all hosts and keeps the last good ones. After a failed query the last addresses remain without limit. A host
/// is removed only after DNS has reported only "no such host" for the hold time.
/// </summary>
/// <param name="lookUp">Sends one DNS query.</param>
/// <param name="hold">Time for which DNS must report "no such host" before a known host is removed.</param>
internal sealed class NodeResolver(
    Func<string, CancellationToken, Task<DnsLookupResult>> lookUp,
    TimeSpan hold,
    TimeProvider time,
    ILogger<NodeResolver> logger,
    DiscoveryMetrics metrics
)
{
    private const int MaxParallelLookups = 32;

    private readonly ConcurrentDictionary<string, KnownHost> _known = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Loads the addresses of the last run. Call it before the first <see cref="ResolveAsync"/>.</summary>
    public void Restore(string host, IReadOnlyList<string> addresses)
    {
        if (addresses.Count > 0)
        {
            _known[host] = new(DnsLookupResult.SortAddresses(addresses), null);
        }
    }

    /// <summary>Queries each host once, with at most 32 queries at a time, and forgets all other hosts.</summary>
    /// <returns>
    /// The addresses of each host in numerical order; empty if DNS reports that it has none. Hosts without any DNS response so far are
    /// missing.
    /// </returns>
    public async Task<IReadOnlyDictionary<string, IReadOnlyList<string>>> ResolveAsync(
        IEnumerable<string> hosts,
        CancellationToken cancellationToken
    )
    {
        var requested = hosts.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var failures = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        foreach (var host in _known.Keys.Where(host => !requested.Contains(host)))
        {
            _known.TryRemove(host, out _);
        }
        await Parallel.ForEachAsync(
            requested,
            new ParallelOptions { MaxDegreeOfParallelism = MaxParallelLookups, CancellationToken = cancellationToken },
            async (host, token) =>
            {
                var lookup = await lookUp(host, token);
                Update(host, lookup);
                if (lookup.Outcome == DnsLookupOutcome.Resolved)
                {
                    return;
                }
                metrics.RecordDnsFailure(lookup.Reason);
                failures[host] = lookup.Reason;
            }
        );
        if (!failures.IsEmpty)
        {
            var (host, reason) = failures.MinBy(failure => failure.Key, StringComparer.Ordinal);
            logger.LookupsFailed(failures.Count, requested.Count, host, reason);
        }

        return _known.ToDictionary(host => host.Key, host => host.Value.Addresses, StringComparer.OrdinalIgnoreCase);
    }

    private void Update(string host, DnsLookupResult lookup)
    {
        var before = _known.GetValueOrDefault(host);
        switch (lookup.Outcome)
        {
            case DnsLookupOutcome.Resolved:
                _known[host] = new(lookup.Addresses, null);
                break;
            case DnsLookupOutcome.NotFound when before is null || before.Addresses.Count == 0:
                _known[host] = new([], null);
                break;
            case DnsLookupOutcome.NotFound:
                var since = before.NotFoundSince ?? time.GetUtcNow();
                var isGone = time.GetUtcNow() - since >= hold;
                if (isGone)
                {
                    logger.HostRemoved(host, since);
                }
                _known[host] = isGone ? new([], null) : before with { NotFoundSince = since };
                break;
            default:
                if (before is not null)
                {
                    _known[host] = before with { NotFoundSince = null };
                }
                break;
        }
    }

    private sealed record KnownHost(IReadOnlyList<string> Addresses, DateTimeOffset? NotFoundSince);
}
