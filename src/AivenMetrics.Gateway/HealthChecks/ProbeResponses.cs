using System.Buffers;
using System.Globalization;
using System.Text.Json;
using AivenMetrics.Gateway.Configuration;

namespace AivenMetrics.Gateway.HealthChecks;

/// <summary>The reported age of the newest sample.</summary>
/// <param name="Age">The age; null if there are no samples.</param>
internal readonly record struct ReportedSampleAge(TimeSpan? Age);

/// <summary>Parses the responses to the gateway's own requests. A response in an unexpected form yields null.</summary>
internal static class ProbeResponses
{
    /// <summary>The version that every VictoriaMetrics reports.</summary>
    private const string VictoriaMetricsVersion = "2.24.0";

    private static readonly SearchValues<char> VersionCharacters = SearchValues.Create("0123456789.");

    /// <summary>Returns whether a response is a JSON object, as every response of the query API.</summary>
    public static bool IsJsonObject(ReadOnlySpan<byte> response)
    {
        using var json = Read(response);
        return json?.RootElement.ValueKind == JsonValueKind.Object;
    }

    /// <summary>
    /// Returns major, minor and patch version of build information, without the suffixes of distributions; null if there is no version.
    /// </summary>
    public static string? ParseVersion(ReadOnlySpan<byte> buildInfo)
    {
        if (Read(buildInfo) is not { } json)
        {
            return null;
        }
        using (json)
        {
            if (Data(json) is not { } data || !data.TryGetProperty("version", out var version) || version.ValueKind != JsonValueKind.String)
            {
                return null;
            }
            var text = Text(version).TrimStart('v');
            var end = text.AsSpan().IndexOfAnyExcept(VersionCharacters);
            return System.Version.TryParse(end < 0 ? text : text[..end], out var parsed)
                ? $"{parsed.Major}.{parsed.Minor}.{Math.Max(0, parsed.Build)}"
                : null;
        }
    }

    /// <summary>
    /// Returns the engine of build information; null if it is not certain. VictoriaMetrics reports only a version of Prometheus. Prometheus
    /// and programs that are based on its code also report their version of Go.
    /// </summary>
    public static QueryEngine? DetectEngine(ReadOnlySpan<byte> buildInfo)
    {
        if (Read(buildInfo) is not { } json)
        {
            return null;
        }
        using (json)
        {
            if (Data(json) is not { } data || Member(data, "version") is not { ValueKind: JsonValueKind.String } version)
            {
                return null;
            }
            if (Member(data, "goVersion") is { ValueKind: JsonValueKind.String } go && Text(go).StartsWith("go", StringComparison.Ordinal))
            {
                return QueryEngine.Prometheus;
            }
            return Text(version) == VictoriaMetricsVersion && data.GetPropertyCount() == 1 ? QueryEngine.VictoriaMetrics : null;
        }
    }

    /// <summary>Parses the response to <see cref="HealthQueries.NewestSampleAge"/>. Returns null if the form is unexpected.</summary>
    public static ReportedSampleAge? ParseSampleAge(ReadOnlySpan<byte> response)
    {
        if (Read(response) is not { } json)
        {
            return null;
        }
        using (json)
        {
            if (Series(json) is not { } series)
            {
                return null;
            }
            if (series.GetArrayLength() == 0)
            {
                return new(null);
            }
            return Member(series[0], "value") is { } sample && Seconds(sample, 1) is { } age
                ? new(TimeSpan.FromSeconds(Math.Clamp(age, 0, TimeSpan.FromDays(1).TotalSeconds)))
                : null;
        }
    }

    /// <summary>
    /// Parses the response to <see cref="HealthQueries.NewestSamples"/>: the time of the newest sample by grid time, both in milliseconds
    /// since 1970. Returns null if the form is unexpected.
    /// </summary>
    public static Dictionary<long, long>? ParseNewestSamples(ReadOnlySpan<byte> response)
    {
        if (Read(response) is not { } json)
        {
            return null;
        }
        using (json)
        {
            if (Series(json) is not { } series)
            {
                return null;
            }
            var newest = new Dictionary<long, long>();
            foreach (var one in series.EnumerateArray())
            {
                if (Member(one, "values") is { ValueKind: JsonValueKind.Array } values)
                {
                    foreach (var sample in values.EnumerateArray())
                    {
                        if (Seconds(sample, 0) is { } at && Seconds(sample, 1) is { } sampled)
                        {
                            newest[(long)Math.Round(at * 1000)] = (long)Math.Round(sampled * 1000);
                        }
                    }
                }
            }
            return newest;
        }
    }

    private static double? Seconds(JsonElement sample, int index)
    {
        if (sample.ValueKind != JsonValueKind.Array || sample.GetArrayLength() <= index)
        {
            return null;
        }
        return
            double.TryParse(Text(sample[index]), NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
            && double.IsFinite(seconds)
            ? seconds
            : null;
    }

    /// <summary>
    /// Returns a number or the text of a string without unescaping it. Numbers and versions need no escapes, and the raw text is always
    /// readable.
    /// </summary>
    private static string Text(JsonElement value) => value.GetRawText().Trim('"');

    private static JsonElement? Series(JsonDocument json) =>
        Data(json) is { } data && Member(data, "result") is { ValueKind: JsonValueKind.Array } result ? result : null;

    private static JsonElement? Data(JsonDocument json) =>
        Member(json.RootElement, "data") is { ValueKind: JsonValueKind.Object } data ? data : null;

    private static JsonElement? Member(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var member) ? member : null;

    private static JsonDocument? Read(ReadOnlySpan<byte> text)
    {
        try
        {
            var reader = new Utf8JsonReader(text);
            return JsonDocument.ParseValue(ref reader);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
