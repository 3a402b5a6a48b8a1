namespace AivenMetrics.Gateway.Routing;

/// <summary>A path of the gateway as a description of its API tells it.</summary>
/// <param name="Path">The path, with <c>{name}</c> for a label name.</param>
/// <param name="Methods">Its methods, upper case.</param>
/// <param name="Summary">What it is for, one sentence.</param>
/// <param name="Parameters">What it takes, in the URL or, with POST, in a form.</param>
/// <param name="ContentType">Of its answer.</param>
/// <param name="NeedsCredential">Whether a request must prove to hold a credential.</param>
public sealed record ServedPath(
    string Path, IReadOnlyList<string> Methods, string Summary, IReadOnlyList<ServedParameter> Parameters, string ContentType, bool NeedsCredential);

/// <summary>A parameter of a path.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it says.</param>
/// <param name="IsRequired">Refused without it.</param>
/// <param name="IsRepeated">It may be given more than once; all others may not.</param>
public sealed record ServedParameter(string Name, string Description, bool IsRequired = false, bool IsRepeated = false);

/// <summary>The gateway's routes as a description of its API tells them, in their order.</summary>
public static class ServedPaths
{
    private static readonly Dictionary<string, string> Summaries = new(StringComparer.Ordinal)
    {
        ["/api/v1/query"] = "Evaluates an expression at one time.",
        ["/api/v1/query_range"] = "Evaluates an expression over a range of time.",
        ["/api/v1/query_exemplars"] = "The exemplars of the series in an expression.",
        ["/api/v1/format_query"] = "Formats an expression.",
        ["/api/v1/parse_query"] = "The syntax tree of an expression; Prometheus 3.0 or newer.",
        ["/api/v1/series"] = "The series that match.",
        ["/api/v1/labels"] = "The names of labels.",
        ["/api/v1/label/{name}/values"] = "The values of a label.",
        ["/api/v1/read"] = "Remote read: snappy protobuf both ways, as a Prometheus sends it.",
        ["/federate"] = "The newest samples of the series that match, in the text formats of metrics.",
        ["/api/v1/metadata"] = "Types and help texts, by metric.",
        ["/api/v1/targets"] = "The tenant's targets, and whether they can be scraped.",
        ["/api/v1/targets/metadata"] = "Types and help texts, by target.",
        ["/api/v1/rules"] = "Rules whose own labels are in scope.",
        ["/api/v1/alerts"] = "Alerts whose labels are in scope.",
        ["/api/v1/alertmanagers"] = "None: those of the operator are not for tenants.",
        ["/api/v1/status/buildinfo"] = "The version of the query language.",
        ["/api/v1/status/flags"] = "What a query may ask of the servers.",
        ["/api/v1/status/runtimeinfo"] = "How long samples are kept.",
        ["/api/v1/features"] = "The servers' features; Prometheus 3.9 or newer.",
        ["/aivenmetrics/v1/explain"] = "What becomes of an expression, and the scope, the limits and the services of the credential.",
        ["/aivenmetrics/v1/services"] = "The services that the credential shows, and whether their samples arrive.",
        ["/aivenmetrics/v1/limits"] = "The limits of the credential's plan, and what is used of them.",
        ["/-/healthy"] = "The gateway runs.",
        ["/-/ready"] = "Tenants are known and a server is usable.",
    };

    private static readonly Dictionary<string, string> Descriptions = new(StringComparer.Ordinal)
    {
        ["time"] = "Unix seconds or RFC 3339; now, if absent.",
        ["start"] = "Unix seconds or RFC 3339.",
        ["end"] = "Unix seconds or RFC 3339.",
        ["step"] = "Seconds, or a duration such as 1m.",
        ["timeout"] = "A duration.",
        ["limit"] = "The most results.",
        ["lookback_delta"] = "How old a sample may be, a duration.",
        ["stats"] = "all: with statistics of the evaluation.",
        ["metric"] = "Only this metric.",
        ["limit_per_metric"] = "The most entries for a metric.",
        ["state"] = "active, dropped or any.",
        ["scrapePool"] = "Only this job.",
        ["match_target"] = "A selector of targets.",
        ["type"] = "alert or record.",
        ["exclude_alerts"] = "true: rules without their alerts.",
    };

    /// <summary>All of them.</summary>
    /// <exception cref="KeyNotFoundException">A route or a parameter has no description here.</exception>
    public static IReadOnlyList<ServedPath> All { get; } =
    [
        .. Routes.Served.Select(route => new ServedPath(
            route.Path, route.Allow.Split(", "), Summaries[route.Path], [.. ParametersOf(route)], ContentTypeOf(route.Treatment), route.NeedsCredential)),
    ];

    private static IEnumerable<ServedParameter> ParametersOf(Route route)
    {
        if (route.TakesExpression)
            yield return new("query", "A PromQL expression of at most 65,536 characters.", IsRequired: route.Treatment != Treatment.Explain);
        if (route.TakesSelectors)
            yield return new("match[]", "A selector of series.", IsRequired: route.Treatment == Treatment.Selectors, IsRepeated: true);
        foreach (var name in route.Plain)
            yield return new(name, Descriptions[name]);
    }

    private static string ContentTypeOf(Treatment treatment) => treatment switch
    {
        Treatment.Healthy or Treatment.Ready or Treatment.Federation => "text/plain",
        Treatment.RemoteRead => "application/x-protobuf",
        _ => "application/json",
    };
}
