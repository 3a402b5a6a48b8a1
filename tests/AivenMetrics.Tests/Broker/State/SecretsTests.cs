using System.Security.Cryptography;
using AivenMetrics.Broker.State;
using Xunit;

namespace AivenMetrics.Tests.Broker.State;

public sealed class SecretsTests
{
    private static readonly EncryptionKey Old = new("old", RandomNumberGenerator.GetBytes(32));
    private static readonly EncryptionKey New = new("new", RandomNumberGenerator.GetBytes(32));

    [Theory]
    [InlineData("")]
    [InlineData("password")]
    [InlineData("pä\u0000ss😀")]
    public void What_was_protected_comes_back(string plaintext)
    {
        var secrets = new Secrets([Old]);

        var secret = secrets.Protect(plaintext, Secrets.BindingSecret);

        Assert.Equal(plaintext, secrets.Unprotect(secret, Secrets.BindingSecret));
        Assert.Equal("old", secret.KeyId);
    }

    [Fact]
    public void Equal_secrets_have_different_ciphertexts()
    {
        var secrets = new Secrets([Old]);

        Assert.NotEqual(secrets.Protect("a", Secrets.BindingSecret), secrets.Protect("a", Secrets.BindingSecret));
    }

    [Fact]
    public void The_first_key_encrypts_and_all_decrypt()
    {
        var before = new Secrets([Old]).Protect("a", Secrets.BindingSecret);
        var rotated = new Secrets([New, Old]);

        Assert.Equal("a", rotated.Unprotect(before, Secrets.BindingSecret));
        Assert.Equal("new", rotated.Protect("a", Secrets.BindingSecret).KeyId);
    }

    [Fact]
    public void A_key_that_is_gone_is_named()
    {
        var secret = new Secrets([Old]).Protect("a", Secrets.BindingSecret);

        var fault = Assert.ThrowsAny<CryptographicException>(() => new Secrets([New]).Unprotect(secret, Secrets.BindingSecret));

        Assert.Contains("'old'", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_ciphertext_that_was_changed_moved_or_made_by_another_key_of_that_name_is_refused()
    {
        var secrets = new Secrets([Old]);
        var secret = secrets.Protect("a", Secrets.BindingSecret);
        var bytes = Convert.FromBase64String(secret.Ciphertext);
        bytes[^1] ^= 1;

        Refused(secrets, secret with { Ciphertext = Convert.ToBase64String(bytes) }, Secrets.BindingSecret);
        Refused(secrets, secret with { Ciphertext = "short" }, Secrets.BindingSecret);
        Refused(secrets, secret with { Ciphertext = "" }, Secrets.BindingSecret);
        Refused(secrets, secret, Secrets.ScrapePassword);
        Refused(new Secrets([New with { Id = "old" }]), secret, Secrets.BindingSecret);
    }

    [Fact]
    public void A_ring_without_keys_with_short_keys_or_with_one_id_twice_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new Secrets([]));
        Assert.Throws<ArgumentException>(() => new Secrets([new EncryptionKey("short", new byte[16])]));
        Assert.Throws<ArgumentException>(() => new Secrets([Old, New with { Id = "old" }]));
    }

    [Fact]
    public void A_key_that_is_printed_shows_its_id_only() => Assert.Equal("EncryptionKey { Id = old }", Old.ToString());

    private static void Refused(Secrets secrets, ProtectedSecret secret, string purpose) =>
        Assert.ThrowsAny<CryptographicException>(() => secrets.Unprotect(secret, purpose));
}
