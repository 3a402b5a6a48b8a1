using System.Buffers;
using System.Buffers.Text;

namespace AivenMetrics.Authentication;

/// <summary>
/// A user name and a password from an <c>Authorization</c> header, both as the bytes that the client sent. They refer to the buffer of the
/// caller; the caller clears it after use.
/// </summary>
public readonly ref struct BasicCredentials
{
    private const string BasicScheme = "Basic ";
    private const string BearerScheme = "Bearer ";

    private BasicCredentials(ReadOnlySpan<byte> username, ReadOnlySpan<byte> password)
    {
        Username = username;
        Password = password;
    }

    /// <summary>The bytes before the first colon; may be empty or invalid UTF-8.</summary>
    public ReadOnlySpan<byte> Username { get; }

    /// <summary>The bytes after the first colon; may be empty or invalid UTF-8.</summary>
    public ReadOnlySpan<byte> Password { get; }

    /// <summary>Parses the credentials of HTTP basic authentication (RFC 7617): base64 of <c>username:password</c>.</summary>
    /// <param name="header">The value of the header.</param>
    /// <param name="buffer">Receives the decoded bytes; as long as the header at least.</param>
    /// <param name="credentials">The credentials, if the result is true.</param>
    /// <returns>False for another scheme, invalid base64 or a missing colon.</returns>
    public static bool TryParseBasic(string header, Span<byte> buffer, out BasicCredentials credentials)
    {
        credentials = default;
        return header.StartsWith(BasicScheme, StringComparison.OrdinalIgnoreCase)
            && Convert.TryFromBase64Chars(header.AsSpan(BasicScheme.Length), buffer, out var length)
            && TrySplit(buffer[..length], out credentials);
    }

    /// <summary>Parses a bearer token that contains the same credentials: base64url of <c>username:password</c> without padding.</summary>
    /// <inheritdoc cref="TryParseBasic"/>
    public static bool TryParseBearer(string header, Span<byte> buffer, out BasicCredentials credentials)
    {
        credentials = default;
        return header.StartsWith(BearerScheme, StringComparison.OrdinalIgnoreCase)
            && Base64Url.DecodeFromChars(header.AsSpan(BearerScheme.Length).Trim(' '), buffer, out _, out var length)
                == OperationStatus.Done
            && TrySplit(buffer[..length], out credentials);
    }

    private static bool TrySplit(ReadOnlySpan<byte> decoded, out BasicCredentials credentials)
    {
        var colon = decoded.IndexOf((byte)':');
        credentials = colon < 0 ? default : new(decoded[..colon], decoded[(colon + 1)..]);
        return colon >= 0;
    }
}
