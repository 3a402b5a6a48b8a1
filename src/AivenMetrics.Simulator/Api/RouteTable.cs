using System.Text.Json.Nodes;
using AivenMetrics.Simulator.World;

namespace AivenMetrics.Simulator.Api;

/// <summary>A request that matches a route. It is handled inside the lock of the simulation.</summary>
/// <param name="World">The world.</param>
/// <param name="Now">The time of the request.</param>
/// <param name="PathValues">The values of the template's parameters, in order.</param>
/// <param name="Body">The fields of the body; empty if the route has no body.</param>
/// <param name="Query">The query, decoded.</param>
internal sealed record ApiCall(
    AivenWorld World,
    DateTimeOffset Now,
    IReadOnlyList<string> PathValues,
    RequestFields Body,
    IReadOnlyDictionary<string, string> Query
)
{
    /// <summary>The project that the first path value names; 404 if there is none.</summary>
    public AivenProject Project => World.Project(PathValues[0]);

    /// <summary>The service that the first two path values name; 404 if there is none.</summary>
    public AivenService Service => World.Service(PathValues[0], PathValues[1]);

    /// <summary>
    /// Whether the request requests secrets. Without the parameter they are redacted, as in Aiven organizations with that policy.
    /// </summary>
    public bool IncludeSecrets =>
        Query.GetValueOrDefault("include_secrets", "false") switch
        {
            "true" => true,
            "false" => false,
            _ => throw AivenErrors.Invalid("Invalid value for include_secrets parameter: it must be true or false"),
        };
}

/// <summary>A route.</summary>
/// <param name="Method">The method.</param>
/// <param name="Template">The path below the prefix; <c>{…}</c> matches one segment.</param>
/// <param name="Summary">Description for the list of routes.</param>
/// <param name="Handle">Handles the request.</param>
internal sealed record Route(string Method, string Template, string Summary, Func<ApiCall, JsonObject> Handle)
{
    private readonly string[] _segments = Template.Split('/');

    /// <summary>Whether the body must be a JSON object.</summary>
    public bool TakesBody => Method is "POST" or "PUT" or "PATCH";

    /// <summary>Returns the values of the parameters, or null if the path does not match.</summary>
    public IReadOnlyList<string>? Match(string[] path)
    {
        if (path.Length != _segments.Length)
        {
            return null;
        }
        var values = new List<string>();
        foreach (var (wanted, given) in _segments.Zip(path))
        {
            if (wanted.StartsWith('{') && given.Length > 0)
            {
                values.Add(given);
            }
            else if (wanted != given)
            {
                return null;
            }
        }

        return values;
    }
}

/// <summary>A list of routes. An unknown path is 404; a known path with another method is 405.</summary>
internal sealed class RouteTable(params Route[] routes)
{
    public IReadOnlyList<Route> Routes { get; } = routes;

    /// <exception cref="AivenApiException">404 or 405.</exception>
    public (Route Route, IReadOnlyList<string> Path) Find(string method, string path)
    {
        var segments = path.Split('/');
        var known = false;
        foreach (var route in Routes)
        {
            if (route.Match(segments) is not { } values)
            {
                continue;
            }
            if (route.Method == method)
            {
                return (route, values);
            }
            known = true;
        }

        throw known ? AivenErrors.WrongMethod() : AivenErrors.NoRoute();
    }
}
