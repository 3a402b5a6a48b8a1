using AivenMetrics.Gateway.PrometheusApi;

namespace AivenMetrics.Gateway.Routing;

/// <summary>A route, for the API documentation.</summary>
/// <param name="Path">The path, with <c>{name}</c> for a label name.</param>
/// <param name="Methods">The methods, upper case.</param>
/// <param name="Documentation">The descriptions and an example response.</param>
/// <param name="Parameters">The parameters, in the URL or, with POST, in a form.</param>
/// <param name="ContentType">The content type of a response.</param>
/// <param name="RequiresCredential">Whether a request needs a credential.</param>
/// <param name="HasLabelName">Whether the path contains <c>{name}</c>.</param>
/// <param name="ReportsReadiness">Whether the response has status 503 while the gateway is not ready.</param>
public sealed record DocumentedRoute(
    string Path,
    IReadOnlyList<string> Methods,
    RouteDocumentation Documentation,
    IReadOnlyList<DocumentedParameter> Parameters,
    string ContentType,
    bool RequiresCredential,
    bool HasLabelName,
    bool ReportsReadiness
);

/// <summary>A parameter of a route, for the API documentation.</summary>
/// <param name="Name">The name.</param>
/// <param name="Description">The description.</param>
/// <param name="IsRequired">Whether a request without it is an error. Default: false.</param>
/// <param name="IsRepeated">Whether it may occur more than once. Default: false.</param>
public sealed record DocumentedParameter(string Name, string Description, bool IsRequired = false, bool IsRepeated = false);

/// <summary>All routes, for the API documentation.</summary>
public static class DocumentedRoutes
{
    /// <summary>All routes, in the order of the route table.</summary>
    public static IReadOnlyList<DocumentedRoute> All { get; } =
    [
        .. RouteTable.Served.Select(route => new DocumentedRoute(
            route.Path,
            route.AllowedMethods.Split(", "),
            RouteDocumentation.Get(route),
            [.. GetParameters(route)],
            GetContentType(route),
            route.RequiresCredential,
            route.HasLabelName,
            route.Kind == RouteKind.Ready
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
            yield return new("match[]", "A series selector.", IsRequired: route.Kind == RouteKind.Selectors, IsRepeated: true);
        }

        foreach (var parameter in route.Parameters)
        {
            yield return new(parameter.Name, parameter.Description);
        }
    }

    private static string GetContentType(Route route) =>
        route switch
        {
            { Kind: RouteKind.Healthy or RouteKind.Ready } or { Shape: ResponseShape.Exposition } => "text/plain",
            { Shape: ResponseShape.RemoteRead } => "application/x-protobuf",
            _ => "application/json",
        };
}
