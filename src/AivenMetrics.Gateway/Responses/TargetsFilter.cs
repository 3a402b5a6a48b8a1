using System.Text.Json;
using AivenMetrics.Gateway.Routing;

namespace AivenMetrics.Gateway.Responses;

/// <summary>
/// Filters targets by their labels. Details of the operator's service discovery and network are removed: file names, addresses of
/// Prometheus and its name servers, users and tokens in URLs.
/// </summary>
internal static class TargetsFilter
{
    private static readonly string[] DiscoveredLabels =
    [
        "__address__",
        "__scheme__",
        "__metrics_path__",
        "__scrape_interval__",
        "__scrape_timeout__",
        "job",
    ];

    private static readonly string[] TargetFields = ["lastScrape", "lastScrapeDuration", "health", "scrapeInterval", "scrapeTimeout"];

    /// <summary>Texts in scrape errors, and their translations for tenants. The first match applies.</summary>
    private static readonly (string Text, string Translation)[] ErrorTranslations =
    [
        ("HTTP status 401", "the node rejected the scrape: HTTP status 401"),
        ("HTTP status 403", "the node rejected the scrape: HTTP status 403"),
        ("HTTP status", "the node responded with an HTTP error"),
        ("connection refused", "connection refused: the node does not listen yet"),
        ("no such host", "the name of the node does not resolve"),
        ("x509", "the certificate of the node is not the expected one"),
        ("tls", "TLS with the node failed"),
        ("deadline exceeded", "the node did not respond in time"),
        ("timeout", "the node did not respond in time"),
        ("no route to host", "the node cannot be reached"),
        ("network is unreachable", "the node cannot be reached"),
        ("connection reset", "the connection was closed"),
        ("EOF", "the connection was closed"),
        ("limit", "the node exposes more samples or labels than Prometheus accepts"),
    ];

    /// <summary>Writes the data of <c>/api/v1/targets</c>.</summary>
    public static void Write(UpstreamData input, Utf8JsonWriter to)
    {
        var state = input.Parameters[RouteParameter.State]?.ToLowerInvariant() ?? "";
        to.WriteStartObject();
        to.WriteStartArray("activeTargets");
        if (state is "" or "any" or "active")
        {
            foreach (var target in input.GetDataList("activeTargets"))
            {
                if (
                    IsSelectedPool(UpstreamData.GetText(target, "scrapePool"), input)
                    && input.Scope.Matches(UpstreamData.GetMember(target, "labels"))
                )
                {
                    WriteActive(target, to);
                }
            }
        }
        to.WriteEndArray();

        // A dropped target has discovered labels only, so that the response contains the number of targets.
        to.WriteStartArray("droppedTargets");
        to.WriteEndArray();
        to.WriteStartObject("droppedTargetCounts");
        if (state is "" or "any" or "dropped")
        {
            foreach (
                var (pool, count) in input
                    .GetDataList("droppedTargets")
                    .Select(t => UpstreamData.GetMember(t, "discoveredLabels"))
                    .Where(input.Scope.Matches)
                    .CountBy(labels => UpstreamData.GetText(labels, "job"))
            )
            {
                if (IsSelectedPool(pool, input))
                {
                    to.WriteNumber(pool, count);
                }
            }
        }
        to.WriteEndObject();
        to.WriteEndObject();
    }

    /// <summary>Translates a scrape error. The original text contains addresses, files and name servers of the operator.</summary>
    internal static string TranslateError(string error)
    {
        if (error.Length == 0)
        {
            return "";
        }
        foreach (var (text, translation) in ErrorTranslations)
        {
            if (error.Contains(text, StringComparison.OrdinalIgnoreCase))
            {
                return translation;
            }
        }
        return "the scrape failed";
    }

    /// <summary>
    /// Returns whether a scrape pool is selected. The gateway applies the parameter, because Prometheus would list its pools in an error.
    /// </summary>
    private static bool IsSelectedPool(string pool, UpstreamData input) =>
        string.IsNullOrEmpty(input.Parameters[RouteParameter.ScrapePool]) || input.Parameters[RouteParameter.ScrapePool] == pool;

    private static void WriteActive(JsonElement target, Utf8JsonWriter to)
    {
        var url = RemoveUserInfo(UpstreamData.GetText(target, "scrapeUrl"));
        to.WriteStartObject();
        to.WriteStartObject("discoveredLabels");
        var discovered = UpstreamData.GetMember(target, "discoveredLabels");
        foreach (var name in DiscoveredLabels)
        {
            if (UpstreamData.GetText(discovered, name) is { Length: > 0 } value)
            {
                to.WriteString(name, value);
            }
        }
        to.WriteEndObject();
        to.WritePropertyName("labels");
        target.GetProperty("labels").WriteTo(to);
        to.WriteString("scrapePool", UpstreamData.GetText(target, "scrapePool"));
        to.WriteString("scrapeUrl", url);
        to.WriteString("globalUrl", url);
        to.WriteString("lastError", TranslateError(UpstreamData.GetText(target, "lastError")));
        foreach (var name in TargetFields)
        {
            if (!target.TryGetProperty(name, out var value))
            {
                continue;
            }
            to.WritePropertyName(name);
            value.WriteTo(to);
        }

        to.WriteEndObject();
    }

    /// <summary>Returns a URL without user, password and query.</summary>
    private static string RemoveUserInfo(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri)
            ? uri.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped)
            : "";
}
