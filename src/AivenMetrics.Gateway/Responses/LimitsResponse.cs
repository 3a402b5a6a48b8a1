using System.Buffers;
using System.Text.Json;
using AivenMetrics.Gateway.Limits;
using Microsoft.AspNetCore.Http;

namespace AivenMetrics.Gateway.Responses;

/// <summary>
/// The response of <c>/aivenmetrics/v1/limits</c>: the limits of the tenant's plan and their present use on this gateway.
/// </summary>
internal static class LimitsResponse
{
    public static async ValueTask WriteAsync(HttpContext context, TenantUsage usage)
    {
        var account = usage.Account;
        var written = new ArrayBufferWriter<byte>(1024);
        await using (var to = new Utf8JsonWriter(written))
        {
            to.WriteStartObject();
            to.WriteString("status", "success");
            to.WriteStartObject("data");
            to.WriteString("plan", account.Limits.Plan);
            to.WriteStartObject("limits");
            account.Limits.WriteTo(to);
            to.WriteEndObject();
            to.WriteStartObject("in_use");
            to.WriteNumber("concurrent_queries", account.Queries.Active);
            to.WriteNumber("queued_queries", account.Queries.Waiters.Count);
            to.WriteNumber("request_burst", account.RequestRate.UsedTokens());
            to.WriteEndObject();
            to.WriteEndObject();
            to.WriteEndObject();
        }

        context.Response.ContentType = "application/json";
        context.Response.ContentLength = written.WrittenCount;
        await context.Response.Body.WriteAsync(written.WrittenMemory, context.RequestAborted);
    }
}
