using System.Security.Cryptography;
using System.Text;

namespace AivenMetrics.Authentication;

/// <summary>
/// SHA-256 of a secret with high entropy, such as a generated password or a token. Passwords that people choose need
/// <see cref="PasswordHash"/> instead.
/// </summary>
public static class SecretDigest
{
    /// <summary>Length of a digest in bytes.</summary>
    public const int Length = SHA256.HashSizeInBytes;

    /// <summary>Returns the digest of a secret's UTF-8 bytes.</summary>
    public static byte[] Compute(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    /// <summary>Returns true if the digest is the secret's. The comparison takes the same time for every digest.</summary>
    /// <param name="secret">The UTF-8 bytes of the secret.</param>
    /// <param name="digest">The expected digest.</param>
    public static bool Matches(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> digest)
    {
        Span<byte> actual = stackalloc byte[Length];
        SHA256.HashData(secret, actual);
        return CryptographicOperations.FixedTimeEquals(actual, digest);
    }
}
