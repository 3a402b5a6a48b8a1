using System.Collections.Frozen;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.PrometheusApi;
using static AivenMetrics.Gateway.Routing.RouteParameter;

namespace AivenMetrics.Gateway.Routing;

/// <summary>
/// All routes of the gateway. A path in neither list gets a 404 and reaches no server (docs/decisions/0015-a-route-table-of-our-own.md).
/// </summary>
internal static class RouteTable
{
    /// <summary>The place of the label name in a path.</summary>
    public const string LabelNamePlaceholder = "{name}";

    private const string Get = "GET";
    private const string GetOrHead = "GET, HEAD";
    private const string GetOrPost = "GET, POST";

    public static readonly Route InstantQuery = new(
        "/api/v1/query",
        GetOrPost,
        RouteKind.Expression,
        RouteParameter.Time,
        RouteParameter.Timeout,
        Limit,
        LookbackDelta,
        Stats
    )
    {
        Shape = ResponseShape.RequiredJson,
        Limits = ParameterLimits.InstantQuery,
    };

    public static readonly Route RangeQuery = new(
        "/api/v1/query_range",
        GetOrPost,
        RouteKind.Expression,
        Start,
        End,
        Step,
        RouteParameter.Timeout,
        Limit,
        LookbackDelta,
        Stats
    )
    {
        Shape = ResponseShape.RequiredJson,
        Limits = ParameterLimits.RangeQuery,
        IsLight = false,
    };

    public static readonly Route Exemplars = new("/api/v1/query_exemplars", GetOrPost, RouteKind.Expression, Start, End)
    {
        UnsupportedBy = QueryEngine.VictoriaMetrics,
        Limits = ParameterLimits.Times,
        IsLight = false,
    };

    public static readonly Route FormatQuery = new("/api/v1/format_query", GetOrPost, RouteKind.UnscopedExpression)
    {
        UnsupportedBy = QueryEngine.VictoriaMetrics,
    };

    public static readonly Route ParseQuery = new("/api/v1/parse_query", GetOrPost, RouteKind.UnscopedExpression)
    {
        MinVersion = new(3, 0),
        UnsupportedBy = QueryEngine.VictoriaMetrics,
    };

    public static readonly Route Series = new("/api/v1/series", GetOrPost, RouteKind.Selectors, Start, End, Limit)
    {
        Shape = ResponseShape.RequiredJson,
        Limits = ParameterLimits.List,
        WriteMethod = "DELETE",
    };

    public static readonly Route Labels = new("/api/v1/labels", GetOrPost, RouteKind.OptionalSelectors, Start, End, Limit)
    {
        Shape = ResponseShape.RequiredJson,
        Limits = ParameterLimits.List,
    };

    public static readonly Route LabelValues = new(
        $"/api/v1/label/{LabelNamePlaceholder}/values",
        Get,
        RouteKind.OptionalSelectors,
        Start,
        End,
        Limit
    )
    {
        Shape = ResponseShape.RequiredJson,
        Limits = ParameterLimits.List,
    };

    public static readonly Route RemoteRead = new("/api/v1/read", "POST", RouteKind.RemoteRead)
    {
        UnsupportedBy = QueryEngine.VictoriaMetrics,
        Shape = ResponseShape.RemoteRead,
        IsLight = false,
    };

    public static readonly Route Federation = new("/federate", Get, RouteKind.Federation)
    {
        Shape = ResponseShape.Exposition,
        IsLight = false,
    };

    public static readonly Route Metadata = new("/api/v1/metadata", Get, RouteKind.Metadata, Metric, Limit, LimitPerMetric)
    {
        UnsupportedBy = QueryEngine.VictoriaMetrics,
    };

    public static readonly Route Targets = new("/api/v1/targets", Get, RouteKind.Targets, State, ScrapePool);

    public static readonly Route TargetMetadata = new("/api/v1/targets/metadata", Get, RouteKind.TargetMetadata, MatchTarget, Metric, Limit)
    {
        UnsupportedBy = QueryEngine.VictoriaMetrics,
    };

    public static readonly Route Rules = new("/api/v1/rules", Get, RouteKind.Rules, RuleType, ExcludeAlerts);

    public static readonly Route Alerts = new("/api/v1/alerts", Get, RouteKind.Alerts);

    public static readonly Route Alertmanagers = new("/api/v1/alertmanagers", Get, RouteKind.Alertmanagers);

    public static readonly Route BuildInfo = new("/api/v1/status/buildinfo", Get, RouteKind.BuildInfo);

    public static readonly Route Flags = new("/api/v1/status/flags", Get, RouteKind.Flags) { UnsupportedBy = QueryEngine.VictoriaMetrics };

    public static readonly Route RuntimeInfo = new("/api/v1/status/runtimeinfo", Get, RouteKind.RuntimeInfo)
    {
        UnsupportedBy = QueryEngine.VictoriaMetrics,
    };

