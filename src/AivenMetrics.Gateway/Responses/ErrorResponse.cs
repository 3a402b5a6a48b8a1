using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.PrometheusApi;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace AivenMetrics.Gateway.Responses;

/// <summary>Writes a <see cref="GatewayError"/> in the form of Prometheus' own errors (Prometheus HTTP API, "Format overview").</summary>
internal static class ErrorResponse
{
    private const string DefaultRetryAfterSeconds = "5";

    /// <summary>Writes the error, unless another response has begun.</summary>
    public static async Task WriteAsync(HttpContext context, GatewayError error)
    {
        var response = context.Response;
        if (response.HasStarted)
        {
            return;
        }

        var body = JsonSerializer.SerializeToUtf8Bytes(
            new ErrorBody("error", error.ErrorType, error.Message),
            ErrorJson.Readable.ErrorBody
        );
        response.StatusCode = error.Status;
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        response.Headers.XContentTypeOptions = "nosniff";
        if (error.Allow is not null)
        {
            response.Headers.Allow = error.Allow;
        }

        if (error.Status == StatusCodes.Status401Unauthorized)
        {
            response.Headers[HeaderNames.WWWAuthenticate] = Authenticator.Challenge(context.Request);
        }

        if (error.RetryAfter is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }
        else if (error.Status == StatusCodes.Status503ServiceUnavailable)
        {
            response.Headers.RetryAfter = DefaultRetryAfterSeconds;
        }

        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.Body.WriteAsync(body, context.RequestAborted);
        }
    }
}

/// <summary>The JSON of a <see cref="GatewayError"/>.</summary>
internal sealed record ErrorBody(string Status, string ErrorType, string Error);

[JsonSerializable(typeof(ErrorBody))]
internal sealed partial class ErrorJson : JsonSerializerContext
{
    /// <summary>
    /// Escapes quotes as <c>\"</c> and not as <c>\u0022</c>, because users read errors in terminals. The errors are not embedded in HTML.
    /// </summary>
    public static ErrorJson Readable { get; } =
        new(
            new JsonSerializerOptions
            {
                PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }
        );
}
