using System.Globalization;
using System.Text;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Limits;
using Microsoft.AspNetCore.Http;

namespace AivenMetrics.Gateway.Responses;

/// <summary>
/// Exposes the usage of the tenants for Prometheus to scrape. The labels contain values of each tenant's scope, so that a tenant's series
/// are in its own scope and in no other. Samples have no timestamps and are read at the time of the scrape.
/// </summary>
internal sealed class TenantMetricsEndpoint(TenantRegistry ledger, GatewayOptions options)
{
    private const string Type = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>The number of active tenants without series: beyond the maximum, or with a scope that gives no labels.</summary>
    public int NotExported => Math.Max(0, ledger.Usages.Count - Exported().Count);

    /// <summary>Responds to a scrape.</summary>
    public Task WriteAsync(HttpContext context)
    {
        context.Response.ContentType = Type;
        return context.Response.WriteAsync(Render(), context.RequestAborted);
    }

    /// <summary>Returns the text of a scrape.</summary>
    internal string Render()
    {
        var usages = Exported();
        var text = new StringBuilder();
        AppendHeader(text, "aivenmetrics_tenant_requests_total", "counter", "Completed requests by status class.");
        foreach (var usage in usages)
        {
            for (var digit = 1; digit < usage.RequestsByStatusClass.Length; digit++)
            {
                if (usage.RequestsByStatusClass[digit] is > 0 and var count)
                {
                    AppendSample(text, "aivenmetrics_tenant_requests_total", "", usage, $",code=\"{digit}xx\"", count);
                }
            }
        }
        AppendHeader(text, "aivenmetrics_tenant_request_seconds", "summary", "Time that requests took, with waiting.");
        foreach (var usage in usages)
        {
            AppendSample(text, "aivenmetrics_tenant_request_seconds", "_sum", usage, "", usage.Duration.TotalSeconds);
            AppendSample(text, "aivenmetrics_tenant_request_seconds", "_count", usage, "", Sum(usage.RequestsByStatusClass));
        }

        AppendHeader(text, "aivenmetrics_tenant_response_bytes_total", "counter", "Bytes of response bodies.");
        foreach (var usage in usages)
        {
            AppendSample(text, "aivenmetrics_tenant_response_bytes_total", "", usage, "", usage.Bytes);
        }
        AppendHeader(
            text,
            "aivenmetrics_tenant_refusals_total",
            "counter",
            "Requests that this gateway refused, by reason; limits are reasons."
        );
        foreach (var usage in usages)
        {
            foreach (var (reason, count) in usage.RejectionsByReason())
            {
                AppendSample(text, "aivenmetrics_tenant_refusals_total", "", usage, $",reason=\"{reason}\"", count);
            }
        }
        AppendHeader(text, "aivenmetrics_tenant_open_requests", "gauge", "Requests in progress, including waiting ones.");
        foreach (var usage in usages)
        {
            AppendSample(text, "aivenmetrics_tenant_open_requests", "", usage, "", usage.OpenRequests);
        }
        AppendHeader(text, "aivenmetrics_tenant_concurrent_queries_limit", "gauge", "Queries that may run at once.");
        foreach (var usage in usages)
        {
            AppendSample(text, "aivenmetrics_tenant_concurrent_queries_limit", "", usage, "", usage.Account.Limits.ConcurrentQueries);
        }
        AppendHeader(text, "aivenmetrics_tenant_requests_per_second_limit", "gauge", "Requests per second that are allowed.");
        foreach (var usage in usages)
        {
            AppendSample(text, "aivenmetrics_tenant_requests_per_second_limit", "", usage, "", usage.Account.Limits.RequestsPerSecond);
        }
        return text.ToString();
    }

    private List<TenantUsage> Exported() =>
        [
            .. ledger
                .Usages.Where(usage => usage.Tenant.UsageLabels is not null)
                .OrderByDescending(usage => usage.LastRequestAt)
                .Take(options.ExportedTenants)
                .OrderBy(usage => usage.Tenant.UsageLabels, StringComparer.Ordinal),
        ];

    private static long Sum(ReadOnlySpan<long> counts)
    {
        var sum = 0L;
        foreach (var count in counts)
        {
            sum += count;
        }
        return sum;
    }

    private static void AppendHeader(StringBuilder text, string name, string type, string help) =>
        text.Append("# HELP ")
            .Append(name)
            .Append(' ')
            .Append(help)
            .Append('\n')
            .Append("# TYPE ")
            .Append(name)
            .Append(' ')
            .Append(type)
            .Append('\n');

    private static void AppendSample(StringBuilder text, string name, string suffix, TenantUsage usage, string more, double value) =>
        text.Append(name)
            .Append(suffix)
            .Append('{')
            .Append(usage.Tenant.UsageLabels)
            .Append(more)
            .Append("} ")
            .Append(CultureInfo.InvariantCulture, $"{value:R}")
            .Append('\n');
}
