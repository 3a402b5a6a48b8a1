using System.Collections.Frozen;

namespace AivenMetrics.Gateway.Routing;

/// <summary>What happens to a request of a route.</summary>
internal enum Treatment
{
    /// <summary>The PromQL expression in <c>query</c> is required and scoped, then forwarded.</summary>
    Expression,

    /// <summary>Each <c>match[]</c> is scoped, then forwarded; without one Prometheus' own 400.</summary>
    Selectors,

    /// <summary>Each <c>match[]</c> is scoped, then forwarded; without one the scope alone is sent.</summary>
    OptionalSelectors,

    /// <summary>Answered here from what is known of the servers' version.</summary>
    BuildInfo,

    /// <summary>Answered here, without authentication: the process lives.</summary>
    Healthy,

    /// <summary>Answered here, without authentication: tenants are loaded and a Prometheus is usable.</summary>
    Ready,
}

/// <summary>A path that is served.</summary>
/// <param name="Path">The path, with <c>{name}</c> for a label name.</param>
/// <param name="Allow">The methods, as the <c>Allow</c> header says them.</param>
/// <param name="Treatment">What happens to the request.</param>
/// <param name="Plain">Single-valued parameters that are forwarded as they are; all not named here or by the treatment are dropped.</param>
internal sealed record Route(string Path, string Allow, Treatment Treatment, params string[] Plain)
{
    /// <summary>Whether a request must prove to hold a credential.</summary>
    public bool NeedsCredential => Treatment is not (Treatment.Healthy or Treatment.Ready);

    private readonly string[] methods = [.. Allow.Split(", "), "OPTIONS"];

    /// <summary>Whether the route's methods include this one; each route also answers OPTIONS, with its methods and nothing else.</summary>
    public bool Takes(string method) => Array.IndexOf(methods, method) >= 0;

    /// <summary>The path has a place for a label name, so the request goes upstream as a GET; all others as a POST with a form.</summary>
    public bool NamesLabel => Path == Routes.LabelValuesPath;
}

/// <summary>A route with the label name that the path gave, if the route has one; or the refusal for that path.</summary>
internal readonly record struct Destined(Route? Route, string? LabelName, Refusal? Refusal);

/// <summary>The whole outside of the gateway. What is not in these two tables is a 404 that no Prometheus sees.</summary>
internal static class Routes
{
    internal const string LabelValuesPath = "/api/v1/label/{name}/values";

    /// <summary>What is served: path, methods, treatment, and the parameters that pass beside those of the treatment.</summary>
    public static readonly Route[] Served =
    [
        new("/api/v1/query",            "GET, POST", Treatment.Expression, "time", "timeout", "limit", "lookback_delta", "stats"),
        new("/api/v1/query_range",      "GET, POST", Treatment.Expression, "start", "end", "step", "timeout", "limit",
            "lookback_delta", "stats"),
        new("/api/v1/series",           "GET, POST", Treatment.Selectors, "start", "end", "limit"),
        new("/api/v1/labels",           "GET, POST", Treatment.OptionalSelectors, "start", "end", "limit"),
        new(LabelValuesPath,            "GET",       Treatment.OptionalSelectors, "start", "end", "limit"),
        new("/api/v1/status/buildinfo", "GET",       Treatment.BuildInfo),
        new("/-/healthy",               "GET, HEAD", Treatment.Healthy),
        new("/-/ready",                 "GET, HEAD", Treatment.Ready),
    ];

    /// <summary>What exists in Prometheus and is refused with a 403 that says why; <c>/*</c> stands for the path and all below it.</summary>
    public static readonly (string Path, Refusal Refusal)[] Forbidden =
    [
        ("/api/v1/write",                   Refusal.WritesForbidden),
        ("/api/v1/otlp/*",                  Refusal.WritesForbidden),
        ("/api/v1/admin/*",                 Refusal.WritesForbidden),
        ("/api/v1/read",                    Refusal.RemoteReadNotYet),
        ("/-/reload",                       Refusal.OperatorOnly),
        ("/-/quit",                         Refusal.OperatorOnly),
        ("/api/v1/status/config",           Refusal.LeaksOthers),
        ("/api/v1/status/tsdb/*",           Refusal.LeaksOthers),
        ("/api/v1/status/walreplay",        Refusal.LeaksOthers),
        ("/api/v1/status/self_metrics",     Refusal.LeaksOthers),
        ("/api/v1/scrape_pools/*",          Refusal.LeaksOthers),
        ("/api/v1/targets/relabel_steps",   Refusal.LeaksOthers),
        ("/api/v1/notifications/*",         Refusal.LeaksOthers),
    ];

    private static readonly FrozenDictionary<string, Route> ByPath =
        Served.Where(r => !r.NamesLabel).ToFrozenDictionary(r => r.Path, StringComparer.Ordinal);
    private static readonly Route LabelValues = Served.Single(r => r.NamesLabel);
    private static readonly string[] AroundLabelName = LabelValuesPath.Split("{name}");

    /// <summary>Where a request goes: a route, or the reason why nowhere.</summary>
    public static Destined Find(string method, string path)
    {
        if (ByPath.TryGetValue(path, out var route))
        {
            if (route.Takes(method))
                return new(route, null, null);
            return new(null, null, method == "DELETE" && path == "/api/v1/series" ? Refusal.WritesForbidden : Refusal.Method(route.Allow));
        }

        if (LabelNameIn(path) is { } encoded)
        {
            if (!LabelValues.Takes(method))
                return new(null, null, Refusal.Method(LabelValues.Allow));
            var name = Uri.UnescapeDataString(encoded);
            return LabelNames.IsValid(name)
                ? new(LabelValues, name, null)
                : new(null, null, Refusal.BadData(
                    "the path names no label: a name is of letters, digits and underscores and does not begin with a digit"));
        }

        foreach (var (forbidden, refusal) in Forbidden)
            if (Covers(forbidden, path))
                return new(null, null, refusal);

        return new(null, null, Refusal.NotFound);
    }

    private static string? LabelNameIn(string path)
    {
        var (before, after) = (AroundLabelName[0], AroundLabelName[1]);
        if (path.Length <= before.Length + after.Length
            || !path.StartsWith(before, StringComparison.Ordinal) || !path.EndsWith(after, StringComparison.Ordinal))
            return null;
        var name = path[before.Length..^after.Length];
        return name.Contains('/', StringComparison.Ordinal) ? null : name;
    }

    private static bool Covers(string pattern, string path) => pattern.EndsWith("/*", StringComparison.Ordinal)
        ? path.AsSpan().StartsWith(pattern.AsSpan(..^2), StringComparison.Ordinal)
            && (path.Length == pattern.Length - 2 || path[pattern.Length - 2] == '/')
        : path == pattern;
}
