using System.Net.Http.Headers;

namespace AivenMetrics.Gateway.Forwarding;

/// <summary>What came back from an address.</summary>
internal enum ResponseClass
{
    /// <summary>The query engine's own answer, be it a success or an error: the client's.</summary>
    QueryResponse,

    /// <summary>The query engine has no such path.</summary>
    NotSupported,

    /// <summary>Not an answer of a query engine that works.</summary>
    Failure,
}

/// <summary>Tells a query engine's answer, which is the client's, from everything else that can come back from an address.</summary>
internal static class ResponseClassifier
{
    /// <summary>
    /// Judges an answer by the shape that was asked for and by a status that Prometheus gives to queries. A redirect, a login page or a
    /// 404 is not for tenants: it means that this is no query API or that the gateway is not let in, unless the path is one that some
    /// engines lack. A 503 is the engine's own only if it says that the query timed out or was cancelled; then another server would
    /// only do the same work again.
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
        // VictoriaMetrics says of a path that it lacks, in bare text, that the request is bad.
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
            // Too many queries at once, which another server would not do the better for: VictoriaMetrics says it in bare text.
            429 => ResponseClass.QueryResponse,
            200 or 400 or 422 or 499 or 500 when isJson => ResponseClass.QueryResponse,
            // Prometheus has no data to show where a query for exemplars names no series.
            204 when shape == ResponseShape.OptionalJson => ResponseClass.QueryResponse,
            503 or 504 when isJson && await IsQueryTimeoutAsync(response, cancellationToken) => ResponseClass.QueryResponse,
            _ => ResponseClass.Failure,
        };
    }

    /// <summary>
    /// Whether an answer is to be read whole before anybody gets anything of it: an error, which may have to be told in other words, and
    /// what is asked for so.
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

    /// <summary>Prometheus' usual type is known without parsing it.</summary>
    private static string? MediaType(HttpContentHeaders headers) =>
        headers.NonValidated.TryGetValues("Content-Type", out var given) && given.Count == 1 && given.ToString() == "application/json"
            ? "application/json"
            : headers.ContentType?.MediaType;

    /// <summary>VictoriaMetrics calls the JSON of a range vector a stream.</summary>
    private static bool IsJson(string? type) => type is "application/json" or "application/stream+json";

    private static ResponseClass ClassifyNonJson(int status, string? type, ResponseShape shape) =>
        (status, type, shape) switch
        {
            (200, "text/plain" or "application/openmetrics-text" or "application/vnd.google.protobuf", ResponseShape.Exposition) =>
                ResponseClass.QueryResponse,
            (200, "application/x-protobuf" or "application/x-streamed-protobuf", ResponseShape.RemoteRead) => ResponseClass.QueryResponse,
            // Go's own errors, which Prometheus uses here: also for a remote read that asks for too much.
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
