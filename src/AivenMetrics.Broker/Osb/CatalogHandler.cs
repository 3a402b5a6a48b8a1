using System.Globalization;
using AivenMetrics.Broker.Catalog;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace AivenMetrics.Broker.Osb;

/// <summary>
/// Handles GET /v2/catalog with conditional requests (RFC 9110 13.1, docs/osb-conformance.md 35). <c>If-None-Match</c> takes precedence and
/// is compared weakly; otherwise <c>If-Modified-Since</c> applies. Malformed conditions are ignored.
/// </summary>
internal sealed class CatalogHandler
{
    // RFC 9110 5.6.7: the preferred format, and the two obsolete formats that recipients must accept.
    private static readonly string[] DateFormats =
    [
        "r",
        "dddd, dd-MMM-yy HH:mm:ss 'GMT'",
        "ddd MMM d HH:mm:ss yyyy",
        "ddd MMM  d HH:mm:ss yyyy",
    ];

    private readonly ServiceCatalog _catalog;

    // Platforms poll the catalog, and it rarely changes: both responses are created once.
    private readonly Task<OsbResponse> _whole;
    private readonly Task<OsbResponse> _unchanged;

    public CatalogHandler(ServiceCatalog catalog)
    {
        _catalog = catalog;
        var lastModified = catalog.LastModified.ToString("r", CultureInfo.InvariantCulture);
        _whole = Task.FromResult(
            new OsbResponse(StatusCodes.Status200OK, catalog.Body) { ETag = catalog.ETag, LastModified = lastModified }
        );
        _unchanged = Task.FromResult(new OsbResponse(StatusCodes.Status304NotModified, default) { ETag = catalog.ETag });
    }

    public Task<OsbResponse> FetchAsync(OsbRequest request) =>
        IsNotModified(request.IfNoneMatch, request.IfModifiedSince) ? _unchanged : _whole;

    private bool IsNotModified(StringValues tags, StringValues since)
    {
        if (tags.Count == 0)
        {
            return since.Count == 1 && IsNotModifiedSince(since[0]!);
        }
        // The form that most clients send, compared without the allocations of a parser.
        if (tags.Count == 1 && (tags[0] == _catalog.ETag || tags[0] == "*"))
        {
            return true;
        }
        // "*" is a condition of its own, not an element of a list.
        return EntityTagHeaderValue.TryParseStrictList(tags!, out var list)
            && list.Any(tag => tag.Tag.Equals(_catalog.ETag, StringComparison.Ordinal));
    }

    private bool IsNotModifiedSince(string date) =>
        DateTimeOffset.TryParseExact(
            date.Trim(),
            DateFormats,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var since
        )
        && since >= _catalog.LastModified;
}
