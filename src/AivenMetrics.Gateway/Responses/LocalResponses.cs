using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.Forwarding;
using AivenMetrics.Gateway.PrometheusApi;
using AivenMetrics.Gateway.Requests;
using AivenMetrics.Gateway.Routing;
using AivenMetrics.Gateway.Scoping;
using Microsoft.AspNetCore.Http;

namespace AivenMetrics.Gateway.Responses;

/// <summary>The answers that need no Prometheus.</summary>
internal sealed class LocalResponses(CredentialStore tenants, DestinationPool destinations)
{
    /// <summary>True when tenants are known and a Prometheus is usable.</summary>
    public bool IsReady => tenants.Current is not null && destinations.AnyUsable;

    /// <summary>Answers one of the routes with such a treatment, or says why not.</summary>
    public async ValueTask<GatewayError?> WriteAsync(HttpContext context, Route route)
    {
        switch (route.Kind)
        {
            case RouteKind.Healthy:
                await WriteTextAsync(context, StatusCodes.Status200OK, "Healthy.\n");
                return null;
            case RouteKind.Ready:
                var (status, text) = IsReady
                    ? (StatusCodes.Status200OK, "Ready.\n")
                    : (StatusCodes.Status503ServiceUnavailable, "Not ready.\n");
                await WriteTextAsync(context, status, text);
                return null;
            case RouteKind.BuildInfo:
                return await WriteBuildInfoAsync(context);
            case RouteKind.Alertmanagers:
                await WriteJsonAsync(
                    context,
                    """{"status":"success","data":{"activeAlertmanagers":[],"droppedAlertmanagers":[]}}"""u8.ToArray()
                );
                return null;
            case RouteKind.Federation:
                // Without match[]: nothing, in the format that all readers know.
                await WriteTextAsync(context, StatusCodes.Status200OK, "", "text/plain; version=0.0.4; charset=utf-8");
                return null;
            default:
                throw new InvalidOperationException($"{route.Kind} is not answered by the gateway itself.");
        }
    }

    /// <summary>
    /// Answers a route that is forwarded, and that the engine lacks, as an engine would that has it and holds nothing; or says that it is
    /// not offered.
    /// </summary>
    public static async ValueTask<GatewayError?> WriteSubstituteAsync(HttpContext context, Route route, RequestParameters parameters)
    {
        if (route.Kind is not (RouteKind.UnscopedExpression or RouteKind.Expression))
        {
            return GatewayError.NotSupported;
        }
        var (printed, refusal) = ScopedRequestFactory.PrintExpression(parameters);
        if (printed is null)
        {
            return refusal;
        }
        var body =
            route.Kind == RouteKind.UnscopedExpression
                ? JsonSerializer.SerializeToUtf8Bytes(
                    new FormatQueryResponse("success", printed),
                    LocalResponsesJson.Readable.FormatQueryResponse
                )
                : """{"status":"success","data":[]}"""u8.ToArray();
        await WriteJsonAsync(context, body);
        return null;
    }

    /// <summary>
    /// The servers' version in Prometheus' shape. There is no <c>features</c> key, because Grafana takes any feature there for a Mimir
    /// with a ruler.
    /// </summary>
    private async ValueTask<GatewayError?> WriteBuildInfoAsync(HttpContext context)
    {
        if (destinations.LowestVersion() is not { } version)
        {
            return GatewayError.UpstreamUnavailable;
        }
        var answer = new BuildInfoResponse("success", new BuildInfo(version, ForwardedHeaders.Revision, "aiven-metrics", "", "", ""));
        var body = JsonSerializer.SerializeToUtf8Bytes(answer, LocalResponsesJson.Default.BuildInfoResponse);
        await WriteJsonAsync(context, body);
        return null;
    }

    private static async ValueTask WriteJsonAsync(HttpContext context, byte[] body)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    private static async ValueTask WriteTextAsync(HttpContext context, int status, string text, string type = "text/plain; charset=utf-8")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.ContentLength = text.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.WriteAsync(text, context.RequestAborted);
        }
    }
}

/// <summary>The JSON of <c>/api/v1/status/buildinfo</c>.</summary>
internal sealed record BuildInfoResponse(string Status, BuildInfo Data);

/// <summary>Its data.</summary>
internal sealed record BuildInfo(string Version, string Revision, string Branch, string BuildUser, string BuildDate, string GoVersion);

/// <summary>The JSON of <c>/api/v1/format_query</c>.</summary>
internal sealed record FormatQueryResponse(string Status, string Data);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(BuildInfoResponse))]
[JsonSerializable(typeof(FormatQueryResponse))]
internal sealed partial class LocalResponsesJson : JsonSerializerContext
{
    /// <summary>Quotes are escaped as <c>\"</c>, as in the answers of Prometheus.</summary>
    public static LocalResponsesJson Readable { get; } =
        new(
            new JsonSerializerOptions
            {
                PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }
        );
}
