using System.Text.Json.Serialization;

namespace AivenMetrics.Feed;

/// <summary>
/// The broker's response to <c>GET /feed/v1/credentials</c> and the content of a gateway's tenants file: all tenant credentials with their
/// scopes.
/// </summary>
/// <param name="Credentials">Every valid credential, sorted by user name. An empty list is valid: no tenant has access.</param>
public sealed record CredentialFeed([property: JsonRequired] IReadOnlyList<TenantCredential> Credentials);

/// <summary>One tenant credential and its scope.</summary>
/// <param name="Username">The unique user name.</param>
/// <param name="SecretSha256">SHA-256 of the password's UTF-8 bytes, in hexadecimal. Gateways never receive the password itself.</param>
/// <param name="Matchers">The scope: label matchers that are added to every selector. An empty list matches no series.</param>
/// <param name="Plan">Name of the service plan, for limits and telemetry.</param>
/// <param name="NotAfter">The time from which the credential is rejected. Default: null, never expires.</param>
public sealed record TenantCredential(
    [property: JsonRequired] string Username,
    [property: JsonRequired] string SecretSha256,
    [property: JsonRequired] IReadOnlyList<ScopeMatcher> Matchers,
    [property: JsonRequired] string Plan,
    DateTimeOffset? NotAfter = null
);

/// <summary>A label matcher of a scope.</summary>
/// <param name="Name">The label name.</param>
/// <param name="Type"><c>=</c> or <c>=~</c> (anchored, as in Prometheus).</param>
/// <param name="Value">The value or regular expression.</param>
public sealed record ScopeMatcher(
    [property: JsonRequired] string Name,
    [property: JsonRequired] string Type,
    [property: JsonRequired] string Value
);
