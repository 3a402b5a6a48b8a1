using AivenMetrics.Broker.State;
using AivenMetrics.Feed;

namespace AivenMetrics.Broker.Feed;

/// <summary>The content of <c>/feed/v1/credentials</c>, read from the state.</summary>
internal sealed class CredentialFeedReader(BindingStore bindings)
{
    /// <summary>Every live credential with its scope, sorted by user name. Passwords appear as hashes only.</summary>
    public async Task<CredentialFeed> ReadAsync(CancellationToken cancellationToken) =>
        new([
            .. (await bindings.LiveCredentialsAsync(cancellationToken))
                .OrderBy(credential => credential.Username, StringComparer.Ordinal)
                .Select(credential => new TenantCredential(
                    credential.Username,
                    credential.SecretSha256,
                    MatchersOf(credential),
                    credential.PlanScope == PlanScope.Space ? "space" : "services",
                    credential.NotAfter
                )),
        ]);

    /// <summary>The scope as label matchers (design decision 5). A credential that covers nothing gets none, which matches nothing.</summary>
    internal static IReadOnlyList<ScopeMatcher> MatchersOf(CredentialRecord credential) =>
        ScopeMatchers.Create(credential.PlanScope, credential.Owner, credential.ServiceInstanceIds);
}