    public static readonly Route Features = new("/api/v1/features", Get, RouteKind.Features)
    {
        MinVersion = new(3, 9),
        UnsupportedBy = QueryEngine.VictoriaMetrics,
    };

    public static readonly Route Explain = new("/aivenmetrics/v1/explain", GetOrPost, RouteKind.Explain);

    public static readonly Route Services = new("/aivenmetrics/v1/services", Get, RouteKind.Services);

    public static readonly Route TenantLimits = new("/aivenmetrics/v1/limits", Get, RouteKind.Limits);

    public static readonly Route Healthy = new("/-/healthy", GetOrHead, RouteKind.Healthy);

    public static readonly Route Ready = new("/-/ready", GetOrHead, RouteKind.Ready);

    /// <summary>All routes, in the order of the API documentation.</summary>
    public static readonly Route[] Served =
    [
        InstantQuery,
        RangeQuery,
        Exemplars,
        FormatQuery,
        ParseQuery,
        Series,
        Labels,
        LabelValues,
        RemoteRead,
        Federation,
        Metadata,
        Targets,
        TargetMetadata,
        Rules,
        Alerts,
        Alertmanagers,
        BuildInfo,
        Flags,
        RuntimeInfo,
        Features,
        Explain,
        Services,
        TenantLimits,
        Healthy,
        Ready,
    ];

    /// <summary>
    /// Paths of Prometheus that get a 403 with the reason. <c>/*</c> stands for the path itself and everything below it.
    /// </summary>
    public static readonly (string Path, GatewayError Error)[] Forbidden =
    [
        ("/api/v1/write", GatewayError.WritesForbidden),
        ("/api/v1/otlp/*", GatewayError.WritesForbidden),
        ("/api/v1/admin/*", GatewayError.WritesForbidden),
        ("/-/reload", GatewayError.OperatorOnly),
        ("/-/quit", GatewayError.OperatorOnly),
        ("/api/v1/status/config", GatewayError.ExposesOtherTenants),
        ("/api/v1/status/tsdb/*", GatewayError.ExposesOtherTenants),
        ("/api/v1/status/walreplay", GatewayError.ExposesOtherTenants),
        ("/api/v1/status/self_metrics", GatewayError.ExposesOtherTenants),
        ("/api/v1/scrape_pools/*", GatewayError.ExposesOtherTenants),
        ("/api/v1/targets/relabel_steps", GatewayError.ExposesOtherTenants),
        ("/api/v1/notifications/*", GatewayError.ExposesOtherTenants),
    ];

    private static readonly FrozenDictionary<string, Route> ByPath = Served
        .Where(route => !route.HasLabelName)
        .ToFrozenDictionary(route => route.Path, StringComparer.Ordinal);
    private static readonly string[] LabelNameAffixes = LabelValues.Path.Split(LabelNamePlaceholder);

    /// <summary>Returns the route of a request, or the error for a path or method that is not served.</summary>
    public static RouteMatch Find(string method, string path)
    {
        if (ByPath.TryGetValue(path, out var route))
        {
            return route.AllowsMethod(method)
                ? new(route, null, null)
                : new(
                    null,
                    null,
                    method == route.WriteMethod ? GatewayError.WritesForbidden : GatewayError.MethodNotAllowed(route.AllowedMethods)
                );
        }

        if (FindLabelName(path) is { } encoded)
        {
            if (!LabelValues.AllowsMethod(method))
            {
                return new(null, null, GatewayError.MethodNotAllowed(LabelValues.AllowedMethods));
            }

            return LabelNames.Decode(encoded) is { } name ? new(LabelValues, name, null) : new(null, null, GatewayError.InvalidLabelName);
        }

        foreach (var (forbidden, error) in Forbidden)
        {
            if (Matches(forbidden, path))
            {
                return new(null, null, error);
            }
        }

        return new(null, null, GatewayError.NotFound);
    }

    private static string? FindLabelName(string path)
    {
        var (before, after) = (LabelNameAffixes[0], LabelNameAffixes[1]);
        if (
            path.Length <= before.Length + after.Length
            || !path.StartsWith(before, StringComparison.Ordinal)
            || !path.EndsWith(after, StringComparison.Ordinal)
        )
        {
            return null;
        }

        var name = path[before.Length..^after.Length];
        return name.Contains('/', StringComparison.Ordinal) ? null : name;
    }

    private static bool Matches(string pattern, string path) =>
        pattern.EndsWith("/*", StringComparison.Ordinal)
            ? path.AsSpan().StartsWith(pattern.AsSpan(..^2), StringComparison.Ordinal)
                && (path.Length == pattern.Length - 2 || path[pattern.Length - 2] == '/')
            : path == pattern;
}
