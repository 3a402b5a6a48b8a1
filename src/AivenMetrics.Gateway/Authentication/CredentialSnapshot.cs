using System.Collections.Frozen;
using AivenMetrics.Feed;
using AivenMetrics.PromQL;

namespace AivenMetrics.Gateway.Authentication;

/// <summary>Who may query, at one moment. Never changed: a newer one takes its place whole, so no request sees half of a change.</summary>
internal sealed class CredentialSnapshot
{
    private readonly FrozenDictionary<string, Credential>.AlternateLookup<ReadOnlySpan<char>> byUsername;

    private CredentialSnapshot(FrozenDictionary<string, Credential> credentials, IReadOnlyList<string> warnings)
    {
        Count = credentials.Count;
        Warnings = warnings;
        byUsername = credentials.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>How many credentials there are.</summary>
    public int Count { get; }

    /// <summary>Credentials that are known but see nothing, each with the reason, without secrets.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>The credential of that name, or null.</summary>
    public Credential? Find(ReadOnlySpan<char> username) => byUsername.TryGetValue(username, out var credential) ? credential : null;

    /// <summary>
    /// Turns a feed's answer or a file's content into a snapshot. With <paramref name="faults"/> there is none: a list that is wrong
    /// in one place is not trusted in the others. A credential whose matchers are well formed but no scope stays, and sees nothing.
    /// </summary>
    public static CredentialSnapshot? From(CredentialFeed feed, out IReadOnlyList<string> faults)
    {
        var found = new List<string>();
        var warnings = new List<string>();
        var credentials = new Dictionary<string, Credential>(feed.Credentials.Count, StringComparer.Ordinal);

        foreach (var (index, tenant) in feed.Credentials.Index())
        {
            if (FaultOf(tenant) is { } fault)
            {
                found.Add($"credential {index + 1} {fault}");
                continue;
            }

            var scope = EnforceableScope.From(tenant.Matchers, out var reason);
            if (reason is not null)
                warnings.Add($"credential {tenant.Username} sees nothing, because {reason}");

            var credential = new Credential(
                tenant.Username,
                Convert.FromHexString(tenant.SecretSha256),
                scope,
                Printer.Print(Scope.Apply(new VectorSelector(null, []), scope)),
                tenant.Plan,
                tenant.NotAfter);
            if (!credentials.TryAdd(tenant.Username, credential))
                found.Add($"credential {index + 1} repeats the username {tenant.Username}");
        }

        faults = found;
        return found.Count > 0 ? null : new CredentialSnapshot(credentials.ToFrozenDictionary(StringComparer.Ordinal), warnings);
    }

    private static string? FaultOf(TenantCredential? tenant)
    {
        if (tenant is not { Username: not null, SecretSha256: not null, Matchers: not null, Plan: not null })
            return "is null or has a null where a value is needed";
        if (tenant.Username.Length is 0 or > 256 || tenant.Username.Any(c => c == ':' || char.IsControl(c)))
            return "has a username that is empty, over 256 characters, or holds a colon or a control character";
        if (tenant.SecretSha256.Length != 64 || !tenant.SecretSha256.All(char.IsAsciiHexDigit))
            return $"({tenant.Username}) has a secret_sha256 that is not 64 hexadecimal digits";
        if (tenant.Matchers.Any(m => m is not { Name: not null, Type: not null, Value: not null }))
            return $"({tenant.Username}) has a matcher that is null or has a null where a value is needed";
        if (tenant.Matchers.Any(m => m.Type is not ("=" or "=~")))
            return $"({tenant.Username}) has a matcher whose type is neither = nor =~";
        if (tenant.Matchers.Any(m => !LabelNames.IsValid(m.Name)))
            return $"({tenant.Username}) has a matcher whose name is no label name";
        return null;
    }
}
