namespace AivenMetrics.Gateway.Routing;

/// <summary>A single-valued parameter of a route, with its description for the API documentation.</summary>
/// <param name="name">The name in a URL or form.</param>
/// <param name="description">The description for the API documentation.</param>
internal sealed class RouteParameter(string name, string description)
{
    public static readonly RouteParameter Time = new("time", "The evaluation time: Unix seconds or RFC 3339. Default: now.");
    public static readonly RouteParameter Start = new("start", "The start of the time range: Unix seconds or RFC 3339.");
    public static readonly RouteParameter End = new("end", "The end of the time range: Unix seconds or RFC 3339.");
    public static readonly RouteParameter Step = new("step", "The resolution step: seconds, or a duration such as 1m.");
    public static readonly RouteParameter Timeout = new("timeout", "The maximum evaluation time: seconds, or a duration such as 30s.");
    public static readonly RouteParameter Limit = new("limit", "The maximum number of results.");
    public static readonly RouteParameter LookbackDelta = new(
        "lookback_delta",
        "The maximum age of a sample: seconds, or a duration such as 5m."
    );
    public static readonly RouteParameter Stats = new("stats", "Set to all to include query statistics.");
    public static readonly RouteParameter Metric = new("metric", "Returns only this metric.");
    public static readonly RouteParameter LimitPerMetric = new("limit_per_metric", "The maximum number of entries per metric.");
    public static readonly RouteParameter State = new("state", "Filters targets by state: active, dropped or any.");
    public static readonly RouteParameter ScrapePool = new("scrapePool", "Returns only targets of this scrape pool.");
    public static readonly RouteParameter MatchTarget = new("match_target", "A label selector that matches targets.");
    public static readonly RouteParameter RuleType = new("type", "Filters rules by type: alert or record.");
    public static readonly RouteParameter ExcludeAlerts = new("exclude_alerts", "Set to true to return rules without their active alerts.");

    /// <summary>The name in a URL or form.</summary>
    public string Name => name;

    /// <summary>The description for the API documentation.</summary>
    public string Description => description;
}
