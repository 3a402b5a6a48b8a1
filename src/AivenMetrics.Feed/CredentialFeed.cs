using System.Text.Json.Serialization;

namespace AivenMetrics.Feed;

/// <summary>Credentials of all tenants, with their scopes.</summary>
/// <remarks>The response of the broker to <c>GET /feed/v1/credentials</c>, and the content of a gateway's file of tenants.</remarks>
/// <param name="Credentials">All live credentials, sorted by user name. An empty list denies everybody.</param>
public sealed record CredentialFeed([property: JsonRequired] IReadOnlyList<TenantCredential> Credentials);

/// <summary>Credential of a tenant, with its scope.</summary>
/// <param name="Username">User name, unique.</param>
/// <param name="SecretSha256">SHA-256 of the password in UTF-8, in hexadecimal. Gateways never receive the password.</param>
/// <param name="Matchers">Label matchers, all enforced on every selector. An empty list matches nothing.</param>
/// <param name="Plan">Name of the service plan, for limits and telemetry.</param>
/// <param name="NotAfter">Time at which the credential expires; absent if it never expires.</param>
public sealed record TenantCredential(
    [property: JsonRequired] string Username,
    [property: JsonRequired] string SecretSha256,
    [property: JsonRequired] IReadOnlyList<ScopeMatcher> Matchers,
    [property: JsonRequired] string Plan,
    DateTimeOffset? NotAfter = null
);

/// <summary>A label matcher.</summary>
/// <param name="Name">Name of the label.</param>
/// <param name="Type">Operator: = or =~ (anchored, as in Prometheus).</param>
/// <param name="Value">Value or regular expression.</param>
public sealed record ScopeMatcher(
    [property: JsonRequired] string Name,
    [property: JsonRequired] string Type,
    [property: JsonRequired] string Value
);
