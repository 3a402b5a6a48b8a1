using System.Net.Http.Headers;
using AivenMetrics.Gateway.PrometheusApi;

namespace AivenMetrics.Gateway.Forwarding;

/// <summary>The class of a response.</summary>
internal enum ResponseClass
{
    /// <summary>A response of the query engine, success or error, for the client.</summary>
    QueryResponse,

    /// <summary>The query engine does not have the path.</summary>
    NotSupported,

    /// <summary>Not a response of a working query engine.</summary>
    Failure,
}

/// <summary>Distinguishes responses of a query engine, which are for the client, from all other responses.</summary>
internal static class ResponseClassifier
{
    /// <summary>
    /// Classifies a response by its expected form and by the statuses that Prometheus uses for queries.
    /// 1. A redirect, a login page or a 404 is not for tenants: the address has no query API, or it rejects the gateway. The exception is a
    /// 404 on a path that some engines do not have.
    /// 2. A 503 is a response of the engine only if it reports that the query timed out or was cancelled. Another server would only repeat
    /// the work.
    /// </summary>
    public static async ValueTask<ResponseClass> ClassifyAsync(
        HttpResponseMessage response,
        ResponseShape shape,
        CancellationToken cancellationToken
    )
    {
        var type = MediaType(response.Content.Headers);
        var status = (int)response.StatusCode;
        if (shape != ResponseShape.RequiredJson && status is 404 or 405 or 501)
        {
            return ResponseClass.NotSupported;
        }
        // VictoriaMetrics responds to an unsupported path with 400 and plain text.
        var isJson = IsJson(type);
        if (shape == ResponseShape.OptionalJson && status == 400 && type == "text/plain")
        {
            return ResponseClass.NotSupported;
        }
        if (shape is ResponseShape.Exposition or ResponseShape.RemoteRead)
        {
            return ClassifyNonJson(status, type, shape);
        }

        return status switch
        {
            // Too many concurrent queries, which another server would not improve. VictoriaMetrics sends plain text.
            429 => ResponseClass.QueryResponse,
            200 or 400 or 422 or 499 or 500 when isJson => ResponseClass.QueryResponse,
            // Prometheus responds with 204 if a query for exemplars contains no series.
            204 when shape == ResponseShape.OptionalJson => ResponseClass.QueryResponse,
            503 or 504 when isJson && await IsQueryTimeoutAsync(response, cancellationToken) => ResponseClass.QueryResponse,
            _ => ResponseClass.Failure,
        };
    }

    /// <summary>
    /// Returns whether a response is buffered before the client receives any of it: an error, whose text may be replaced, or a response for
    /// which the request sets <see cref="UpstreamRequest.MaxBufferedBytes"/>.
    /// </summary>
    public static bool RequiresBuffering(HttpResponseMessage response, UpstreamRequest request, out int lengthMax, out bool isJson)
    {
        if ((int)response.StatusCode >= 400)
        {
            lengthMax = BufferedBody.MaxErrorBytes;
            isJson =
                request.Shape is ResponseShape.RequiredJson or ResponseShape.OptionalJson && IsJson(MediaType(response.Content.Headers));
            return true;
        }

        (lengthMax, isJson) = (request.MaxBufferedBytes ?? 0, true);
        return request.MaxBufferedBytes is not null;
    }

    /// <summary>Returns the media type. The usual type of Prometheus is recognised without parsing.</summary>
    private static string? MediaType(HttpContentHeaders headers) =>
        headers.NonValidated.TryGetValues("Content-Type", out var given) && given.Count == 1 && given.ToString() == "application/json"
            ? "application/json"
            : headers.ContentType?.MediaType;

    /// <summary>VictoriaMetrics uses <c>application/stream+json</c> for range vectors.</summary>
    private static bool IsJson(string? type) => type is "application/json" or "application/stream+json";

    private static ResponseClass ClassifyNonJson(int status, string? type, ResponseShape shape) =>
        (status, type, shape) switch
        {
            (200, "text/plain" or "application/openmetrics-text" or "application/vnd.google.protobuf", ResponseShape.Exposition) =>
                ResponseClass.QueryResponse,
            (200, "application/x-protobuf" or "application/x-streamed-protobuf", ResponseShape.RemoteRead) => ResponseClass.QueryResponse,
            // Plain-text errors of Go's HTTP server, which Prometheus also uses for a remote read that exceeds a limit.
            (400 or 422 or 429 or 500, "text/plain" or "application/json", _) => ResponseClass.QueryResponse,
            _ => ResponseClass.Failure,
        };

    private static async ValueTask<bool> IsQueryTimeoutAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using var error = await BufferedBody.ReadAsync(response, BufferedBody.MaxErrorBytes, isJson: false, cancellationToken);
        return error.Text.AsSpan().IndexOf("\"errorType\":\"timeout\""u8) >= 0
            || error.Text.AsSpan().IndexOf("\"errorType\":\"canceled\""u8) >= 0;
    }
}
