namespace AivenMetrics.Gateway.Routing;

/// <summary>How the gateway processes a request of a route.</summary>
internal enum RouteKind
{
    /// <summary>Scopes the required PromQL expression in <c>query</c> and forwards the request.</summary>
    Expression,

    /// <summary>Forwards the expression in <c>query</c> without the scope: the response describes its text and holds no data.</summary>
    UnscopedExpression,

    /// <summary>
    /// Scopes each <c>match[]</c> and forwards the request. A request without <c>match[]</c> is an error, as in Prometheus.
    /// </summary>
    Selectors,

    /// <summary>Scopes each <c>match[]</c> and forwards the request. Default for <c>match[]</c>: the scope alone.</summary>
    OptionalSelectors,

    /// <summary>
    /// Scopes each <c>match[]</c> and forwards the request. Without <c>match[]</c> the response is empty, as in Prometheus.
    /// </summary>
    Federation,

    /// <summary>Decodes the body, adds the scope to the matchers of every query and forwards the request.</summary>
    RemoteRead,

    /// <summary>Returns types and help texts by metric, from the tenant's own targets.</summary>
    Metadata,

    /// <summary>Returns the targets whose labels are in scope, without details that are internal to the operator.</summary>
    Targets,

    /// <summary>Scopes <c>match_target</c>, forwards the request and filters the response by the labels of the targets.</summary>
    TargetMetadata,

    /// <summary>Returns the rules whose own labels are in scope, with those of their alerts that are in scope.</summary>
    Rules,

    /// <summary>Returns the alerts whose labels are in scope.</summary>
    Alerts,

    /// <summary>Returns an empty list: the Alertmanagers belong to the operator.</summary>
    Alertmanagers,

    /// <summary>Returns the server flags that bound a query.</summary>
    Flags,

    /// <summary>Returns the retention time of samples and the start time of the gateway.</summary>
    RuntimeInfo,

    /// <summary>Returns the features of the servers, without features for writing and administration.</summary>
    Features,

    /// <summary>Returns the scoped form of an expression with the scope, limits and services of the credential.</summary>
    Explain,

    /// <summary>Returns the services in scope and whether their samples arrive.</summary>
    Services,

    /// <summary>Returns the limits of the credential's plan and their present use.</summary>
    Limits,

    /// <summary>Returns the lowest version of the servers.</summary>
    BuildInfo,

    /// <summary>Reports, without authentication, that the process runs.</summary>
    Healthy,

    /// <summary>Reports, without authentication, whether credentials are loaded and a Prometheus server is usable.</summary>
    Ready,
}

/// <summary>The parameters of a route that the gateway parses and limits before it forwards them.</summary>
internal enum ParameterLimits
{
    /// <summary>None.</summary>
    None,

    /// <summary><c>timeout</c>, <c>lookback_delta</c> and <c>time</c>.</summary>
    InstantQuery,

    /// <summary><c>timeout</c>, <c>lookback_delta</c>, <c>start</c>, <c>end</c> and <c>step</c>.</summary>
    RangeQuery,

    /// <summary><c>start</c> and <c>end</c>.</summary>
    Times,

    /// <summary><c>start</c>, <c>end</c> and <c>limit</c>.</summary>
    List,
}
