using System.Collections;
using System.Reflection;
using AivenMetrics.PromQL;

namespace AivenMetrics.Testing.Gateway;

/// <summary>
/// Finds every selector of a query that the gateway sent, by walking all properties of all nodes. It is independent of the gateway's
/// scoping code, so it also finds selectors in nodes that scoping omits.
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
