using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Primitives;

namespace AivenMetrics.Broker.Osb;

/// <summary>
/// The originating identity (osb.md 9, 129): <c>&lt;platform&gt; &lt;base64 of a JSON object&gt;</c>. It says who asked now and is
/// no part of what is asked for.
/// </summary>
/// <param name="Platform">Such as <c>cloudfoundry</c> or <c>kubernetes</c>.</param>
/// <param name="Json">The object, decoded, in canonical form.</param>
internal sealed record OriginatingIdentity(string Platform, string Json)
{
    /// <summary>Name of the header.</summary>
    public const string Header = "X-Broker-API-Originating-Identity";

    // The audit trail keeps it: a user id with some groups is far smaller.
    private const int MaximumHeaderLength = 16 * 1024;

    private static readonly JsonDocumentOptions NoDuplicateProperties = new() { AllowDuplicateProperties = false };
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>Reads the header; null when it is absent.</summary>
    /// <exception cref="OsbException">It is malformed: 400.</exception>
    public static OriginatingIdentity? Read(StringValues header)
    {
        if (header.Count == 0)
        {
            return null;
        }
        var parts = header.Count == 1 ? header[0]!.Split(' ', StringSplitOptions.RemoveEmptyEntries) : [];
        if (parts.Length != 2 || header[0]!.Length > MaximumHeaderLength)
        {
            throw Malformed();
        }
        try
        {
            using var document = JsonDocument.Parse(StrictUtf8.GetString(Convert.FromBase64String(parts[1])), NoDuplicateProperties);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new(parts[0], OsbFields.CanonicalJson(document.RootElement))
                : throw Malformed();
        }
        catch (Exception e) when (e is FormatException or JsonException or DecoderFallbackException or InvalidOperationException)
        {
            throw Malformed();
        }
    }

    private static OsbException Malformed() =>
        new(OsbErrors.BadRequest($"The header {Header} must be a platform's name, a space and a JSON object in base64, given once."));
}
