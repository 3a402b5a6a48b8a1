using System.Globalization;
using System.Text.Json;
using AivenMetrics.Gateway.Routing;

namespace AivenMetrics.Gateway.Responses;

/// <summary>
/// Filters types and help texts. Both responses are built from the metadata of each target, because Prometheus' own summary by metric would
/// mix the metadata of several tenants' exporters.
/// </summary>
internal static class MetadataFilter
{
    private static readonly string[] MetadataFields = ["type", "help", "unit"];

    /// <summary>
    /// Parses a limit as Prometheus does: text that is no number is an error; an absent or negative number is no limit.
    /// </summary>
    public static bool TryParseLimit(string? text, out int limit)
    {
        limit = int.MaxValue;
        if (string.IsNullOrEmpty(text))
        {
            return true;
        }
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var given))
        {
            return false;
        }
        limit = given < 0 ? int.MaxValue : given;
        return true;
    }

    /// <summary>Writes the data of <c>/api/v1/targets/metadata</c>.</summary>
    public static void WriteByTarget(UpstreamData input, Utf8JsonWriter to)
    {
        _ = TryParseLimit(input.Parameters[RouteParameter.Limit], out var limit);
        to.WriteStartArray();
        foreach (var entry in EntriesInScope(input).Take(limit))
        {
            entry.WriteTo(to);
        }
        to.WriteEndArray();
    }

    /// <summary>Writes the data of <c>/api/v1/metadata</c>, sorted by metric, so that a limit always returns the same metrics.</summary>
    public static void WriteByMetric(UpstreamData input, Utf8JsonWriter to)
    {
        _ = TryParseLimit(input.Parameters[RouteParameter.Limit], out var limit);
        _ = TryParseLimit(input.Parameters[RouteParameter.LimitPerMetric], out var limitPerMetric);
        if (limitPerMetric == 0)
        {
            limitPerMetric = int.MaxValue;
        }

        // With the parameter metric, Prometheus omits the name.
        var selected = input.Parameters[RouteParameter.Metric];
        var byMetric = new SortedDictionary<string, HashSet<(string Type, string Help, string Unit)>>(StringComparer.Ordinal);
        foreach (var entry in EntriesInScope(input))
        {
            var metric = string.IsNullOrEmpty(selected) ? UpstreamData.GetText(entry, "metric") : selected;
            if (!byMetric.TryGetValue(metric, out var entries))
            {
                byMetric.Add(metric, entries = []);
            }
            entries.Add(
                (
                    UpstreamData.GetText(entry, MetadataFields[0]),
                    UpstreamData.GetText(entry, MetadataFields[1]),
                    UpstreamData.GetText(entry, MetadataFields[2])
                )
            );
        }

        to.WriteStartObject();
        foreach (var (metric, entries) in byMetric.Take(limit))
        {
            to.WriteStartArray(metric);
            foreach (var (type, help, unit) in entries.Take(limitPerMetric))
            {
                to.WriteStartObject();
                to.WriteString(MetadataFields[0], type);
                to.WriteString(MetadataFields[1], help);
                to.WriteString(MetadataFields[2], unit);
                to.WriteEndObject();
            }

            to.WriteEndArray();
        }

        to.WriteEndObject();
    }

    private static IEnumerable<JsonElement> EntriesInScope(UpstreamData input) =>
        input.Data.ValueKind == JsonValueKind.Array
            ? input.Data.EnumerateArray().Where(entry => input.Scope.Matches(UpstreamData.GetMember(entry, "target")))
            : [];
}
