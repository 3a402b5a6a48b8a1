using System.Text.Json;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.Gateway.PrometheusApi;

namespace AivenMetrics.Gateway.Responses;

/// <summary>Filters the server status: only values that affect a tenant's queries remain.</summary>
internal static class ServerStatusFilter
{
    private const string QueryTimeout = "query.timeout";

    private static readonly string[] Flags =
    [
        "query.lookback-delta",
        "query.max-samples",
        QueryTimeout,
        "storage.tsdb.retention",
        "storage.tsdb.retention.size",
        "storage.tsdb.retention.time",
    ];

    private static readonly string[] FeatureCategories = ["api", "promql", "promql_functions", "promql_operators", "rules"];

    private static readonly string[] OperatorFeatures = ["admin", "lifecycle", "otlp", "remote_write", "search"];

    /// <summary>
    /// Writes the data of <c>/api/v1/status/flags</c> with the shorter of the server's query timeout and the plan's.
    /// </summary>
    public static void WriteFlags(UpstreamData input, TenantLimits limits, Utf8JsonWriter to)
    {
        to.WriteStartObject();
        foreach (var flag in Flags)
        {
            if (UpstreamData.GetText(input.Data, flag) is { Length: > 0 } value)
            {
                to.WriteString(flag, flag == QueryTimeout ? ShorterTimeout(value, limits.QueryTimeout) : value);
            }
        }
        to.WriteEndObject();
    }

    private static string ShorterTimeout(string flag, TimeSpan limit) =>
        PrometheusTime.TryParseDuration(flag, out var nanoseconds, out _) && nanoseconds <= limit.TotalNanoseconds
            ? flag
            : PrometheusTime.Format(limit);

    /// <summary>
    /// Writes the data of <c>/api/v1/status/runtimeinfo</c>: the start time of this gateway and the retention time of samples.
    /// </summary>
    public static void WriteRuntimeInfo(UpstreamData input, DateTimeOffset started, Utf8JsonWriter to)
    {
        to.WriteStartObject();
        to.WriteString("startTime", started);
        to.WriteBoolean("reloadConfigSuccess", true);
        to.WriteString("lastConfigTime", started);
        to.WriteNumber("corruptionCount", 0);
        to.WriteString("storageRetention", UpstreamData.GetText(input.Data, "storageRetention"));
        to.WriteEndObject();
    }

    /// <summary>Writes the data of <c>/api/v1/features</c>, without features that tenants cannot use.</summary>
    public static void WriteFeatures(UpstreamData input, Utf8JsonWriter to)
    {
        to.WriteStartObject();
        foreach (var category in FeatureCategories)
        {
            if (UpstreamData.GetMember(input.Data, category) is not { ValueKind: JsonValueKind.Object } features)
            {
                continue;
            }
            to.WriteStartObject(category);
            foreach (var feature in features.EnumerateObject())
            {
                if (!Array.Exists(OperatorFeatures, name => feature.Name.StartsWith(name, StringComparison.Ordinal)))
                {
                    feature.WriteTo(to);
                }
            }
            to.WriteEndObject();
        }

        to.WriteEndObject();
    }
}
