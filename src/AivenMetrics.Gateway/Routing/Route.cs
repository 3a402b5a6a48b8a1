using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.PrometheusApi;

namespace AivenMetrics.Gateway.Routing;

/// <summary>A path that the gateway serves, with everything that the gateway needs to know about it.</summary>
/// <param name="Path">The path, with <c>{name}</c> for a label name.</param>
/// <param name="AllowedMethods">The methods, as the <c>Allow</c> header lists them.</param>
/// <param name="Kind">How the gateway processes a request.</param>
/// <param name="Parameters">
/// The single-valued parameters. The gateway ignores every other parameter except <c>query</c> and <c>match[]</c>, which follow from the
/// kind.
/// </param>
internal sealed record Route(string Path, string AllowedMethods, RouteKind Kind, params RouteParameter[] Parameters)
{
    private readonly string[] _methods = [.. AllowedMethods.Split(", "), "OPTIONS"];

    /// <summary>Whether a request needs a credential.</summary>
    public bool RequiresCredential => Kind is not (RouteKind.Healthy or RouteKind.Ready);

    /// <summary>
    /// The first version of Prometheus that has the path. With an older server the response is 404. Default: every version has it.
    /// </summary>
    public Version? MinVersion { get; init; }

    /// <summary>
    /// The engine that does not have the path. The gateway then returns an empty response or 404. Default: every engine has it.
    /// </summary>
    public QueryEngine? UnsupportedBy { get; init; }

    /// <summary>The method that writes on this path in Prometheus; the gateway rejects it as a write. Default: none.</summary>
    public string? WriteMethod { get; init; }

    /// <summary>The form of a response to the forwarded request. Default: JSON, from a path that some engines do not have.</summary>
    public ResponseShape Shape { get; init; } = ResponseShape.OptionalJson;

    /// <summary>The parameters that the gateway parses and limits. Default: none.</summary>
    public ParameterLimits Limits { get; init; }

    /// <summary>
    /// Whether a response usually begins within moments at little cost, so that a slow request may be hedged. Default: true; false for
    /// range queries, exemplars, remote reads and federation.
    /// </summary>
    public bool IsLight { get; init; } = true;

    /// <summary>Whether the route reads <c>query</c>.</summary>
    public bool HasExpression { get; } = Kind is RouteKind.Expression or RouteKind.UnscopedExpression or RouteKind.Explain;

    /// <summary>Whether the route reads <c>match[]</c>.</summary>
    public bool HasSelectors { get; } = Kind is RouteKind.Selectors or RouteKind.OptionalSelectors or RouteKind.Federation;

    /// <summary>Whether the gateway buffers the response of a server and returns only a part of it.</summary>
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

    /// <summary>
    /// Whether the path contains a label name. Such a request and a federation are forwarded as GET, all others as POST with a form.
    /// </summary>
    public bool HasLabelName => Path.Contains(RouteTable.LabelNamePlaceholder, StringComparison.Ordinal);

    /// <summary>Whether the route allows a method. Every route also allows OPTIONS.</summary>
    public bool AllowsMethod(string method) => Array.IndexOf(_methods, method) >= 0;
}

/// <summary>The result of a search in the route table: a route and its label name, or the error of that path.</summary>
/// <param name="Route">The route; null if there is none.</param>
/// <param name="LabelName">The label name in the path, decoded; null if the route has none.</param>
/// <param name="Error">The reason why there is no route; null otherwise.</param>
internal readonly record struct RouteMatch(Route? Route, string? LabelName, GatewayError? Error);
