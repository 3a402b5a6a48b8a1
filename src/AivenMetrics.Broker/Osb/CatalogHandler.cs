using System.Globalization;
using AivenMetrics.Broker.Catalog;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace AivenMetrics.Broker.Osb;

/// <summary>
/// GET /v2/catalog with the conditions of RFC 9110, 13.1 (osb.md 35): <c>If-None-Match</c> decides when it is there, compared
/// weakly; else <c>If-Modified-Since</c>. A condition that cannot be read is as good as none: 200.
/// </summary>
internal sealed class CatalogHandler
{
    // RFC 9110, 5.6.7: the one that is sent today and the two obsolete ones that are to be understood.
    private static readonly string[] DateFormats =
    [
        "r",
        "dddd, dd-MMM-yy HH:mm:ss 'GMT'",
        "ddd MMM d HH:mm:ss yyyy",
        "ddd MMM  d HH:mm:ss yyyy",
    ];

    private readonly ServiceCatalog _catalog;

    // Platforms ask often and mostly get the same: both answers are made once.
    private readonly Task<OsbResponse> _whole;
    private readonly Task<OsbResponse> _unchanged;

    public CatalogHandler(ServiceCatalog catalog)
    {
        this._catalog = catalog;
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
        // What our own readers send, without a parser's allocations.
        if (tags.Count == 1 && (tags[0] == _catalog.ETag || tags[0] == "*"))
        {
            return true;
        }
        // "*" is a condition by itself, not a member of a list.
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
