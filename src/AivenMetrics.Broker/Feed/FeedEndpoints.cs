using System.Data.Common;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using AivenMetrics.Authentication;
using AivenMetrics.Broker.Api;
using AivenMetrics.Feed;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace AivenMetrics.Broker.Feed;

/// <summary>
/// Endpoints of the feeds. Both return JSON with an entity tag. If <c>If-None-Match</c> contains the current tag, the request waits for a
/// change, for at most the time of <c>Prefer: wait=seconds</c> (maximum 60), and returns 200 or 304.
/// </summary>
internal static partial class FeedEndpoints
{
    private const string PrometheusVersionHeader = "X-AivenMetrics-Prometheus-Version";
    private const int MaximumWaitSeconds = 60;
    private const int RetryAfterSeconds = 5;

    /// <summary>Maps both feeds.</summary>
    public static IEndpointRouteBuilder MapFeed(this IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/feed/v1/targets", (HttpContext context, FeedOptions options, FeedSource<TargetFeed> feed) =>
                HandleAsync(context, options.DiscoveryToken, options.GatewayToken, feed)
            )
            .WithTags("Feed")
            .WithSummary("Scrape targets for Prometheus, for discovery. Requires the token of discovery.")
            .WithSecurity(ApiSecurity.Discovery)
            .Produces<TargetFeed>()
            .Produces(304)
            .WithFeedDocumentation(
                "Returns all scrape targets with labels, CA certificate and scrape credentials.",
                FeedDocumentation.TargetsExample
            );
        routes
            .MapGet("/feed/v1/credentials", (HttpContext context, FeedOptions options, FeedSource<CredentialFeed> feed) =>
                HandleAsync(context, options.GatewayToken, options.DiscoveryToken, feed)
            )
            .WithTags("Feed")
            .WithSummary("Credentials of tenants with their scopes, for gateways. Requires the token of the gateways.")
            .WithSecurity(ApiSecurity.Gateway)
            .WithHeader(
                Feeds.GatewayHeader,
                false,
                "Random id of a gateway process. With If-None-Match, the gateway acknowledges that it applies that version. "
                    + "Binds wait for it."
            )
            .WithHeader(
                PrometheusVersionHeader,
                false,
                "Version of the Prometheus behind the gateway, for example 2.42.0. It is part of tenants' credentials."
            )
            .Produces<CredentialFeed>()
            .Produces(304)
            .WithFeedDocumentation(
                "Returns all live credentials with their scopes. Contains hashes instead of passwords.",
                FeedDocumentation.CredentialsExample
            );
        foreach (var path in (string[])["/feed/v1/targets", "/feed/v1/credentials"])
        {
            routes.Map(path, MethodNotAllowed).ExcludeFromDescription();
        }
        return routes;
    }

    private static async Task<IResult> HandleAsync<T>(HttpContext context, string token, string otherToken, FeedSource<T> feed)
    {
        var given = BearerToken(context.Request);
        if (!TokensEqual(given, token))
        {
            return TokensEqual(given, otherToken)
                ? Error(context, 403, "Forbidden", "This token is for the other feed.")
                : Error(context, 401, "Unauthorized", "Send Authorization: Bearer <token> with the token of this feed.");
        }
        try
        {
            var isGateway = token == context.RequestServices.GetRequiredService<FeedOptions>().GatewayToken;
            if (isGateway)
            {
                await context
                    .RequestServices.GetRequiredService<PrometheusVersionRecorder>()
                    .RecordAsync(context.Request.Headers[PrometheusVersionHeader].ToString(), context.RequestAborted);
            }
            var known = context.Request.GetTypedHeaders().IfNoneMatch;
            var version = await feed.WaitForVersionAsync(
                tag => MatchesETag(known, tag),
                known.Count == 0 ? TimeSpan.Zero : ParseWait(context.Request),
                isGateway ? RecordAcknowledgement(context) : _ => Task.CompletedTask,
                context.RequestAborted
            );
            context.Response.Headers.ETag = version.ETag;
            context.Response.Headers.CacheControl = "private, no-cache";
            return MatchesETag(known, version.ETag) ? Results.StatusCode(304) : Results.Bytes(version.Json, "application/json");
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has disconnected.
            return Results.Empty;
        }
        catch (Exception exception) when (exception is DbException or TimeoutException)
        {
            context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(FeedEndpoints)).FeedNotRead(exception.Message);
            context.Response.Headers.RetryAfter = RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
            return Error(context, 503, "Unavailable", "The broker's database is unavailable. Keep the last good version and retry.");
        }
    }

    private static Func<long?, Task> RecordAcknowledgement(HttpContext context)
    {
        var reports = context.RequestServices.GetRequiredService<GatewayAcknowledgementRecorder>();
        var gateway = context.Request.Headers[Feeds.GatewayHeader].ToString();
        return asOf => reports.RecordAsync(gateway, asOf, context.RequestAborted);
    }

    private static IResult MethodNotAllowed(HttpContext context)
    {
        context.Response.Headers.Allow = "GET";
        return Error(context, 405, "MethodNotAllowed", "The feeds are read with GET.");
    }

    private static IResult Error(HttpContext context, int status, string error, string description)
    {
        if (status == 401)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer realm=\"feed\"";
        }
        context.Response.Headers.CacheControl = "no-store";
        return Results.Json(new Dictionary<string, string> { ["error"] = error, ["description"] = description }, statusCode: status);
    }

    private static string BearerToken(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        return header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header["Bearer ".Length..].Trim() : "";
    }

    // Digests have the same length, so that the comparison takes the same time for every token. An empty token is never valid.
    private static bool TokensEqual(string given, string token) =>
        token.Length > 0 && SecretDigest.Matches(Encoding.UTF8.GetBytes(given), SecretDigest.Compute(token));

    // A proxy may weaken the tag when it compresses the response; it still identifies the same version.
    private static bool MatchesETag(IList<EntityTagHeaderValue> known, string tag) =>
        known.Any(entry => entry.Tag.Equals(tag, StringComparison.Ordinal) || entry.Tag == EntityTagHeaderValue.Any.Tag);

    /// <summary>Parses the preference of RFC 7240. A malformed preference is ignored.</summary>
    private static TimeSpan ParseWait(HttpRequest request)
    {
        foreach (var preference in request.Headers["Prefer"].SelectMany(line => (line ?? "").Split(',')))
        {
            if (WaitPreference().Match(preference) is { Success: true } match)
            {
                return TimeSpan.FromSeconds(
                    Math.Min(
                        int.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
                            ? seconds
                            : MaximumWaitSeconds,
                        MaximumWaitSeconds
                    )
                );
            }
        }
        return TimeSpan.Zero;
    }

    [GeneratedRegex("""^\s*wait\s*=\s*"?([0-9]+)"?\s*(;.*)?$""", RegexOptions.IgnoreCase)]
    private static partial Regex WaitPreference();
}
