using System.Security.Cryptography;
using AivenMetrics.Broker.State;
using Xunit;

namespace AivenMetrics.Tests.Broker.State;

public sealed class SecretProtectorTests
{
    private static readonly EncryptionKey Old = new("old", RandomNumberGenerator.GetBytes(32));
    private static readonly EncryptionKey New = new("new", RandomNumberGenerator.GetBytes(32));

    [Theory]
    [InlineData("")]
    [InlineData("password")]
    [InlineData("pä\u0000ss😀")]
    public void A_protected_secret_can_be_decrypted(string plaintext)
    {
        var secrets = new SecretProtector([Old]);

        var secret = secrets.Protect(plaintext, SecretProtector.BindingSecretPurpose);

        Assert.Equal(plaintext, secrets.Unprotect(secret, SecretProtector.BindingSecretPurpose));
        Assert.Equal("old", secret.KeyId);
    }

    [Fact]
    public void Equal_secrets_have_different_ciphertexts()
    {
        var secrets = new SecretProtector([Old]);

        Assert.NotEqual(
            secrets.Protect("a", SecretProtector.BindingSecretPurpose),
            secrets.Protect("a", SecretProtector.BindingSecretPurpose)
        );
    }

    [Fact]
    public void The_first_key_encrypts_and_all_decrypt()
    {
        var before = new SecretProtector([Old]).Protect("a", SecretProtector.BindingSecretPurpose);
        var rotated = new SecretProtector([New, Old]);

        Assert.Equal("a", rotated.Unprotect(before, SecretProtector.BindingSecretPurpose));
        Assert.Equal("new", rotated.Protect("a", SecretProtector.BindingSecretPurpose).KeyId);
    }

    [Fact]
    public void The_error_names_a_missing_key()
    {
        var secret = new SecretProtector([Old]).Protect("a", SecretProtector.BindingSecretPurpose);

        var fault = Assert.ThrowsAny<CryptographicException>(() =>
            new SecretProtector([New]).Unprotect(secret, SecretProtector.BindingSecretPurpose)
        );

        Assert.Contains("'old'", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_changed_or_moved_ciphertext_or_one_of_another_key_of_that_name_is_rejected()
    {
        var secrets = new SecretProtector([Old]);
        var secret = secrets.Protect("a", SecretProtector.BindingSecretPurpose);
        var bytes = Convert.FromBase64String(secret.Ciphertext);
        bytes[^1] ^= 1;

        Refused(secrets, secret with { Ciphertext = Convert.ToBase64String(bytes) }, SecretProtector.BindingSecretPurpose);
        Refused(secrets, secret with { Ciphertext = "short" }, SecretProtector.BindingSecretPurpose);
        Refused(secrets, secret with { Ciphertext = "" }, SecretProtector.BindingSecretPurpose);
        Refused(secrets, secret, SecretProtector.ScrapePasswordPurpose);
        Refused(new SecretProtector([New with { Id = "old" }]), secret, SecretProtector.BindingSecretPurpose);
    }

    [Fact]
    public void A_ring_without_keys_with_short_keys_or_with_duplicate_ids_is_rejected()
    {
        Assert.Throws<ArgumentException>(() => new SecretProtector([]));
        Assert.Throws<ArgumentException>(() => new SecretProtector([new EncryptionKey("short", new byte[16])]));
        Assert.Throws<ArgumentException>(() => new SecretProtector([Old, New with { Id = "old" }]));
    }

    [Fact]
    public void A_printed_key_shows_only_its_id() => Assert.Equal("EncryptionKey { Id = old }", Old.ToString());

    private static void Refused(SecretProtector secrets, ProtectedSecret secret, string purpose) =>
        Assert.ThrowsAny<CryptographicException>(() => secrets.Unprotect(secret, purpose));
}
