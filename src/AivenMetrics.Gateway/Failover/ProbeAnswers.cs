using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace AivenMetrics.Gateway.Failover;

/// <summary>How old the newest sample is.</summary>
/// <param name="Age">Null if there is none.</param>
internal readonly record struct SaidAge(TimeSpan? Age);

/// <summary>Reads what destinations answer to the gateway's own questions; whatever has another shape than expected says nothing.</summary>
internal static class ProbeAnswers
{
    private static readonly SearchValues<char> VersionCharacters = SearchValues.Create("0123456789.");

    /// <summary>Major, minor and patch of a build information, without what distributions append; null if there is nothing of the kind.</summary>
    public static string? Version(ReadOnlySpan<byte> buildInfo)
    {
        if (Read(buildInfo) is not { } json)
            return null;
        using (json)
        {
            if (Data(json) is not { } data || !data.TryGetProperty("version", out var version) || version.ValueKind != JsonValueKind.String)
                return null;
            var text = version.GetString()!.TrimStart('v');
            var end = text.AsSpan().IndexOfAnyExcept(VersionCharacters);
            return System.Version.TryParse(end < 0 ? text : text[..end], out var parsed)
                ? $"{parsed.Major}.{parsed.Minor}.{Math.Max(0, parsed.Build)}"
                : null;
        }
    }

    /// <summary>The answer to <see cref="SampleQuestions.Age"/>: null: it is no answer.</summary>
    public static SaidAge? Age(ReadOnlySpan<byte> answer)
    {
        if (Read(answer) is not { } json)
            return null;
        using (json)
        {
            if (Series(json) is not { } series)
                return null;
            if (series.GetArrayLength() == 0)
                return new(null);
            return series[0].TryGetProperty("value", out var sample) && Seconds(sample, 1) is { } age
                ? new(TimeSpan.FromSeconds(Math.Clamp(age, 0, TimeSpan.FromDays(1).TotalSeconds)))
                : null;
        }
    }

    /// <summary>
    /// The answer to <see cref="SampleQuestions.Newest"/>: the time of the newest sample by time of the grid, both in milliseconds since
    /// 1970; null: it is no answer.
    /// </summary>
    public static Dictionary<long, long>? Newest(ReadOnlySpan<byte> answer)
    {
        if (Read(answer) is not { } json)
            return null;
        using (json)
        {
            if (Series(json) is not { } series)
                return null;
            var newest = new Dictionary<long, long>();
            foreach (var one in series.EnumerateArray())
                if (one.TryGetProperty("values", out var values) && values.ValueKind == JsonValueKind.Array)
                    foreach (var sample in values.EnumerateArray())
                        if (Seconds(sample, 0) is { } at && Seconds(sample, 1) is { } sampled)
                            newest[(long)Math.Round(at * 1000)] = (long)Math.Round(sampled * 1000);
            return newest;
        }
    }

    private static double? Seconds(JsonElement sample, int index)
    {
        if (sample.ValueKind != JsonValueKind.Array || sample.GetArrayLength() <= index)
            return null;
        var text = sample[index].ValueKind == JsonValueKind.String ? sample[index].GetString() : sample[index].GetRawText();
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && double.IsFinite(seconds) ? seconds : null;
    }

    private static JsonElement? Series(JsonDocument json) =>
        Data(json) is { } data && data.TryGetProperty("result", out var result) && result.ValueKind == JsonValueKind.Array ? result : null;

    private static JsonElement? Data(JsonDocument json) =>
        json.RootElement.ValueKind == JsonValueKind.Object
        && json.RootElement.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Object ? data : null;

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
