using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Primitives;

namespace AivenMetrics.Broker.Osb;

/// <summary>
/// The originating identity (docs/osb-conformance.md 9 and 129): <c>&lt;platform&gt; &lt;base64 of a JSON object&gt;</c>. It identifies the
/// user and is not part of the requested resource.
/// </summary>
/// <param name="Platform">Name of the platform, for example <c>cloudfoundry</c> or <c>kubernetes</c>.</param>
/// <param name="Json">The decoded object, as canonical JSON.</param>
internal sealed record OriginatingIdentity(string Platform, string Json)
{
    /// <summary>Name of the header.</summary>
    public const string Header = "X-Broker-API-Originating-Identity";

    // The value is stored in the audit trail. A user id with some groups is far smaller.
    private const int MaximumHeaderLength = 16 * 1024;

    private static readonly JsonDocumentOptions NoDuplicateProperties = new() { AllowDuplicateProperties = false };
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>Parses the header; null if it is absent.</summary>
    /// <exception cref="OsbException">The header is malformed: 400.</exception>
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
        new(OsbErrors.BadRequest($"The header {Header} must be the name of a platform, a space and a JSON object in base64, sent once."));
}
