using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.Forwarding;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace AivenMetrics.Gateway.PrometheusApi;

/// <summary>An answer that says no, in the shape of Prometheus' own errors.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="ErrorType">Prometheus' <c>errorType</c>.</param>
/// <param name="Message">What was wrong and what to do; shown to the client, so without secrets or internal names.</param>
/// <param name="Reason">The same in one word for the metrics: a bounded set.</param>
/// <param name="Allow">The <c>Allow</c> header of a 405.</param>
internal sealed record GatewayError(int Status, string ErrorType, string Message, string Reason, string? Allow = null)
{
    /// <summary>The <c>Retry-After</c> header in seconds, null for none; a 503 has one of 5 anyway.</summary>
    public int? RetryAfter { get; init; }

    // The catalogue: every refusal that does not depend on what exactly was sent.
    public static readonly GatewayError NotFound = new(
        404,
        "not_found",
        "there is no such path here: this gateway serves the query API of Prometheus (/api/v1/query, query_range, series, labels and others), "
            + "/api/v1/read, /federate and /aivenmetrics/v1/explain",
        "not_found"
    );
    public static readonly GatewayError MalformedTarget = new(
        404,
        "not_found",
        "the path is not one this gateway takes: no dot segments, encoded separators, backslashes or path parameters",
        "malformed_target"
    );
    public static readonly GatewayError WritesForbidden = new(
        403,
        "forbidden",
        "this endpoint is read-only: writing and administration are not for tenants",
        "forbidden"
    );
    public static readonly GatewayError OperatorOnly = new(
        403,
        "forbidden",
        "this path is for the operator of the metrics store only",
        "forbidden"
    );
    public static readonly GatewayError ExposesOtherTenants = new(
        403,
        "forbidden",
        "this path would show what belongs to other tenants and is not served",
        "forbidden"
    );
    public static readonly GatewayError NotSupported = new(
        404,
        "not_found",
        "the metrics store behind this gateway, or its version, does not offer this path",
        "not_offered"
    );
    public static readonly GatewayError Unauthenticated = new(
        401,
        "unauthorized",
        "missing or wrong credentials: send the username and password of your binding as basic authentication, or its bearer_token",
        "unauthenticated"
    );
    public static readonly GatewayError CredentialsNotLoaded = new(
        503,
        "unavailable",
        "this gateway does not know its tenants yet, so it cannot check your credentials: try again shortly",
        "no_tenants"
    );
    public static readonly GatewayError BodyTooLarge = new(413, "bad_data", "the request body is larger than 1 MiB", "body_too_large");
    public static readonly GatewayError UnsupportedMediaType = new(
        415,
        "bad_data",
        "the request body must be application/x-www-form-urlencoded in UTF-8, without Content-Encoding",
        "media_type"
    );
    public static readonly GatewayError UnsupportedRemoteReadMediaType = new(
        415,
        "bad_data",
        "a remote read must be application/x-protobuf with Content-Encoding: snappy",
        "media_type"
    );
    public static readonly GatewayError UnfilteredResponseTooLarge = new(
        422,
        "execution",
        "the metrics store knows too much to find your part of it: name what you ask for, for example with metric=<name>",
        "too_large"
    );
    public static readonly GatewayError BodyOnGet = BadData(
        "a GET request must not have a body: send its parameters in the URL or use POST"
    );
    public static readonly GatewayError MalformedBody = BadData("the request body is not well formed or ended early");
    public static readonly GatewayError BodyTooSlow = new(
        408,
        "timeout",
        "the request body did not arrive in time: send it without pauses",
        "body_too_slow"
    );
    public static readonly GatewayError UpstreamUnavailable = new(
        503,
        "unavailable",
        "the metrics store is not reachable at the moment: try again shortly",
        "unavailable"
    );
    public static readonly GatewayError UpstreamTimedOut = new(
        504,
        "timeout",
        "the metrics store did not answer in time: ask for a shorter range or a simpler query",
        "timeout"
    );
    public static readonly GatewayError InternalError = new(
        500,
        "internal",
        "the gateway could not handle this request; its operator finds the reason in the log",
        "internal"
    );

    /// <summary>No Prometheus gave an answer.</summary>
    public static GatewayError FromUpstreamFailure(UpstreamFailure failure, DestinationPool destinations) =>
        failure switch
        {
            UpstreamFailure.TimedOut => UpstreamTimedOut,
            UpstreamFailure.NotSupported => NotSupported,
            _ => new(
                503,
                "unavailable",
                $"no server of the metrics store can answer ({destinations.DescribeForTenants()}): try again shortly",
                "unavailable"
            ),
        };

    /// <summary>A Prometheus said no, and its own words are not for the client.</summary>
    public static GatewayError FromUpstream(int status, string errorType, string message) => new(status, errorType, message, "upstream");

    public static GatewayError BadData(string message) => new(400, "bad_data", message, "bad_data");

    public static GatewayError MethodNotAllowed(string allow) =>
        new(405, "method_not_allowed", $"this path takes only {allow}", "method", allow);

    /// <summary>Writes the answer, unless another has begun.</summary>
    public async Task WriteAsync(HttpContext context)
    {
        var response = context.Response;
        if (response.HasStarted)
        {
            return;
        }

        var body = JsonSerializer.SerializeToUtf8Bytes(new ErrorBody("error", ErrorType, Message), ErrorJson.Readable.ErrorBody);
        response.StatusCode = Status;
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        response.Headers.XContentTypeOptions = "nosniff";
        if (Allow is not null)
        {
            response.Headers.Allow = Allow;
        }
        if (Status == StatusCodes.Status401Unauthorized)
        {
            response.Headers[HeaderNames.WWWAuthenticate] = Authenticator.Challenge(context.Request);
        }
        if (RetryAfter is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }
        else if (Status == StatusCodes.Status503ServiceUnavailable)
        {
            response.Headers.RetryAfter = "5";
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
    /// <summary>Quotes are escaped as <c>\"</c> and not as <c>\u0022</c>, because people read these in terminals; nobody embeds them in HTML.</summary>
    public static ErrorJson Readable { get; } =
        new(
            new JsonSerializerOptions
            {
                PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }
        );
}
