using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace AivenMetrics.Broker.Access;

/// <summary>
/// A password as configuration holds it: <c>pbkdf2-sha256$&lt;iterations&gt;$&lt;salt&gt;$&lt;hash&gt;</c>, salt and hash in base64.
/// PBKDF2 is the framework's own (RFC 8018); 600,000 iterations are what OWASP's password storage page asks for with SHA-256.
/// </summary>
public sealed class PasswordHash
{
    /// <summary>Fewest characters of a password that is hashed.</summary>
    public const int ShortestPassword = 12;

    /// <summary>Most characters of a password that is hashed.</summary>
    public const int LongestPassword = 1024;

    /// <summary>Fewest iterations that are accepted.</summary>
    public const int FewestIterations = 100_000;

    private const string Scheme = "pbkdf2-sha256";
    private const int Iterations = 600_000;
    // More would let a typing error stop the broker for minutes.
    private const int MostIterations = 10_000_000;
    private const int SaltLength = 16;
    private const int HashLength = 32;

    private readonly int iterations;
    private readonly byte[] salt;
    private readonly byte[] hash;

    private PasswordHash(int iterations, byte[] salt, byte[] hash) => (this.iterations, this.salt, this.hash) = (iterations, salt, hash);

    /// <summary>Hashes a password with a fresh salt.</summary>
    /// <param name="password">Without <see cref="Fault"/>.</param>
    public static PasswordHash Of(string password) => Of(password, Iterations);

    /// <summary>What keeps a text from being a password, in a sentence; null: nothing.</summary>
    public static string? Fault(string password) => password switch
    {
        { Length: < ShortestPassword } => $"The password has {password.Length} characters: use at least {ShortestPassword}, better 32 random ones (openssl rand -base64 24).",
        { Length: > LongestPassword } => $"The password has more than {LongestPassword} characters: use a shorter one.",
        _ when password.Any(char.IsControl) => "The password holds a line break or another control character, which HTTP basic authentication cannot carry: leave it out.",
        _ => null,
    };

    /// <summary>Reads the text that <see cref="ToString"/> writes; null when it is none, or has fewer than <see cref="FewestIterations"/>.</summary>
    public static PasswordHash? Parse(string text)
    {
        var parts = text.Split('$');
        if (parts.Length != 4 || parts[0] != Scheme
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var iterations)
            || iterations is < FewestIterations or > MostIterations)
            return null;
        var (salt, hash) = (Bytes(parts[2]), Bytes(parts[3]));
        return salt is { Length: >= SaltLength and <= 64 } && hash is { Length: HashLength } ? new(iterations, salt, hash) : null;
    }

    /// <summary>True when it is a password's hash. Takes the same time whether it is or not, and does so on purpose: fractions of a second.</summary>
    public bool Verify(string password) => CryptographicOperations.FixedTimeEquals(Derive(password, salt, iterations), hash);

    /// <summary>The text for configuration.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Scheme}${iterations}${Convert.ToBase64String(salt)}${Convert.ToBase64String(hash)}");

    internal static PasswordHash Of(string password, int iterations)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltLength);
        return new(iterations, salt, Derive(password, salt, iterations));
    }

    private static byte[] Derive(string password, byte[] salt, int iterations) =>
        Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), salt, iterations, HashAlgorithmName.SHA256, HashLength);

    private static byte[]? Bytes(string base64)
    {
        var bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out var length) ? bytes[..length] : null;
    }
}
