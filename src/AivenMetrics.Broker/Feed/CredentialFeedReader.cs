using AivenMetrics.Broker.State;
using AivenMetrics.Feed;

namespace AivenMetrics.Broker.Feed;

/// <summary>Reads the content of <c>/feed/v1/credentials</c> from the database.</summary>
internal sealed class CredentialFeedReader(BindingStore bindings)
{
    /// <summary>Returns all live credentials with their scopes, sorted by user name. Contains hashes instead of passwords.</summary>
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

    /// <summary>
    /// Returns the scope as label matchers (docs/decisions/0001-founding-decisions.md, section 5). An empty scope has no matchers, and
    /// gateways let it match nothing.
    /// </summary>
    internal static IReadOnlyList<ScopeMatcher> MatchersOf(CredentialRecord credential) =>
        ScopeMatchers.Create(credential.PlanScope, credential.Owner, credential.ServiceInstanceIds);
}
