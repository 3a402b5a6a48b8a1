using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace AivenMetrics.Broker.Osb;

/// <summary>HTTP basic authentication of the platform, in constant time.</summary>
internal sealed class PlatformAuthentication(string username, string password)
{
    // Hashes have one length, so comparing them tells nothing, not even how long the right values are.
    private readonly byte[] expected = Hash(username, password);

    /// <summary>The user whose credentials the request carries; null: none of ours.</summary>
    public string? User(HttpRequest request)
    {
        var given = request.Headers.Authorization;
        if (given.Count != 1 || !AuthenticationHeaderValue.TryParse(given[0], out var header)
            || !header.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase) || header.Parameter is null)
            return null;

        var bytes = new byte[header.Parameter.Length];
        if (!Convert.TryFromBase64String(header.Parameter, bytes, out var length))
            return null;
        var parts = Encoding.UTF8.GetString(bytes, 0, length).Split(':', 2);
        return parts.Length == 2 && CryptographicOperations.FixedTimeEquals(Hash(parts[0], parts[1]), expected) ? parts[0] : null;
    }

    // User and password hashed apart: no pair can be shifted into another.
    private static byte[] Hash(string username, string password) =>
        SHA256.HashData([.. SHA256.HashData(Encoding.UTF8.GetBytes(username)), .. SHA256.HashData(Encoding.UTF8.GetBytes(password))]);
}
