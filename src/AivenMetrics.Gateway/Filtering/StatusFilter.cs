using System.Text.Json;
using AivenMetrics.Gateway.Limits;

namespace AivenMetrics.Gateway.Filtering;

/// <summary>The little of the servers' own state that tells a tenant what it can ask.</summary>
internal static class StatusFilter
{
    private const string QueryTimeout = "query.timeout";

    private static readonly string[] Flags =
    [
        "query.lookback-delta", "query.max-samples", QueryTimeout,
        "storage.tsdb.retention", "storage.tsdb.retention.size", "storage.tsdb.retention.time",
    ];

    private static readonly string[] FeatureCategories = ["api", "promql", "promql_functions", "promql_operators", "rules"];

    private static readonly string[] FeaturesOfOperators = ["admin", "lifecycle", "otlp", "remote_write", "search"];

    /// <summary>Writes the data of <c>/api/v1/status/flags</c>, as they are for the tenant: its plan's time for a query, if that is the shorter.</summary>
    public static void WriteFlags(FilterInput input, PlanLimits limits, Utf8JsonWriter to)
    {
        to.WriteStartObject();
        foreach (var flag in Flags)
            if (FilterInput.Text(input.Data, flag) is { Length: > 0 } value)
                to.WriteString(flag, flag == QueryTimeout ? Shorter(value, limits.QueryTimeout) : value);
        to.WriteEndObject();
    }

    private static string Shorter(string flag, TimeSpan limit) =>
        ApiTime.TryDuration(flag, out var nanoseconds, out _) && nanoseconds <= limit.TotalNanoseconds ? flag : ApiTime.Print(limit);

    /// <summary>Writes the data of <c>/api/v1/status/runtimeinfo</c>: since when this gateway runs, and how long samples are kept.</summary>
    public static void WriteRuntimeInfo(FilterInput input, DateTimeOffset started, Utf8JsonWriter to)
    {
        to.WriteStartObject();
        to.WriteString("startTime", started);
        to.WriteBoolean("reloadConfigSuccess", true);
        to.WriteString("lastConfigTime", started);
        to.WriteNumber("corruptionCount", 0);
        to.WriteString("storageRetention", FilterInput.Text(input.Data, "storageRetention"));
        to.WriteEndObject();
    }

    /// <summary>Writes the data of <c>/api/v1/features</c>, without what tenants cannot use.</summary>
    public static void WriteFeatures(FilterInput input, Utf8JsonWriter to)
    {
        to.WriteStartObject();
        foreach (var category in FeatureCategories)
        {
            if (FilterInput.Member(input.Data, category) is not { ValueKind: JsonValueKind.Object } features)
                continue;
            to.WriteStartObject(category);
            foreach (var feature in features.EnumerateObject())
                if (!Array.Exists(FeaturesOfOperators, name => feature.Name.StartsWith(name, StringComparison.Ordinal)))
                    feature.WriteTo(to);
            to.WriteEndObject();
        }

        to.WriteEndObject();
    }
}
