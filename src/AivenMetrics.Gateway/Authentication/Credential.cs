using AivenMetrics.PromQL;

namespace AivenMetrics.Gateway.Authentication;

/// <summary>What the gateway knows of one tenant credential: how to recognise it, and what it may see.</summary>
/// <param name="Username">The user name, safe to log.</param>
/// <param name="SecretHash">SHA-256 of the password, 32 bytes.</param>
/// <param name="Scope">The matchers that every selector gets; <see cref="TenantScope.Nothing"/> when they could not be enforced.</param>
/// <param name="ScopeSelector">The scope alone, printed: what <c>match[]</c> becomes where a client sends none.</param>
/// <param name="Plan">Name of the service plan.</param>
/// <param name="NotAfter">Refused from this time on; null: no end.</param>
/// <param name="Tenant">Whose limits and usage it counts for.</param>
internal sealed record Credential(
    string Username,
    byte[] SecretHash,
    TenantScope Scope,
    string ScopeSelector,
    string Plan,
    DateTimeOffset? NotAfter,
    Tenant Tenant
);
