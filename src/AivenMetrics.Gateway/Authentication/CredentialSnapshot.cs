using System.Collections.Frozen;
using AivenMetrics.Feed;
using AivenMetrics.PromQL;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Gateway.Authentication;

/// <summary>
/// All credentials at one moment. Immutable: a new snapshot replaces it as a whole, so that no request sees half of a change.
/// </summary>
internal sealed class CredentialSnapshot
{
    private readonly FrozenDictionary<string, Credential>.AlternateLookup<ReadOnlySpan<char>> _byUsername;

    private CredentialSnapshot(FrozenDictionary<string, Credential> credentials, IReadOnlyList<string> warnings)
    {
        Count = credentials.Count;
        Warnings = warnings;
        _byUsername = credentials.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>The number of credentials.</summary>
    public int Count { get; }

    /// <summary>Warnings about credentials that match nothing, each with the reason and without secrets.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>Returns the credential with a username, or null.</summary>
    public Credential? Find(ReadOnlySpan<char> username) => _byUsername.TryGetValue(username, out var credential) ? credential : null;

    /// <summary>
    /// Creates a snapshot from a response of the feed or from the content of a file. A list with one error is rejected as a whole. A
    /// credential with well-formed matchers that are no scope is kept and matches nothing.
    /// </summary>
    /// <param name="feed">The list of credentials.</param>
    /// <param name="previous">The previous snapshot, if any: unchanged credentials are taken from it.</param>
    /// <param name="error">The validation error; null if there is none.</param>
    /// <returns>The snapshot; null if there is an error.</returns>
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

    /// <summary>Creates a credential. Credentials with the same scope and plan share the objects that depend on them only.</summary>
    private static Credential CreateCredential(
        TenantCredential tenant,
        Dictionary<(string Selector, string Plan), Credential> firstOfScope,
        List<string> warnings
    )
    {
        var (scope, why) = ToScope(tenant);
        if (why is not null)
        {
            warnings.Add($"Credential {tenant.Username} matches nothing: {why}");
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

    /// <summary>
    /// Returns whether a credential is unchanged. A credential that matches nothing is created again each time, for its warning.
    /// </summary>
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

    /// <summary>
    /// Returns the scope of a credential; nothing, with the reason, if its matchers could match series without the labels.
    /// </summary>
    private static (TenantScope Scope, string? Why) ToScope(TenantCredential tenant)
    {
        if (tenant.Matchers.Count == 0)
        {
            return (TenantScope.Nothing, "It has no matchers.");
        }
        var matchers = tenant.Matchers.Select(m => new LabelMatcher(m.Name, ToMatchType(m), m.Value)).ToArray();
        return TenantScope.Validate(matchers) is { Count: > 0 } errors
            ? (TenantScope.Nothing, string.Join(' ', errors))
            : (new TenantScope(matchers), null);
    }
}
