using System.Buffers;
using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Hosting;

/// <summary>
/// Assigns an id to every request, which appears in its log lines and in the response header <c>X-Request-Id</c>. The id is that of the
/// router (<c>X-Vcap-Request-Id</c>) or of the client (<c>X-Request-Id</c>), otherwise a new one. A received id is valid if it has at
/// most 64 letters, digits, '-', '_' or '.'.
/// </summary>
internal static class RequestIds
{
    private const string Header = "X-Request-Id";
    private const int MaximumLength = 64;
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
    );

    public static void UseRequestIds(this WebApplication app)
    {
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("AivenMetrics.Requests");
        app.Use(
            async (HttpContext context, RequestDelegate next) =>
            {
                var id = ValidOrNull(context.Request.Headers["X-Vcap-Request-Id"])
                    ?? ValidOrNull(context.Request.Headers[Header])
                    ?? Activity.Current?.TraceId.ToHexString()
                    ?? ActivityTraceId.CreateRandom().ToHexString();
                context.TraceIdentifier = id;
                context.Response.Headers[Header] = id;
                using (logger.BeginScope(new RequestScope(id)))
                {
                    await next(context);
                }
            }
        );
    }

    private static string? ValidOrNull(string? id) =>
        id is { Length: > 0 and <= MaximumLength } && !id.AsSpan().ContainsAnyExcept(Plain) ? id : null;

    /// <summary>A scope with one value, which needs no array. The JSON formatter writes it as <c>"RequestId":"…"</c>.</summary>
    private sealed class RequestScope(string id) : IReadOnlyList<KeyValuePair<string, object>>
    {
        public int Count => 1;

        public KeyValuePair<string, object> this[int index] =>
            index == 0 ? new("RequestId", id) : throw new ArgumentOutOfRangeException(nameof(index));

        public IEnumerator<KeyValuePair<string, object>> GetEnumerator()
        {
            yield return this[0];
        }

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();

        public override string ToString() => $"RequestId:{id}";
    }
}
