using System.Text.Json.Serialization;

namespace AivenMetrics.Feed;

/// <summary>
/// The broker's answer to <c>GET /feed/v1/credentials</c>, and the content of a gateway's tenants file:
/// who may query, and what each may see.
/// </summary>
/// <param name="Credentials">Every live credential, sorted by user name. An empty list is a real answer: nobody.</param>
public sealed record CredentialFeed([property: JsonRequired] IReadOnlyList<TenantCredential> Credentials);

/// <summary>One tenant credential and its scope.</summary>
/// <param name="Username">The user name, unique.</param>
/// <param name="SecretSha256">Hex of SHA-256 of the password's UTF-8 bytes. The password itself never reaches a gateway.</param>
/// <param name="Matchers">The scope: label matchers, all of them enforced on every selector. An empty list matches nothing.</param>
/// <param name="Plan">Name of the service plan, for limits and telemetry.</param>
/// <param name="NotAfter">The credential is refused from this time on; null: no end.</param>
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
