using System.Security.Cryptography;
using System.Text;

namespace AivenMetrics.Broker.State;

/// <summary>An encryption key.</summary>
/// <param name="Id">Id, stored with every ciphertext. Unique in the key ring.</param>
/// <param name="Key">32 random bytes.</param>
public sealed record EncryptionKey(string Id, ReadOnlyMemory<byte> Key)
{
    /// <summary>Length of a key in bytes (AES-256).</summary>
    public const int Length = 32;

    /// <summary>Returns the id only, so that logging a key does not expose it.</summary>
    public override string ToString() => $"EncryptionKey {{ Id = {Id} }}";
}

/// <summary>
/// Encrypts secrets with AES-256-GCM and a random nonce (docs/decisions/0001-founding-decisions.md, section 9). The first key of the ring
/// encrypts, all keys decrypt. To replace a key, put a new one before it.
/// </summary>
public sealed class SecretProtector
{
    /// <summary>Purpose of the passwords of tenants.</summary>
    public const string BindingSecretPurpose = "service_binding.secret";

    /// <summary>Purpose of the passwords for metrics listeners.</summary>
    public const string ScrapePasswordPurpose = "aiven_project.scrape_password";

    private const int NonceLength = 12;
    private const int TagLength = 16;
    private readonly IReadOnlyList<EncryptionKey> _keys;

    /// <summary>Creates a protector with a key ring.</summary>
    /// <exception cref="ArgumentException">The ring is empty, a key is not 32 bytes long, or two keys have the same id.</exception>
    public SecretProtector(IReadOnlyList<EncryptionKey> keys)
    {
        if (keys.Count == 0)
        {
            throw new ArgumentException("The key ring is empty.", nameof(keys));
        }
        if (keys.Any(key => key.Key.Length != EncryptionKey.Length))
        {
            throw new ArgumentException("Every encryption key must have 32 bytes.", nameof(keys));
        }
        if (keys.DistinctBy(key => key.Id).Count() != keys.Count)
        {
            throw new ArgumentException("Two encryption keys share an id.", nameof(keys));
        }
        _keys = keys;
    }

    /// <summary>Encrypts a secret with the first key.</summary>
    /// <param name="plaintext">The secret.</param>
    /// <param name="purpose">The column of the secret. It is authenticated, so that a ciphertext cannot be moved to another column.</param>
    public ProtectedSecret Protect(string plaintext, string purpose)
    {
        var key = _keys[0];
        var plain = Encoding.UTF8.GetBytes(plaintext);
        var sealedBytes = new byte[NonceLength + plain.Length + TagLength];
        var nonce = sealedBytes.AsSpan(0, NonceLength);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(key.Key.Span, TagLength);
        aes.Encrypt(
            nonce,
            plain,
            sealedBytes.AsSpan(NonceLength, plain.Length),
            sealedBytes.AsSpan(NonceLength + plain.Length),
            AssociatedData(purpose)
        );
        return new ProtectedSecret(Convert.ToBase64String(sealedBytes), key.Id);
    }

    /// <summary>Decrypts a secret.</summary>
    /// <exception cref="CryptographicException">
    /// The key is not in the ring, or the ciphertext does not match key and purpose. The message names the key id.
    /// </exception>
    public string Unprotect(ProtectedSecret secret, string purpose)
    {
        var key = _keys.FirstOrDefault(candidate => candidate.Id == secret.KeyId)
            ?? throw new CryptographicException(
                $"A {purpose} was encrypted with key '{secret.KeyId}', which is not in the key ring: add it to Broker:EncryptionKeys again."
            );
        try
        {
            var sealedBytes = Convert.FromBase64String(secret.Ciphertext);
            var plain = new byte[sealedBytes.Length - NonceLength - TagLength];
            using var aes = new AesGcm(key.Key.Span, TagLength);
            aes.Decrypt(
                sealedBytes.AsSpan(0, NonceLength),
                sealedBytes.AsSpan(NonceLength, plain.Length),
                sealedBytes.AsSpan(NonceLength + plain.Length),
                plain,
                AssociatedData(purpose)
            );
            return Encoding.UTF8.GetString(plain);
        }
        catch (Exception e) when (e is CryptographicException or FormatException or OverflowException)
        {
            throw new CryptographicException(
                $"A {purpose} cannot be decrypted with key '{secret.KeyId}': the row or the key was changed.",
                e
            );
        }
    }

    private static byte[] AssociatedData(string purpose) => Encoding.UTF8.GetBytes(purpose);
}
