using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.Forwarding;
using AivenMetrics.Gateway.PrometheusApi;
using AivenMetrics.Gateway.Requests;
using AivenMetrics.Gateway.Routing;
using AivenMetrics.PromQL;
using Microsoft.AspNetCore.Http;

namespace AivenMetrics.Gateway.Responses;

/// <summary>Responses that need no Prometheus server.</summary>
internal sealed class LocalResponses(CredentialStore credentials, DestinationPool destinations)
{
    /// <summary>Whether credentials are loaded and a Prometheus server is usable.</summary>
    public bool IsReady => credentials.Current is not null && destinations.AnyUsable;

    /// <summary>Writes the response of a route that the gateway serves itself.</summary>
    /// <returns>The error, if there is no response; null otherwise.</returns>
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
                // Without match[] the response is empty, in the format that every client accepts.
                await WriteTextAsync(context, StatusCodes.Status200OK, "", "text/plain; version=0.0.4; charset=utf-8");
                return null;
            default:
                throw new InvalidOperationException($"The gateway does not serve the route kind {route.Kind} itself.");
        }
    }

    /// <summary>
    /// Responds to a forwarded route that the engine does not have. If clients expect the path, the response is that of an engine without
    /// data.
    /// </summary>
    /// <returns>The error, if there is no response; null otherwise.</returns>
    public static async ValueTask<GatewayError?> WriteSubstituteAsync(HttpContext context, GatewayRequest request)
    {
        if (request.Route.Kind is not (RouteKind.UnscopedExpression or RouteKind.Expression))
        {
            return GatewayError.NotSupported;
        }

        var (expression, error) = request.ParseExpression();
        if (expression is null)
        {
            return error;
        }

        var body =
            request.Route.Kind == RouteKind.UnscopedExpression
                ? JsonSerializer.SerializeToUtf8Bytes(
                    new FormatQueryResponse("success", Printer.Print(expression)),
                    LocalResponsesJson.Readable.FormatQueryResponse
                )
                : """{"status":"success","data":[]}"""u8.ToArray();
        await WriteJsonAsync(context, body);
        return null;
    }

    /// <summary>
    /// Writes the lowest version of the servers in the form of Prometheus. The response has no <c>features</c> key: with one, Grafana
    /// treats the server as a Mimir with a ruler.
    /// </summary>
    private async ValueTask<GatewayError?> WriteBuildInfoAsync(HttpContext context)
    {
        if (destinations.LowestVersion() is not { } version)
        {
            return GatewayError.UpstreamUnavailable;
        }

        var response = new BuildInfoResponse("success", new BuildInfo(version, ForwardedHeaders.Revision, "aiven-metrics", "", "", ""));
        await WriteJsonAsync(context, JsonSerializer.SerializeToUtf8Bytes(response, LocalResponsesJson.Default.BuildInfoResponse));
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

/// <summary>The data of <see cref="BuildInfoResponse"/>.</summary>
internal sealed record BuildInfo(string Version, string Revision, string Branch, string BuildUser, string BuildDate, string GoVersion);

/// <summary>The JSON of <c>/api/v1/format_query</c>.</summary>
internal sealed record FormatQueryResponse(string Status, string Data);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(BuildInfoResponse))]
[JsonSerializable(typeof(FormatQueryResponse))]
internal sealed partial class LocalResponsesJson : JsonSerializerContext
{
    /// <summary>Escapes quotes as <c>\"</c>, as Prometheus does.</summary>
    public static LocalResponsesJson Readable { get; } =
        new(
            new JsonSerializerOptions
            {
                PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }
        );
}
