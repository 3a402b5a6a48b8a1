using System.Text.Json;

namespace AivenMetrics.Gateway.Responses;

/// <summary>
/// The targets whose labels are in scope. What says how the operator finds and reaches them is left out: file names, addresses of the
/// Prometheus and of its name servers, users and tokens in URLs.
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

    /// <summary>What an error of a scrape says, and how it is told. The first that occurs in it counts.</summary>
    private static readonly (string Sign, string Told)[] ErrorTranslations =
    [
        ("HTTP status 401", "the node refused the scrape: HTTP status 401"),
        ("HTTP status 403", "the node refused the scrape: HTTP status 403"),
        ("HTTP status", "the node answered with an HTTP error"),
        ("connection refused", "connection refused: the node does not listen, or not yet"),
        ("no such host", "the name of the node does not resolve"),
        ("x509", "the certificate of the node is not the expected one"),
        ("tls", "TLS with the node failed"),
        ("deadline exceeded", "the node did not answer in time"),
        ("timeout", "the node did not answer in time"),
        ("no route to host", "the node cannot be reached"),
        ("network is unreachable", "the node cannot be reached"),
        ("connection reset", "the connection broke"),
        ("EOF", "the connection broke"),
        ("limit", "the node exposes more than is taken"),
    ];

    /// <summary>Writes the data of <c>/api/v1/targets</c>.</summary>
    public static void Write(UpstreamData input, Utf8JsonWriter to)
    {
        var state = input.Parameters["state"]?.ToLowerInvariant() ?? "";
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

        // A dropped target has no labels but those it was found with: the tenant learns how many there are.
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

    /// <summary>An error of a scrape in our words; those of Prometheus name its own address, its files and its name servers.</summary>
    internal static string TranslateError(string error)
    {
        if (error.Length == 0)
        {
            return "";
        }
        foreach (var (sign, told) in ErrorTranslations)
        {
            if (error.Contains(sign, StringComparison.OrdinalIgnoreCase))
            {
                return told;
            }
        }
        return "the scrape failed";
    }

    /// <summary>The parameter is applied here: a Prometheus would say which pools there are.</summary>
    private static bool IsSelectedPool(string pool, UpstreamData input) =>
        string.IsNullOrEmpty(input.Parameters["scrapePool"]) || input.Parameters["scrapePool"] == pool;

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

    /// <summary>A URL without user, password and query.</summary>
    private static string RemoveUserInfo(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri)
            ? uri.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped)
            : "";
}
