using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>A fresh credential as the row keeps it; the password itself is only in the ciphertext.</summary>
internal sealed record NewSecret(string Username, string Sha256, ProtectedSecret Protected);

/// <summary>Makes and opens the tenants' credentials.</summary>
internal sealed class BindingSecrets(Secrets secrets)
{
    private const int PasswordBytes = 32; // 256 random bits
    private const int NameBytes = 8;

    public static string NewOperation() => "bind-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(NameBytes));

    public NewSecret New()
    {
        var username = "m-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(NameBytes));
        var password = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(PasswordBytes));
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(password)));
        return new NewSecret(username, hash, secrets.Protect(password, Secrets.BindingSecret));
    }

    public string Password(BindingRecord binding) => secrets.Unprotect(binding.Secret, Secrets.BindingSecret);
}
