using System.Collections.Frozen;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Forwarding;
using AivenMetrics.Gateway.PrometheusApi;

namespace AivenMetrics.Gateway.Routing;

/// <summary>What happens to a request of a route.</summary>
internal enum RouteKind
{
    /// <summary>The PromQL expression in <c>query</c> is required and scoped, then forwarded.</summary>
    Expression,

    /// <summary>Each <c>match[]</c> is scoped, then forwarded; without one Prometheus' own 400.</summary>
    Selectors,

    /// <summary>Each <c>match[]</c> is scoped, then forwarded; without one the scope alone is sent.</summary>
    OptionalSelectors,

    /// <summary>Each <c>match[]</c> is scoped, then forwarded; without one the answer is empty, as Prometheus' own.</summary>
    Federation,

    /// <summary>The PromQL expression in <c>query</c> is forwarded as the client means it: the answer is about its text and holds no data.</summary>
    UnscopedExpression,

    /// <summary>The body is decoded, the scope added to the matchers of every query, then forwarded.</summary>
    RemoteRead,

    /// <summary>The types and help texts of the tenant's own targets, by metric.</summary>
    Metadata,

    /// <summary>Those of the targets whose labels are in scope, without what the operator keeps to itself.</summary>
    Targets,

    /// <summary><c>match_target</c> is scoped, then forwarded; the answer is filtered by the targets' labels.</summary>
    TargetMetadata,

    /// <summary>The rules whose own labels are in scope, with the alerts whose labels are.</summary>
    Rules,

    /// <summary>The alerts whose labels are in scope.</summary>
    Alerts,

    /// <summary>Answered here: there are none for tenants.</summary>
    Alertmanagers,

    /// <summary>The few flags that tell a tenant what a query may ask.</summary>
    Flags,

    /// <summary>How long samples are kept, and since when this gateway runs.</summary>
    RuntimeInfo,

    /// <summary>The servers' features, without those of writing and administration.</summary>
    Features,

    /// <summary>What becomes of an expression, with the scope, the limits and the services of the credential.</summary>
    Explain,

    /// <summary>The services that the credential shows, and whether their samples arrive.</summary>
    Services,

    /// <summary>The limits of the credential's plan, and how far they are used up.</summary>
    Limits,

    /// <summary>Answered here from what is known of the servers' version.</summary>
    BuildInfo,

    /// <summary>Answered here, without authentication: the process lives.</summary>
    Healthy,

    /// <summary>Answered here, without authentication: tenants are loaded and a Prometheus is usable.</summary>
    Ready,
}

/// <summary>A path that is served.</summary>
/// <param name="Path">The path, with <c>{name}</c> for a label name.</param>
/// <param name="AllowedMethods">The methods, as the <c>Allow</c> header says them.</param>
/// <param name="Kind">What happens to the request.</param>
/// <param name="Parameters">
/// Single-valued parameters that are forwarded as they are or that the treatment knows; all not named here or by the treatment are dropped.
/// </param>
internal sealed record Route(string Path, string AllowedMethods, RouteKind Kind, params string[] Parameters)
{
    /// <summary>Whether a request must prove to hold a credential.</summary>
    public bool RequiresCredential => Kind is not (RouteKind.Healthy or RouteKind.Ready);

    /// <summary>The first version of Prometheus that has the path; below it, it is not found, as there.</summary>
    public Version? MinVersion { get; init; }

    /// <summary>The engine that does not have the path: the gateway answers as if it had and held nothing, or that it is not offered.</summary>
    public QueryEngine? UnsupportedBy { get; init; }

    /// <summary>Whether <c>query</c> is read.</summary>
    public bool HasExpression { get; } = Kind is RouteKind.Expression or RouteKind.UnscopedExpression or RouteKind.Explain;

    /// <summary>Whether <c>match[]</c> is read.</summary>
    public bool HasSelectors { get; } = Kind is RouteKind.Selectors or RouteKind.OptionalSelectors or RouteKind.Federation;

    /// <summary>Whether a Prometheus' answer is read here and only a part of it passed on.</summary>
    public bool IsFiltered { get; } =
        Kind
        is RouteKind.Metadata
            or RouteKind.Targets
            or RouteKind.TargetMetadata
            or RouteKind.Rules
            or RouteKind.Alerts
            or RouteKind.Flags
            or RouteKind.RuntimeInfo
            or RouteKind.Features
            or RouteKind.Explain
            or RouteKind.Services;

    /// <summary>What an answer to the forwarded request looks like: every query engine has the first few paths, some lack the others.</summary>
    public ResponseShape Shape { get; } =
        Path is "/api/v1/query" or "/api/v1/query_range" or "/api/v1/series" or "/api/v1/labels"
            ? ResponseShape.RequiredJson
            : ResponseShape.OptionalJson;

    private readonly string[] _methods = [.. AllowedMethods.Split(", "), "OPTIONS"];

    /// <summary>Whether the route's methods include this one; each route also answers OPTIONS, with its methods and nothing else.</summary>
    public bool AllowsMethod(string method) => Array.IndexOf(_methods, method) >= 0;

    /// <summary>The path has a place for a label name, so the request goes upstream as a GET; all others as a POST with a form.</summary>
    public bool HasLabelName => Path == RouteTable.LabelValuesPath;
}

