using System.Buffers;
using System.Text;
using System.Text.Unicode;
using AivenMetrics.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace AivenMetrics.Gateway.Authentication;

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
    /// Returns the credential of a request, or null. An unknown username costs the same work as a wrong password: the password is hashed
    /// and compared in constant time either way.
    /// </summary>
    public Credential? Authenticate(HttpRequest request)
    {
        var values = request.Headers.Authorization;
        if (values.Count != 1 || values[0] is not { Length: <= MaxHeaderLength } header)
        {
            return null;
        }

        var decoded = ArrayPool<byte>.Shared.Rent(MaxHeaderLength);
        try
        {
            return
                BasicCredentials.TryParseBasic(header, decoded, out var credentials)
                || BasicCredentials.TryParseBearer(header, decoded, out credentials)
                ? Verify(credentials)
                : null;
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
        && !(now.NotAfter <= time.GetUtcNow());

    /// <summary>
    /// Returns the challenge of a 401: <c>Basic</c> only for navigation in a browser, because Grafana shows a pop-up for every Basic
    /// challenge.
    /// </summary>
    public static string Challenge(HttpRequest request)
    {
        var navigates =
            request.Headers["Sec-Fetch-Mode"].ToString().Equals("navigate", StringComparison.OrdinalIgnoreCase)
            || request.Headers[HeaderNames.Accept].ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
        return navigates ? "Basic realm=\"aiven-metrics\", charset=\"UTF-8\"" : "xBasic realm=\"aiven-metrics\"";
    }

    private Credential? Verify(BasicCredentials credentials)
    {
        if (credentials.Username.IsEmpty || !Utf8.IsValid(credentials.Username) || !Utf8.IsValid(credentials.Password))
        {
            return null;
        }

        Span<char> username = stackalloc char[256];
        var credential = Encoding.UTF8.TryGetChars(credentials.Username, username, out var length)
            ? tenants.Current?.Find(username[..length])
            : null;
        var matches = SecretDigest.Matches(credentials.Password, credential?.SecretHash ?? UnknownUserHash);

        return credential is not null && matches && !(credential.NotAfter <= time.GetUtcNow()) ? credential : null;
    }
}
