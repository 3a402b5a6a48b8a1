using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AivenMetrics.Hosting;

/// <summary>
/// The listener for operators and their Prometheus: <c>/healthz</c> (the process runs), <c>/readyz</c> (it can do its job, and why
/// not), <c>/metrics</c>, and what a role adds. Connections are told apart by the listener that accepted them, never by a Host header.
/// </summary>
internal static class InternalListener
{
    private sealed record InternalConnection;

    /// <summary>Marks every connection of this listener as internal.</summary>
    public static void MarkInternal(this ListenOptions listener) =>
        listener.Use(next =>
            connection =>
            {
                connection.Features.Set(new InternalConnection());
                return next(connection);
            }
        );

    /// <summary>Answers internal connections here; nothing of the role is reachable through them, nor they through the role.</summary>
    public static void UseInternalListener(this WebApplication app, Action<IApplicationBuilder>? more = null) =>
        app.MapWhen(
            context => context.Features.Get<InternalConnection>() is not null,
            branch =>
            {
                // Writing all metrics takes long enough to be in the way of requests (see SocketThreads).
                branch.Use(
                    async (HttpContext context, RequestDelegate next) =>
                    {
                        await Task.Yield();
                        await next(context);
                    }
                );
                branch.UseHealthChecks("/healthz", new HealthCheckOptions { Predicate = _ => false });
                branch.UseHealthChecks("/readyz", new HealthCheckOptions { ResponseWriter = WriteReportAsync });
                // Before /metrics, which takes all paths below it.
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
