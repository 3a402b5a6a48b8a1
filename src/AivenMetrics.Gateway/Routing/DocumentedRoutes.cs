namespace AivenMetrics.Gateway.Routing;

/// <summary>A path of the gateway as a description of its API tells it.</summary>
/// <param name="Path">The path, with <c>{name}</c> for a label name.</param>
/// <param name="Methods">Its methods, upper case.</param>
/// <param name="Documentation">What it is for, and an answer of it.</param>
/// <param name="Parameters">What it takes, in the URL or, with POST, in a form.</param>
/// <param name="ContentType">Of its answer.</param>
/// <param name="RequiresCredential">Whether a request must prove to hold a credential.</param>
public sealed record DocumentedRoute(
    string Path,
    IReadOnlyList<string> Methods,
    RouteDocumentation Documentation,
    IReadOnlyList<DocumentedParameter> Parameters,
    string ContentType,
    bool RequiresCredential
);

/// <summary>A parameter of a path.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it says.</param>
/// <param name="IsRequired">Refused without it.</param>
/// <param name="IsRepeated">It may be given more than once; all others may not.</param>
public sealed record DocumentedParameter(string Name, string Description, bool IsRequired = false, bool IsRepeated = false);

/// <summary>The gateway's routes as a description of its API tells them, in their order.</summary>
public static class DocumentedRoutes
{
    private static readonly Dictionary<string, string> ParameterDescriptions = new(StringComparer.Ordinal)
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
    public static IReadOnlyList<DocumentedRoute> All { get; } =
    [
        .. RouteTable.Served.Select(route => new DocumentedRoute(
            route.Path,
            route.AllowedMethods.Split(", "),
            RouteDocumentation.ByPath[route.Path],
            [.. GetParameters(route)],
            GetContentType(route.Kind),
            route.RequiresCredential
        )),
    ];

    private static IEnumerable<DocumentedParameter> GetParameters(Route route)
    {
        if (route.HasExpression)
        {
            yield return new("query", "A PromQL expression of at most 65,536 characters.", IsRequired: route.Kind != RouteKind.Explain);
        }
        if (route.HasSelectors)
        {
            yield return new("match[]", "A selector of series.", IsRequired: route.Kind == RouteKind.Selectors, IsRepeated: true);
        }
        foreach (var name in route.Parameters)
        {
            yield return new(name, ParameterDescriptions[name]);
        }
    }

    private static string GetContentType(RouteKind treatment) =>
        treatment switch
        {
            RouteKind.Healthy or RouteKind.Ready or RouteKind.Federation => "text/plain",
            RouteKind.RemoteRead => "application/x-protobuf",
            _ => "application/json",
        };
}
