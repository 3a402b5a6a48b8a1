using System.Collections;
using System.Reflection;
using AivenMetrics.PromQL;

namespace AivenMetrics.Testing.Gateway;

/// <summary>
/// Returns every selector of an upstream request by reflection over all properties of all nodes. It shares no code with the gateway's
/// scoping, so it also finds selectors in nodes that scoping misses.
/// </summary>
public static class UpstreamSelectors
{
    public static IEnumerable<VectorSelector> In(ReceivedRequest request)
    {
        var expressions = request.Query is { } query ? [PromQLParser.Parse(query)] : Array.Empty<Expr>();
        return expressions
            .Concat(request.Matches.Concat(request.MatchTarget).Select(match => PromQLParser.ParseMetricSelector(match!)))
            .SelectMany(In);
    }

    public static IEnumerable<VectorSelector> In(Expr expr)
    {
        if (expr is VectorSelector selector)
        {
            yield return selector;
        }
        foreach (var property in expr.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var children = property.GetValue(expr) switch
            {
                Expr child => [child],
                IEnumerable list and not string => list.OfType<Expr>(),
                _ => [],
            };
            foreach (var found in children.SelectMany(In))
            {
                yield return found;
            }
        }
    }
}
