using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using AivenMetrics.Authentication;

namespace AivenMetrics.Broker.Authentication;

/// <summary>
/// Who may use the Open Service Broker API. Every request carries a password and hashing one is slow on purpose, so a credential
/// that was verified once is known again by its keyed digest: an HMAC under a key that is made at start and never leaves the
/// process. Safe for use by many threads; memory does not grow.
/// </summary>
internal sealed class BrokerUsers
{
    private const int DigestLength = HMACSHA256.HashSizeInBytes;
    private const int RejectedCacheSize = 1024;

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(DigestLength);
    private readonly Entry[] _entries;

    // Digests of credentials that were found wrong, each in the one place that its first bytes name: a platform that goes on
    // with an old password costs one slow hash, not one with every request.
    private readonly byte[]?[] _wrong = new byte[RejectedCacheSize][];

    /// <param name="username">Name of the user with the plain password.</param>
    /// <param name="password">Its password; empty: there is no such user.</param>
    /// <param name="users">The users with hashed passwords, without faults.</param>
    public BrokerUsers(string username, string password, IEnumerable<BrokerUserOptions> users)
    {
        List<Entry> all = [.. users.Select(user => new Entry(user.Username, PasswordHash.Parse(user.PasswordHash)))];
        if (password.Length > 0)
        {
            all.Add(new Entry(username, null) { Verified = Digest(username, password) });
        }
        _entries = [.. all];
    }

    /// <summary>The user, when these credentials are known without a slow hash.</summary>
    /// <param name="username">As sent.</param>
    /// <param name="password">As sent.</param>
    /// <param name="user">The user's name; null: the credentials are wrong or must be verified.</param>
    /// <returns>True: decided. False: ask <see cref="Verify"/>.</returns>
    public bool TryGetCached(ReadOnlySpan<char> username, ReadOnlySpan<char> password, out string? user)
    {
        Span<byte> digest = stackalloc byte[DigestLength];
        Digest(username, password, digest);
        user = null;
        var hashed = false;
        // All of them always: how long it takes says nothing about which one it was.
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

    /// <summary>
    /// Verifies by the slow hashes, all of them whatever the user name is: an unknown user takes as long as a wrong password.
    /// </summary>
    /// <returns>The user's name; null: wrong.</returns>
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

    // The name's length comes first: no pair of name and password can be shifted into another.
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

    /// <param name="Username">The name.</param>
    /// <param name="Hash">Null: the password was configured in plain.</param>
    private sealed record Entry(string Username, PasswordHash? Hash)
    {
        private byte[]? _verified;

        /// <summary>Digest of the entry's credentials once they were verified; an entry has only one right password.</summary>
        public byte[]? Verified
        {
            get => Volatile.Read(ref _verified);
            set => Volatile.Write(ref _verified, value);
        }
    }
}
