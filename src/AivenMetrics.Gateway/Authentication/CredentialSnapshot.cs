using System.Collections.Frozen;
using AivenMetrics.Feed;
using AivenMetrics.PromQL;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Gateway.Authentication;

/// <summary>Who may query, at one moment. Never changed: a newer one takes its place whole, so no request sees half of a change.</summary>
internal sealed class CredentialSnapshot
{
    private readonly FrozenDictionary<string, Credential>.AlternateLookup<ReadOnlySpan<char>> _byUsername;

    private CredentialSnapshot(FrozenDictionary<string, Credential> credentials, IReadOnlyList<string> warnings)
    {
        Count = credentials.Count;
        Warnings = warnings;
        _byUsername = credentials.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>How many credentials there are.</summary>
    public int Count { get; }

    /// <summary>Credentials that are known but see nothing, each with the reason, without secrets.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>The credential of that name, or null.</summary>
    public Credential? Find(ReadOnlySpan<char> username) => _byUsername.TryGetValue(username, out var credential) ? credential : null;

    /// <summary>
    /// Turns a feed's answer or a file's content into a snapshot. With a <paramref name="error"/> there is none: a list that is wrong
    /// in one place is not trusted in the others. A credential whose matchers are well formed but no scope stays, and sees nothing.
    /// </summary>
    /// <param name="feed">What was read.</param>
    /// <param name="previous">The snapshot before it, if any: of ten thousand credentials only those that changed are made anew.</param>
    /// <param name="error">What is wrong with <paramref name="feed"/>; null if nothing.</param>
    public static CredentialSnapshot? Create(CredentialFeed feed, CredentialSnapshot? previous, out string? error)
    {
        error = FeedValidator.Validate(feed);
        if (error is not null)
        {
            return null;
        }

        var warnings = new List<string>();
        var credentials = new Dictionary<string, Credential>(feed.Credentials.Count, StringComparer.Ordinal);
        var firstOfScope = new Dictionary<(string Selector, string Plan), Credential>();
        foreach (var tenant in feed.Credentials)
        {
            var credential =
                previous?.Find(tenant.Username) is { } known && IsUnchanged(known, tenant)
                    ? known
                    : CreateCredential(tenant, firstOfScope, warnings);
            firstOfScope.TryAdd((credential.ScopeSelector, credential.Plan), credential);
            credentials.Add(credential.Username, credential);
        }

        return new CredentialSnapshot(credentials.ToFrozenDictionary(StringComparer.Ordinal), warnings);
    }

    /// <summary>A space has many credentials: those of one scope and plan share what is made of them.</summary>
    private static Credential CreateCredential(
        TenantCredential tenant,
        Dictionary<(string Selector, string Plan), Credential> firstOfScope,
        List<string> warnings
    )
    {
        var (scope, why) = ToScope(tenant);
        if (why is not null)
        {
            warnings.Add($"Credential {tenant.Username} sees nothing: {why}");
        }

        var hash = Convert.FromHexString(tenant.SecretSha256);
        var selector = Printer.Print(scope.Selector);
        return why is null && firstOfScope.TryGetValue((selector, tenant.Plan), out var alike)
            ? alike with
            {
                Username = tenant.Username,
                SecretHash = hash,
                NotAfter = tenant.NotAfter,
            }
            : new Credential(
                tenant.Username,
                hash,
                scope,
                selector,
                tenant.Plan,
                tenant.NotAfter,
                Tenant.Create(scope, selector, tenant.Plan)
            );
    }

    /// <summary>All that a credential is made of is as it was. One that sees nothing is judged, and warned of, each time.</summary>
    private static bool IsUnchanged(Credential known, TenantCredential tenant)
    {
        if (
            known.Plan != tenant.Plan
            || known.NotAfter != tenant.NotAfter
            || known.Scope.Matchers.Count != tenant.Matchers.Count
            || !known.SecretHash.AsSpan().SequenceEqual(Convert.FromHexString(tenant.SecretSha256))
        )
        {
            return false;
        }
        for (var i = 0; i < tenant.Matchers.Count; i++)
        {
            var (was, isNow) = (known.Scope.Matchers[i], tenant.Matchers[i]);
            if (was.Name != isNow.Name || was.Value != isNow.Value || was.Type != ToMatchType(isNow))
            {
                return false;
            }
        }

        return true;
    }

    private static MatchType ToMatchType(ScopeMatcher matcher) => matcher.Type == "=" ? MatchType.Equal : MatchType.Regex;

    /// <summary>The scope of a credential; nothing, and the reason, if its matchers could let in series that do not carry the labels.</summary>
    private static (TenantScope Scope, string? Why) ToScope(TenantCredential tenant)
    {
        if (tenant.Matchers.Count == 0)
        {
            return (TenantScope.Nothing, "It has no matchers.");
        }
        var matchers = tenant.Matchers.Select(m => new LabelMatcher(m.Name, ToMatchType(m), m.Value)).ToArray();
        return TenantScope.Validate(matchers) is { Count: > 0 } faults
            ? (TenantScope.Nothing, string.Join(' ', faults))
            : (new TenantScope(matchers), null);
    }
}
