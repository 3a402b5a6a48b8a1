using System.Globalization;
using System.Text.Json;

namespace AivenMetrics.Gateway.Responses;

/// <summary>
/// Types and help texts. Both answers are made of what a Prometheus says of each target, because its own summary by metric would mix
/// into a metric of the tenant what another tenant's exporter says of a metric of the same name.
/// </summary>
internal static class MetadataFilter
{
    private static readonly string[] MetadataFields = ["type", "help", "unit"];

    /// <summary>A limit as Prometheus reads it: no number is an error, none or a negative one is no limit.</summary>
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
        _ = TryParseLimit(input.Parameters["limit"], out var limit);
        to.WriteStartArray();
        foreach (var entry in EntriesInScope(input).Take(limit))
        {
            entry.WriteTo(to);
        }
        to.WriteEndArray();
    }

    /// <summary>Writes the data of <c>/api/v1/metadata</c>, sorted by metric, so that a limit always leaves the same ones.</summary>
    public static void WriteByMetric(UpstreamData input, Utf8JsonWriter to)
    {
        _ = TryParseLimit(input.Parameters["limit"], out var limit);
        _ = TryParseLimit(input.Parameters["limit_per_metric"], out var limitPerMetric);
        if (limitPerMetric == 0)
        {
            limitPerMetric = int.MaxValue;
        }

        // With the parameter "metric" a Prometheus leaves the name out.
        var asked = input.Parameters["metric"];
        var byMetric = new SortedDictionary<string, HashSet<(string Type, string Help, string Unit)>>(StringComparer.Ordinal);
        foreach (var entry in EntriesInScope(input))
        {
            var metric = string.IsNullOrEmpty(asked) ? UpstreamData.GetText(entry, "metric") : asked;
            if (!byMetric.TryGetValue(metric, out var said))
            {
                byMetric.Add(metric, said = []);
            }
            said.Add(
                (
                    UpstreamData.GetText(entry, MetadataFields[0]),
                    UpstreamData.GetText(entry, MetadataFields[1]),
                    UpstreamData.GetText(entry, MetadataFields[2])
                )
            );
        }

        to.WriteStartObject();
        foreach (var (metric, said) in byMetric.Take(limit))
        {
            to.WriteStartArray(metric);
            foreach (var (type, help, unit) in said.Take(limitPerMetric))
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
