using System.Collections.Frozen;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Routing;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace AivenMetrics.Gateway.Pipeline;

/// <summary>
/// Allows pages of the configured origins to read responses. For any other origin there are no headers, and its browser blocks the
/// response. Cookies are not involved: a page sends a credential itself.
/// </summary>
internal sealed class CorsPolicy(GatewayOptions options)
{
    private readonly FrozenSet<string> _origins = options.CorsOrigins.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Adds the headers that allow a page of a configured origin to read the response.</summary>
    public void AddHeaders(HttpContext context)
    {
        if (_origins.Count == 0)
        {
            return;
        }
        var response = context.Response.Headers;
        response.Vary = HeaderNames.Origin;
        if (!IsAllowedOrigin(context.Request, out var origin))
        {
            return;
        }
        response.AccessControlAllowOrigin = origin;
        response.AccessControlExposeHeaders = "X-AivenMetrics-Instance, Retry-After";
    }

    /// <summary>Responds to OPTIONS with the methods of the path and, for a configured origin, with the allowed headers.</summary>
    public void WritePreflight(HttpContext context, Route route)
    {
        var response = context.Response;
        response.StatusCode = StatusCodes.Status204NoContent;
        response.Headers.Allow = route.AllowedMethods;
        if (_origins.Count == 0 || !IsAllowedOrigin(context.Request, out _))
        {
            return;
        }
        response.Headers.AccessControlAllowMethods = route.AllowedMethods;
        response.Headers.AccessControlAllowHeaders = "Accept, Authorization, Content-Type";
        response.Headers.AccessControlMaxAge = "600";
    }

    private bool IsAllowedOrigin(HttpRequest request, out string origin)
    {
        origin = request.Headers.Origin is { Count: 1 } given ? given[0]! : "";
        return _origins.Contains(origin);
    }
}
