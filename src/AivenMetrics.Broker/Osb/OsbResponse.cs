using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace AivenMetrics.Broker.Osb;

/// <summary>A response. It always has a JSON body, except for 304.</summary>
internal sealed record OsbResponse(int Status, ReadOnlyMemory<byte> Body)
{
    private static readonly ReadOnlyMemory<byte> Empty = "{}"u8.ToArray();

    public string? ETag { get; init; }

    /// <summary>Time of the last change, as an HTTP date.</summary>
    public string? LastModified { get; init; }

    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Allowed methods of the path, for 405.</summary>
    public string? Allow { get; init; }

    /// <summary>Creates a response with the body <c>{}</c>.</summary>
    public static OsbResponse EmptyObject(int status) => new(status, Empty);

    public static OsbResponse Json<T>(int status, T value, JsonTypeInfo<T> type) =>
        new(status, JsonSerializer.SerializeToUtf8Bytes(value, type));

    public static OsbResponse Error(OsbError error)
    {
        var body = new ErrorResponse(error.Code, error.Description, error.InstanceUsable, error.UpdateRepeatable);
        return Json(error.Status, body, OsbJson.Wire.ErrorResponse) with { RetryAfter = error.RetryAfter };
    }

    public async Task WriteAsync(HttpContext context)
    {
        var response = context.Response;
        response.StatusCode = Status;
        if (ETag is not null)
        {
            response.Headers.ETag = ETag;
        }
        if (LastModified is not null)
        {
            response.Headers.LastModified = LastModified;
        }
        if (Allow is not null)
        {
            response.Headers.Allow = Allow;
        }
        if (RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = ((int)wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }
        if (Status == StatusCodes.Status401Unauthorized)
        {
            response.Headers.WWWAuthenticate = "Basic realm=\"aiven-metrics broker\", charset=\"UTF-8\"";
        }
        // Responses contain credentials, so they must not be cached.
        response.Headers.CacheControl = ETag is null ? "no-store" : "no-cache";
        if (Status == StatusCodes.Status304NotModified)
        {
            return;
        }
        response.ContentType = "application/json";
        response.ContentLength = Body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.Body.WriteAsync(Body, context.RequestAborted);
        }
    }
}
