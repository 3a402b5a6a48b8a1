using System.Buffers;
using System.Text;
using System.Text.Unicode;
using AivenMetrics.Authentication;
using Microsoft.AspNetCore.Http;

namespace AivenMetrics.Gateway.Authentication;

/// <summary>The outcome of an authentication.</summary>
internal enum AuthenticationStatus
{
    /// <summary>The credential is valid.</summary>
    Authenticated,

    /// <summary>The request has no Authorization header. This is not a failed login.</summary>
    Missing,

    /// <summary>The header is malformed, the username is unknown or the password is wrong.</summary>
    Invalid,

    /// <summary>The password is correct, but the credential has expired.</summary>
    Expired,
}

/// <summary>The outcome of an authentication, with the credential if it is valid.</summary>
internal readonly record struct AuthenticationResult(AuthenticationStatus Status, Credential? Credential)
{
    public static AuthenticationResult Invalid => new(AuthenticationStatus.Invalid, null);
}

/// <summary>
/// Authenticates requests against the current credentials: with a username and password as <c>Basic</c>, or with a token as <c>Bearer</c>.
/// The token is base64url, without padding, of <c>username:password</c>.
/// </summary>
internal sealed class Authenticator(CredentialStore tenants, TimeProvider time)
{
    // A username of 256 characters and a password of 43 fit several times. The gateway issues no longer credentials.
    private const int MaxHeaderLength = 2048;
    private static readonly byte[] UnknownUserHash = new byte[SecretDigest.Length];

    /// <summary>
    /// Authenticates a request. An unknown username costs the same work as a wrong password: the password is hashed and compared in
    /// constant time either way. An expired credential is reported only if its password is correct.
    /// </summary>
    public AuthenticationResult Authenticate(HttpRequest request)
    {
        var values = request.Headers.Authorization;
        if (values.Count == 0)
        {
            return new(AuthenticationStatus.Missing, null);
        }

        if (values.Count != 1 || values[0] is not { Length: <= MaxHeaderLength } header)
        {
            return AuthenticationResult.Invalid;
        }

        var decoded = ArrayPool<byte>.Shared.Rent(MaxHeaderLength);
        try
        {
            return
                BasicCredentials.TryParseBasic(header, decoded, out var credentials)
                || BasicCredentials.TryParseBearer(header, decoded, out credentials)
                ? Verify(credentials)
                : AuthenticationResult.Invalid;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(decoded, clearArray: true);
        }
    }

    /// <summary>
    /// Returns whether a credential is still valid: neither revoked, nor replaced by another with its username, nor expired.
    /// </summary>
    public bool IsValid(Credential credential) =>
        tenants.Current?.Find(credential.Username) is { } now
        && (ReferenceEquals(now, credential) || now.SecretHash.AsSpan().SequenceEqual(credential.SecretHash))
        && !HasExpired(now);

    /// <summary>
    /// Returns the challenge of a 401. It is <c>Basic</c>, because many HTTP clients send credentials only after that challenge. Grafana
    /// and scripts of a web page get <c>xBasic</c>: for <c>Basic</c>, the browser would open a login window over the page.
    /// </summary>
    public static string Challenge(HttpRequest request) =>
        IsFromWebPage(request.Headers) ? "xBasic realm=\"aiven-metrics\"" : "Basic realm=\"aiven-metrics\", charset=\"UTF-8\"";

    // Browsers send Sec-Fetch-Mode with every request; only navigation may open a login window. Grafana's server forwards requests of its
    // pages with its own user agent, and marks them with headers such as X-Grafana-Org-Id.
    private static bool IsFromWebPage(IHeaderDictionary headers) =>
        (headers["Sec-Fetch-Mode"] is { Count: > 0 } mode && !mode.ToString().Equals("navigate", StringComparison.OrdinalIgnoreCase))
        || headers.XRequestedWith.ToString().Equals("XMLHttpRequest", StringComparison.OrdinalIgnoreCase)
        || headers.UserAgent.ToString().StartsWith("Grafana", StringComparison.OrdinalIgnoreCase)
        || headers.Keys.Any(name => name.StartsWith("X-Grafana-", StringComparison.OrdinalIgnoreCase));

    private bool HasExpired(Credential credential) => credential.NotAfter <= time.GetUtcNow();

    private AuthenticationResult Verify(BasicCredentials credentials)
    {
        if (credentials.Username.IsEmpty || !Utf8.IsValid(credentials.Username) || !Utf8.IsValid(credentials.Password))
        {
            return AuthenticationResult.Invalid;
        }

        Span<char> username = stackalloc char[256];
        var credential = Encoding.UTF8.TryGetChars(credentials.Username, username, out var length)
            ? tenants.Current?.Find(username[..length])
            : null;
        var matches = SecretDigest.Matches(credentials.Password, credential?.SecretHash ?? UnknownUserHash);

        if (credential is null || !matches)
        {
            return AuthenticationResult.Invalid;
        }

        return HasExpired(credential) ? new(AuthenticationStatus.Expired, null) : new(AuthenticationStatus.Authenticated, credential);
    }
}
