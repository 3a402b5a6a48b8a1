using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using AivenMetrics.Authentication;

namespace AivenMetrics.Broker.Authentication;

/// <summary>
/// Users of the Open Service Broker API. Every request carries a password, and hashing is slow by design. A verified credential is
/// therefore cached as its HMAC, under a key that is generated at start and never leaves the process. Thread-safe; memory usage is bounded.
/// </summary>
internal sealed class BrokerUsers
{
    private const int DigestLength = HMACSHA256.HashSizeInBytes;
    private const int RejectedCacheSize = 1024;

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(DigestLength);
    private readonly Entry[] _entries;

    // Digests of rejected credentials, indexed by their first bytes. A platform that keeps sending an old password costs one slow hash in
    // total.
    private readonly byte[]?[] _wrong = new byte[RejectedCacheSize][];

    /// <param name="username">Name of the user with the plain-text password.</param>
    /// <param name="password">Password of that user; empty: there is no such user.</param>
    /// <param name="users">Users with hashed passwords, already validated.</param>
    public BrokerUsers(string username, string password, IEnumerable<BrokerUserOptions> users)
    {
        List<Entry> all = [.. users.Select(user => new Entry(user.Username, PasswordHash.Parse(user.PasswordHash)))];
        if (password.Length > 0)
        {
            all.Add(new Entry(username, null) { Verified = Digest(username, password) });
        }
        _entries = [.. all];
    }

    /// <summary>Looks up credentials without a slow hash.</summary>
    /// <param name="username">User name of the request.</param>
    /// <param name="password">Password of the request.</param>
    /// <param name="user">Name of the user; null if the credentials are wrong or must be verified.</param>
    /// <returns>True if the credentials are decided; false if <see cref="Verify"/> must be called.</returns>
    public bool TryGetCached(ReadOnlySpan<char> username, ReadOnlySpan<char> password, out string? user)
    {
        Span<byte> digest = stackalloc byte[DigestLength];
        Digest(username, password, digest);
        user = null;
        var hashed = false;
        // Compares with every entry, so that the duration does not reveal the matching one.
        foreach (var entry in _entries)
        {
            hashed |= entry.Hash is not null;
            if (entry.Verified is { } verified && CryptographicOperations.FixedTimeEquals(digest, verified))
            {
                user = entry.Username;
            }
        }

        return user is not null
            || !hashed
            || (Volatile.Read(ref _wrong[CacheIndex(digest)]) is { } known && CryptographicOperations.FixedTimeEquals(digest, known));
    }

    /// <summary>Verifies credentials with the slow hashes of all users: an unknown user takes as long as a wrong password.</summary>
    /// <returns>Name of the user; null if the credentials are wrong.</returns>
    public string? Verify(string username, string password)
    {
        var digest = Digest(username, password);
        string? user = null;
        foreach (var entry in _entries)
        {
            if (entry.Hash?.Verify(password) != true || entry.Username != username)
            {
                continue;
            }
            user = entry.Username;
            entry.Verified = digest;
        }

        if (user is null)
        {
            Volatile.Write(ref _wrong[CacheIndex(digest)], digest);
        }
        return user;
    }

    private static int CacheIndex(ReadOnlySpan<byte> digest) => BitConverter.ToUInt16(digest) % RejectedCacheSize;

    private byte[] Digest(string username, string password)
    {
        var digest = new byte[DigestLength];
        Digest(username, password, digest);
        return digest;
    }

    // The length of the name comes first, so that two different pairs never produce the same digest input.
    private void Digest(ReadOnlySpan<char> username, ReadOnlySpan<char> password, Span<byte> digest)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(
            sizeof(int) + Encoding.UTF8.GetMaxByteCount(username.Length) + Encoding.UTF8.GetMaxByteCount(password.Length)
        );
        try
        {
            var name = Encoding.UTF8.GetBytes(username, buffer.AsSpan(sizeof(int)));
            BitConverter.TryWriteBytes(buffer, name);
            var length = sizeof(int) + name + Encoding.UTF8.GetBytes(password, buffer.AsSpan(sizeof(int) + name));
            HMACSHA256.HashData(_key, buffer.AsSpan(0, length), digest);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    /// <param name="Username">User name.</param>
    /// <param name="Hash">Password hash; null if the password was configured in plain text.</param>
    private sealed record Entry(string Username, PasswordHash? Hash)
    {
        private byte[]? _verified;

        /// <summary>Digest of the verified credentials of this entry. An entry has exactly one valid password.</summary>
        public byte[]? Verified
        {
            get => Volatile.Read(ref _verified);
            set => Volatile.Write(ref _verified, value);
        }
    }
}
