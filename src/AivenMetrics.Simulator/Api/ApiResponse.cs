using System.Text.Json.Nodes;

namespace AivenMetrics.Simulator.Api;

/// <summary>A response before it is written.</summary>
/// <param name="Status">The status; 0 closes the connection without a response.</param>
/// <param name="ContentType">The media type.</param>
/// <param name="Body">The body; may be empty.</param>
/// <param name="RetryAfter">Value of the <c>Retry-After</c> header in seconds; null for none.</param>
internal sealed record ApiResponse(int Status, string ContentType, string Body, int? RetryAfter)
{
    /// <summary>Closes the connection without a response.</summary>
    public static ApiResponse Aborted { get; } = new(0, "", "", null);

    public static ApiResponse Json(int status, JsonObject body, int? retryAfter = null) =>
        new(status, "application/json", body.ToJsonString(RequestFields.WriterOptions), retryAfter);

    /// <summary>Creates a response with Aiven's error envelope.</summary>
    public static ApiResponse Error(AivenApiException fault)
    {
        var error = new JsonObject
        {
            ["error_code"] = fault.Code,
            ["message"] = fault.Message,
            ["more_info"] = "https://api.aiven.io/doc/",
            ["status"] = fault.Status,
        };
        return Json(fault.Status, new() { ["errors"] = new JsonArray(error), ["message"] = fault.Message }, fault.RetryAfter);
    }
}