/// <summary>A route with the label name that the path gave, if the route has one; or the refusal for that path.</summary>
internal readonly record struct RouteMatch(Route? Route, string? LabelName, GatewayError? Error);

/// <summary>The whole outside of the gateway. What is not in these two tables is a 404 that no Prometheus sees.</summary>
internal static class RouteTable
{
    internal const string LabelValuesPath = "/api/v1/label/{name}/values";

    /// <summary>What is served: path, methods, treatment, and the parameters that pass beside those of the treatment.</summary>
    public static readonly Route[] Served =
    [
        new("/api/v1/query", "GET, POST", RouteKind.Expression, "time", "timeout", "limit", "lookback_delta", "stats"),
        new(
            "/api/v1/query_range",
            "GET, POST",
            RouteKind.Expression,
            "start",
            "end",
            "step",
            "timeout",
            "limit",
            "lookback_delta",
            "stats"
        ),
        new("/api/v1/query_exemplars", "GET, POST", RouteKind.Expression, "start", "end") { UnsupportedBy = QueryEngine.VictoriaMetrics },
        new("/api/v1/format_query", "GET, POST", RouteKind.UnscopedExpression) { UnsupportedBy = QueryEngine.VictoriaMetrics },
        new("/api/v1/parse_query", "GET, POST", RouteKind.UnscopedExpression)
        {
            MinVersion = new(3, 0),
            UnsupportedBy = QueryEngine.VictoriaMetrics,
        },
        new("/api/v1/series", "GET, POST", RouteKind.Selectors, "start", "end", "limit"),
        new("/api/v1/labels", "GET, POST", RouteKind.OptionalSelectors, "start", "end", "limit"),
        new(LabelValuesPath, "GET", RouteKind.OptionalSelectors, "start", "end", "limit"),
        new("/api/v1/read", "POST", RouteKind.RemoteRead) { UnsupportedBy = QueryEngine.VictoriaMetrics },
        new("/federate", "GET", RouteKind.Federation),
        new("/api/v1/metadata", "GET", RouteKind.Metadata, "metric", "limit", "limit_per_metric")
        {
            UnsupportedBy = QueryEngine.VictoriaMetrics,
        },
        new("/api/v1/targets", "GET", RouteKind.Targets, "state", "scrapePool"),
        new("/api/v1/targets/metadata", "GET", RouteKind.TargetMetadata, "match_target", "metric", "limit")
        {
            UnsupportedBy = QueryEngine.VictoriaMetrics,
        },
        new("/api/v1/rules", "GET", RouteKind.Rules, "type", "exclude_alerts"),
        new("/api/v1/alerts", "GET", RouteKind.Alerts),
        new("/api/v1/alertmanagers", "GET", RouteKind.Alertmanagers),
        new("/api/v1/status/buildinfo", "GET", RouteKind.BuildInfo),
        new("/api/v1/status/flags", "GET", RouteKind.Flags) { UnsupportedBy = QueryEngine.VictoriaMetrics },
        new("/api/v1/status/runtimeinfo", "GET", RouteKind.RuntimeInfo) { UnsupportedBy = QueryEngine.VictoriaMetrics },
        new("/api/v1/features", "GET", RouteKind.Features) { MinVersion = new(3, 9), UnsupportedBy = QueryEngine.VictoriaMetrics },
        new("/aivenmetrics/v1/explain", "GET, POST", RouteKind.Explain),
        new("/aivenmetrics/v1/services", "GET", RouteKind.Services),
        new("/aivenmetrics/v1/limits", "GET", RouteKind.Limits),
        new("/-/healthy", "GET, HEAD", RouteKind.Healthy),
        new("/-/ready", "GET, HEAD", RouteKind.Ready),
    ];

    /// <summary>What exists in Prometheus and is refused with a 403 that says why; <c>/*</c> stands for the path and all below it.</summary>
    public static readonly (string Path, GatewayError Refusal)[] Forbidden =
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
        .Where(r => !r.HasLabelName)
        .ToFrozenDictionary(r => r.Path, StringComparer.Ordinal);
    private static readonly Route LabelValues = Served.Single(r => r.HasLabelName);
    private static readonly string[] LabelNameAffixes = LabelValuesPath.Split("{name}");

    /// <summary>Where a request goes: a route, or the reason why nowhere.</summary>
    public static RouteMatch Find(string method, string path)
    {
        if (ByPath.TryGetValue(path, out var route))
        {
            if (route.AllowsMethod(method))
            {
                return new(route, null, null);
            }
            return new(
                null,
                null,
                method == "DELETE" && path == "/api/v1/series"
                    ? GatewayError.WritesForbidden
                    : GatewayError.MethodNotAllowed(route.AllowedMethods)
            );
        }

        if (FindLabelName(path) is { } encoded)
        {
            if (!LabelValues.AllowsMethod(method))
            {
                return new(null, null, GatewayError.MethodNotAllowed(LabelValues.AllowedMethods));
            }
            return LabelNames.Decode(encoded) is { } name
                ? new(LabelValues, name, null)
                : new(
                    null,
                    null,
                    GatewayError.BadData(
                        "the path names no label: a name is UTF-8, percent-encoded where it must be, without slashes and control characters; "
                            + "any other can be written escaped, as in U__my_2f_label"
                    )
                );
        }

        foreach (var (forbidden, refusal) in Forbidden)
        {
            if (Matches(forbidden, path))
            {
                return new(null, null, refusal);
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
