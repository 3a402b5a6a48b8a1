using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AivenMetrics.Hosting;

/// <summary>
/// The listener for operators and their Prometheus. It serves <c>/healthz</c> (the process runs), <c>/readyz</c> (whether the role can
/// work, with the reason if not), <c>/metrics</c>, and endpoints of the role. A connection is internal if this listener accepted it,
/// regardless of its Host header.
/// </summary>
internal static class InternalListener
{
    private sealed record InternalConnection;

    /// <summary>Marks every connection of the listener as internal.</summary>
    public static void MarkInternal(this ListenOptions listener) =>
        listener.Use(next =>
            connection =>
            {
                connection.Features.Set(new InternalConnection());
                return next(connection);
            }
        );

    /// <summary>
    /// Serves internal connections. They do not reach the endpoints for clients, and clients do not reach the internal endpoints.
    /// </summary>
    public static void UseInternalListener(this WebApplication app, Action<IApplicationBuilder>? more = null) =>
        app.MapWhen(
            context => context.Features.Get<InternalConnection>() is not null,
            branch =>
            {
                // Writing all metrics takes long enough to delay requests on the same thread (see InlineSocketCompletions).
                branch.Use(
                    async (HttpContext context, RequestDelegate next) =>
                    {
                        await Task.Yield();
                        await next(context);
                    }
                );
                branch.UseHealthChecks("/healthz", new HealthCheckOptions { Predicate = _ => false });
                branch.UseHealthChecks("/readyz", new HealthCheckOptions { ResponseWriter = WriteReportAsync });
                // Must come before /metrics, which handles all paths below it.
                more?.Invoke(branch);
                branch.UseOpenTelemetryPrometheusScrapingEndpoint("/metrics");
                branch.Run(context =>
                {
                    context.Response.StatusCode = StatusCodes.Status404NotFound;
                    return context.Response.WriteAsync("This listener has /healthz, /readyz and /metrics.\n");
                });
            }
        );

    private static async Task WriteReportAsync(HttpContext context, HealthReport report)
    {
        context.Response.ContentType = "application/json";
        using var writer = new Utf8JsonWriter(context.Response.BodyWriter);
        writer.WriteStartObject();
        writer.WriteString("status", report.Status.ToString());
        writer.WriteStartObject("checks");
        foreach ((var name, var entry) in report.Entries)
        {
            writer.WriteStartObject(name);
            writer.WriteString("status", entry.Status.ToString());
            writer.WriteString("description", entry.Description ?? "");
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
        await writer.FlushAsync();
    }
}
