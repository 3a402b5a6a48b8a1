using AivenMetrics.PromQL;

namespace AivenMetrics.Gateway.Authentication;

/// <summary>A tenant's credential: the data to verify it, and its scope.</summary>
/// <param name="Username">The username. It may be logged.</param>
/// <param name="SecretHash">SHA-256 of the password, 32 bytes.</param>
/// <param name="Scope">The matchers that the gateway adds to every selector; <see cref="TenantScope.Nothing"/> if they cannot be
/// enforced.</param>
/// <param name="ScopeSelector">The scope as a selector: the value of <c>match[]</c> for requests without one.</param>
/// <param name="Plan">The name of the service plan.</param>
/// <param name="NotAfter">The time from which the credential is rejected. Default: null, it never expires.</param>
/// <param name="Tenant">The tenant whose limits and usage the credential counts for.</param>
internal sealed record Credential(
    string Username,
    byte[] SecretHash,
    TenantScope Scope,
    string ScopeSelector,
    string Plan,
    DateTimeOffset? NotAfter,
    Tenant Tenant
);
