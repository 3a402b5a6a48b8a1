using System.Security.Cryptography;
using System.Text;
using AivenMetrics.Authentication;
using Xunit;

namespace AivenMetrics.Tests.Authentication;

public sealed class PasswordHashTests
{
    private const string Password = "right-password-Pw1";

    [Fact]
    public void A_hash_contains_scheme_iterations_and_salt_and_verifies_only_its_own_password()
    {
        var text = PasswordHash.Create(Password).ToString();
        var parts = text.Split('$');

        Assert.Equal(["pbkdf2-sha256", "600000"], parts[..2]);
        Assert.Equal(16, Convert.FromBase64String(parts[2]).Length);
        Assert.True(PasswordHash.Parse(text)!.Verify(Password));
        Assert.False(PasswordHash.Parse(text)!.Verify(Password + "x"));
    }

    [Fact]
    public void The_algorithm_is_standard_PBKDF2()
    {
        var salt = Encoding.ASCII.GetBytes("saltSALTsaltSALT");
        var hash = Rfc2898DeriveBytes.Pbkdf2("motörhead-password", salt, 100_000, HashAlgorithmName.SHA256, 32);

        var parsed = PasswordHash.Parse($"pbkdf2-sha256$100000${Convert.ToBase64String(salt)}${Convert.ToBase64String(hash)}");

        Assert.True(parsed!.Verify("motörhead-password"));
    }

    [Fact]
    public void Two_hashes_of_one_password_differ() =>
        Assert.NotEqual(PasswordHash.Create(Password, 100_000).ToString(), PasswordHash.Create(Password, 100_000).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("plain-password")]
    [InlineData("bcrypt$600000$c2FsdHNhbHRzYWx0c2FsdA==$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g=")]
    [InlineData("pbkdf2-sha256$99999$c2FsdHNhbHRzYWx0c2FsdA==$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g=")]
    [InlineData("pbkdf2-sha256$99999999999$c2FsdHNhbHRzYWx0c2FsdA==$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g=")]
    [InlineData("pbkdf2-sha256$600000$c2FsdA==$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g=")]
    [InlineData("pbkdf2-sha256$600000$c2FsdHNhbHRzYWx0c2FsdA==$aGFzaA==")]
    [InlineData("pbkdf2-sha256$600000$c2FsdHNhbHRzYWx0c2FsdA==$not base64!")]
    public void Malformed_and_weak_hashes_are_rejected(string text) => Assert.Null(PasswordHash.Parse(text));

    [Theory]
    [InlineData("", "0 characters")]
    [InlineData("elevenchars", "at least 12")]
    [InlineData("two\nlines-in-it", "line break")]
    public void The_error_of_an_invalid_password_is_a_sentence(string password, string sentence) =>
        Assert.Contains(sentence, PasswordHash.ValidatePassword(password), StringComparison.Ordinal);

    [Fact]
    public void Passwords_of_12_and_of_1000_characters_are_valid()
    {
        Assert.Null(PasswordHash.ValidatePassword("twelve-chars"));
        Assert.Null(PasswordHash.ValidatePassword(new string('ü', PasswordHash.MaximumPasswordLength)));
        Assert.Contains(
            "more than 1024",
            PasswordHash.ValidatePassword(new string('ü', PasswordHash.MaximumPasswordLength + 1)),
            StringComparison.Ordinal
        );
    }
}
