using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Acceptance.Gateway;

/// <summary>The nodes of both tenants: <c>/a/metrics</c> and <c>/b/metrics</c>.</summary>
internal static class Exporter
{
    /// <summary>Creates a server on a free loopback port, not started.</summary>
    public static WebApplication Build()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var exporter = builder.Build();
        exporter.MapGet("/{tenant}/metrics", (string tenant, HttpRequest request) =>
        {
            // Only Prometheus 3 accepts any name, and announces it in the Accept header.
            var anyName = request.Headers.Accept.ToString().Contains("escaping=allow-utf-8", StringComparison.Ordinal);
            return Results.Text(
                Text(tenant) + (anyName ? AnyName(tenant) : ""),
                anyName ? "text/plain; version=1.0.0; escaping=allow-utf-8" : "text/plain; version=0.0.4"
            );
        });
        return exporter;
    }

    private static int Value(string tenant) => tenant == "a" ? 1 : 42424242;

    private static string Text(string tenant) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $$"""
            # TYPE only_{{tenant}}_metric gauge
            only_{{tenant}}_metric{secret="of-{{tenant}}"} {{Value(tenant)}}
            # HELP shared_metric Help of-{{tenant}}.
            # TYPE shared_metric gauge
            shared_metric{secret="of-{{tenant}}"} {{Value(tenant)}}
            # TYPE target_info gauge
            target_info{version="of-{{tenant}}"} 1
            # TYPE latency_seconds histogram
            latency_seconds_bucket{secret="of-{{tenant}}",le="1"} {{Value(tenant)}}
            latency_seconds_bucket{secret="of-{{tenant}}",le="+Inf"} {{Value(tenant)}}
            latency_seconds_sum{secret="of-{{tenant}}"} {{Value(tenant)}}
            latency_seconds_count{secret="of-{{tenant}}"} {{Value(tenant)}}

            """
        );

    private static string AnyName(string tenant) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $$"""
            # TYPE "shared.metric" gauge
            {"shared.metric","label.näme"="of-{{tenant}}"} {{Value(tenant)}}
            # TYPE "only.{{tenant}}" gauge
            {"only.{{tenant}}"} {{Value(tenant)}}

            """
        );
}
