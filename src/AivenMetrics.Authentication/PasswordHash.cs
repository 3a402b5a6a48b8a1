using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace AivenMetrics.Authentication;

/// <summary>
/// The hash of a password in the configuration: <c>pbkdf2-sha256$&lt;iterations&gt;$&lt;salt&gt;$&lt;hash&gt;</c>, with salt and hash in
/// base64. It uses the framework's PBKDF2 (RFC 8018). The default of 600,000 iterations follows the OWASP Password Storage Cheat Sheet for
/// SHA-256.
/// </summary>
public sealed class PasswordHash
{
    /// <summary>Minimum length of a password, in characters.</summary>
    public const int MinimumPasswordLength = 12;

    /// <summary>Maximum length of a password, in characters.</summary>
    public const int MaximumPasswordLength = 1024;

    /// <summary>Minimum number of iterations that are accepted.</summary>
    public const int MinimumIterations = 100_000;

    private const string Scheme = "pbkdf2-sha256";
    private const int DefaultIterations = 600_000;

    // A larger number, for example by a typing error, would block the broker for minutes.
    private const int MaximumIterations = 10_000_000;
    private const int SaltLength = 16;
    private const int HashLength = 32;

    private readonly int _iterations;
    private readonly byte[] _salt;
    private readonly byte[] _hash;

    private PasswordHash(int iterations, byte[] salt, byte[] hash) => (_iterations, _salt, _hash) = (iterations, salt, hash);

    /// <summary>Hashes a password with a new random salt.</summary>
    /// <param name="password">A password that <see cref="ValidatePassword"/> accepts.</param>
    public static PasswordHash Create(string password) => Create(password, DefaultIterations);

    /// <summary>Returns the error in a password as a sentence; null if the password is valid.</summary>
    public static string? ValidatePassword(string password) =>
        password switch
        {
            { Length: < MinimumPasswordLength } =>
                $"The password has {password.Length} characters: use at least {MinimumPasswordLength}, preferably 32 random "
                    + "characters (openssl rand -base64 24).",
            { Length: > MaximumPasswordLength } => $"The password has more than {MaximumPasswordLength} characters: use a shorter one.",
            _ when password.Any(char.IsControl) =>
                "The password contains a line break or another control character, which HTTP basic authentication does not "
                    + "allow: remove it.",
            _ => null,
        };

    /// <summary>
    /// Parses the text of <see cref="ToString"/>. Returns null if it is invalid or has fewer than <see cref="MinimumIterations"/>.
    /// </summary>
    public static PasswordHash? Parse(string text)
    {
        var parts = text.Split('$');
        if (
            parts.Length != 4
            || parts[0] != Scheme
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var iterations)
            || iterations is < MinimumIterations or > MaximumIterations
        )
        {
            return null;
        }
        var (salt, hash) = (DecodeBase64(parts[2]), DecodeBase64(parts[3]));
        return salt is { Length: >= SaltLength and <= 64 } && hash is { Length: HashLength } ? new(iterations, salt, hash) : null;
    }

    /// <summary>Returns true if the hash is the password's. The result does not affect the duration, a fraction of a second.</summary>
    public bool Verify(string password) => CryptographicOperations.FixedTimeEquals(Derive(password, _salt, _iterations), _hash);

    /// <summary>Returns the text for the configuration.</summary>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Scheme}${_iterations}${Convert.ToBase64String(_salt)}${Convert.ToBase64String(_hash)}"
        );

    internal static PasswordHash Create(string password, int iterations)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltLength);
        return new(iterations, salt, Derive(password, salt, iterations));
    }

    private static byte[] Derive(string password, byte[] salt, int iterations) =>
        Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), salt, iterations, HashAlgorithmName.SHA256, HashLength);

    private static byte[]? DecodeBase64(string base64)
    {
        var bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out var length) ? bytes[..length] : null;
    }
}
