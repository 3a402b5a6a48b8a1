using System.Buffers.Text;
using System.Security.Cryptography;
using AivenMetrics.Authentication;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>A fresh credential as the row keeps it; the password itself is only in the ciphertext.</summary>
internal sealed record GeneratedSecret(string Username, string Sha256, ProtectedSecret Protected);

/// <summary>Makes and opens the tenants' credentials.</summary>
internal sealed class BindingSecrets(SecretProtector secrets)
{
    private const int PasswordBytes = 32; // 256 random bits
    private const int UsernameBytes = 8;

    public static string GenerateOperation() => "bind-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(UsernameBytes));

    public GeneratedSecret Generate()
    {
        var username = "m-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(UsernameBytes));
        var password = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(PasswordBytes));
        var hash = Convert.ToHexStringLower(SecretDigest.Compute(password));
        return new GeneratedSecret(username, hash, secrets.Protect(password, SecretProtector.BindingSecretPurpose));
    }

    public string DecryptPassword(BindingRecord binding) => secrets.Unprotect(binding.Secret, SecretProtector.BindingSecretPurpose);
}
