using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Discovery.Dns;

/// <summary>
/// Knows the addresses of every host, and forgets none because DNS had a bad moment: a failed look-up keeps the last good
/// addresses for ever, and "no such host" is believed only when it is all that DNS has said for the hold time.
/// </summary>
/// <param name="ask">One DNS question.</param>
/// <param name="hold">How long "no such host" must last before a known host is gone.</param>
internal sealed class NodeResolver(
    Func<string, CancellationToken, Task<DnsLookupResult>> ask,
    TimeSpan hold,
    TimeProvider time,
    ILogger<NodeResolver> logger,
    DiscoveryMetrics metrics
)
{
    private const int MaxParallelLookups = 32;

    private readonly ConcurrentDictionary<string, KnownHost> _known = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Takes the addresses of the last run, before the first <see cref="ResolveAsync"/>.</summary>
    public void Restore(string host, IReadOnlyList<string> addresses)
    {
        if (addresses.Count > 0)
        {
            _known[host] = new(DnsLookupResult.SortAddresses(addresses), null);
        }
    }

    /// <summary>Asks for each host once, a bounded number at a time.</summary>
    /// <returns>
    /// The addresses of each host, in numerical order; empty when it is known to have none. A host that DNS has never said
    /// anything about is missing. Other hosts are forgotten.
    /// </returns>
    public async Task<IReadOnlyDictionary<string, IReadOnlyList<string>>> ResolveAsync(
        IEnumerable<string> hosts,
        CancellationToken cancellationToken
    )
    {
        var asked = hosts.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var troubles = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        foreach (var host in _known.Keys.Where(host => !asked.Contains(host)))
        {
            _known.TryRemove(host, out _);
        }
        await Parallel.ForEachAsync(
            asked,
            new ParallelOptions { MaxDegreeOfParallelism = MaxParallelLookups, CancellationToken = cancellationToken },
            async (host, token) =>
            {
                var lookup = await ask(host, token);
                Update(host, lookup);
                if (lookup.Outcome == DnsLookupOutcome.Resolved)
                {
                    return;
                }
                metrics.RecordDnsFailure(lookup.Reason);
                troubles[host] = lookup.Reason;
            }
        );
        if (!troubles.IsEmpty)
        {
            var (host, reason) = troubles.MinBy(trouble => trouble.Key, StringComparer.Ordinal);
            logger.LogWarning(
                "DNS had no address for {Count} of {All} hosts, among them {Host} ({Reason}); their last addresses stay in use.",
                troubles.Count,
                asked.Count,
                host,
                reason
            );
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
                    logger.LogWarning("DNS has said since {Since:O} that {Host} has no address: it is gone.", since, host);
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
