using System.Globalization;
using System.Text.Json;

namespace AivenMetrics.Gateway.Filtering;

/// <summary>
/// Types and help texts. Both answers are made of what a Prometheus says of each target, because its own summary by metric would mix
/// into a metric of the tenant what another tenant's exporter says of a metric of the same name.
/// </summary>
internal static class MetadataFilter
{
    private static readonly string[] Plain = ["type", "help", "unit"];

    /// <summary>A limit as Prometheus reads it: no number is an error, none or a negative one is no limit.</summary>
    public static bool IsLimit(string? text, out int limit)
    {
        limit = int.MaxValue;
        if (string.IsNullOrEmpty(text))
            return true;
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var given))
            return false;
        limit = given < 0 ? int.MaxValue : given;
        return true;
    }

    /// <summary>Writes the data of <c>/api/v1/targets/metadata</c>.</summary>
    public static void WriteByTarget(FilterInput input, Utf8JsonWriter to)
    {
        _ = IsLimit(input.Parameters["limit"], out var limit);
        to.WriteStartArray();
        foreach (var entry in OwnEntries(input).Take(limit))
            entry.WriteTo(to);
        to.WriteEndArray();
    }

    /// <summary>Writes the data of <c>/api/v1/metadata</c>, sorted by metric, so that a limit always leaves the same ones.</summary>
    public static void WriteByMetric(FilterInput input, Utf8JsonWriter to)
    {
        _ = IsLimit(input.Parameters["limit"], out var limit);
        _ = IsLimit(input.Parameters["limit_per_metric"], out var limitPerMetric);
        if (limitPerMetric == 0)
            limitPerMetric = int.MaxValue;

        // With the parameter "metric" a Prometheus leaves the name out.
        var asked = input.Parameters["metric"];
        var byMetric = new SortedDictionary<string, HashSet<(string Type, string Help, string Unit)>>(StringComparer.Ordinal);
        foreach (var entry in OwnEntries(input))
        {
            var metric = string.IsNullOrEmpty(asked) ? FilterInput.Text(entry, "metric") : asked;
            if (!byMetric.TryGetValue(metric, out var said))
                byMetric.Add(metric, said = []);
            said.Add((FilterInput.Text(entry, Plain[0]), FilterInput.Text(entry, Plain[1]), FilterInput.Text(entry, Plain[2])));
        }

        to.WriteStartObject();
        foreach (var (metric, said) in byMetric.Take(limit))
        {
            to.WriteStartArray(metric);
            foreach (var (type, help, unit) in said.Take(limitPerMetric))
            {
                to.WriteStartObject();
                to.WriteString(Plain[0], type);
                to.WriteString(Plain[1], help);
                to.WriteString(Plain[2], unit);
                to.WriteEndObject();
            }

            to.WriteEndArray();
        }

        to.WriteEndObject();
    }

    private static IEnumerable<JsonElement> OwnEntries(FilterInput input) =>
        input.Data.ValueKind == JsonValueKind.Array
            ? input.Data.EnumerateArray().Where(entry => input.Scope.Hold(FilterInput.Member(entry, "target")))
            : [];
}
