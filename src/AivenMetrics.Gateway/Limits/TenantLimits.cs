using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using AivenMetrics.Gateway.Configuration;

namespace AivenMetrics.Gateway.Limits;

/// <summary>The limits of each tenant of a plan. The members are those of <see cref="TenantLimitsOptions"/>, with their defaults.</summary>
/// <param name="Plan">The name of the plan.</param>
internal sealed record TenantLimits(string Plan)
{
    public int ConcurrentQueries { get; init; } = 10;

    public int QueuedQueries { get; init; } = 50;

    public TimeSpan QueueTime { get; init; } = TimeSpan.FromSeconds(10);

    public int RequestsPerSecond { get; init; } = 50;

    public int RequestBurst { get; init; } = 100;

    public TimeSpan QueryRange { get; init; } = TimeSpan.FromDays(93);

    public int QueryPoints { get; init; } = 11_000;

    public int SubqueryPoints { get; init; } = 250_000;

    public TimeSpan QueryTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The query timeout as the value of a parameter, in seconds.</summary>
    public string QueryTimeoutText { get; private init; } = "60";

    public long ResponseBytes { get; init; } = 256L << 20;

    public int Series { get; init; } = 50_000;

    /// <summary>Returns the limits with the configured values.</summary>
    public TenantLimits ApplyOptions(TenantLimitsOptions options) =>
        this with
        {
            ConcurrentQueries = options.ConcurrentQueries ?? ConcurrentQueries,
            QueuedQueries = options.QueuedQueries ?? QueuedQueries,
            QueueTime = options.QueueTime ?? QueueTime,
            RequestsPerSecond = options.RequestsPerSecond ?? RequestsPerSecond,
            RequestBurst = options.RequestBurst ?? RequestBurst,
            QueryRange = options.QueryRange ?? QueryRange,
            QueryPoints = options.QueryPoints ?? QueryPoints,
            SubqueryPoints = options.SubqueryPoints ?? SubqueryPoints,
            QueryTimeout = options.QueryTimeout ?? QueryTimeout,
            ResponseBytes = options.ResponseBytes ?? ResponseBytes,
            Series = options.Series ?? Series,
            QueryTimeoutText = (options.QueryTimeout ?? QueryTimeout).TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture),
        };

    /// <summary>Writes the limits as members of a JSON object, under the names in errors and warnings.</summary>
    public void WriteTo(Utf8JsonWriter to)
    {
        to.WriteNumber(LimitNames.ConcurrentQueries, ConcurrentQueries);
        to.WriteNumber("queued_queries", QueuedQueries);
        to.WriteNumber("queue_seconds", QueueTime.TotalSeconds);
        to.WriteNumber(LimitNames.RequestsPerSecond, RequestsPerSecond);
        to.WriteNumber("request_burst", RequestBurst);
        to.WriteNumber(LimitNames.QueryRange + "_seconds", QueryRange.TotalSeconds);
        to.WriteNumber(LimitNames.QueryPoints, QueryPoints);
        to.WriteNumber(LimitNames.SubqueryPoints, SubqueryPoints);
        to.WriteNumber(LimitNames.QueryTimeout + "_seconds", QueryTimeout.TotalSeconds);
        to.WriteNumber(LimitNames.ResponseBytes, ResponseBytes);
        to.WriteNumber(LimitNames.Series, Series);
    }
}

/// <summary>The names of limits in errors, warnings, metrics and responses.</summary>
internal static class LimitNames
{
    public const string ConcurrentQueries = "concurrent_queries";
    public const string RequestsPerSecond = "requests_per_second";
    public const string QueryRange = "query_range";
    public const string QueryPoints = "query_points";
    public const string SubqueryPoints = "subquery_points";
    public const string QueryTimeout = "query_timeout";
    public const string ResponseBytes = "response_bytes";
    public const string Series = "series";
    public const string RegexSize = "regex_size";
}

/// <summary>The limits of all plans.</summary>
internal sealed class TenantLimitsProvider
{
    /// <summary>The plan that sets the defaults of all other plans.</summary>
    public const string DefaultPlan = "default";

    private readonly FrozenDictionary<string, TenantLimits> _configured;
    private readonly TenantLimits _fallback;

    public TenantLimitsProvider(GatewayOptions options)
    {
        _fallback = options.Plans.TryGetValue(DefaultPlan, out var given)
            ? new TenantLimits(DefaultPlan).ApplyOptions(given)
            : new TenantLimits(DefaultPlan);
        _configured = options.Plans.ToFrozenDictionary(
            plan => plan.Key,
            plan => (_fallback with { Plan = plan.Key }).ApplyOptions(plan.Value),
            StringComparer.OrdinalIgnoreCase
        );
    }

    /// <summary>Returns the limits of a plan, configured or not.</summary>
    public TenantLimits GetLimits(string plan) => (_configured.TryGetValue(plan, out var limits) ? limits : _fallback) with { Plan = plan };
}
