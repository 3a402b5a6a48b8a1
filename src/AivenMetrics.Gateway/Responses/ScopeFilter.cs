using System.Text.Json;
using AivenMetrics.Gateway.Authentication;
using AivenMetrics.PromQL;

namespace AivenMetrics.Gateway.Responses;

/// <summary>
/// Decides whether labels are in a scope, for responses that Prometheus does not filter itself. Only unambiguous matchers are evaluated: an
/// equality, and an expression that lists literals, such as <c>one|two\.x</c>, the only form that the broker writes. Any other expression
/// matches nothing, because regular expressions of .NET and RE2 differ.
/// </summary>
internal sealed class ScopeFilter
{
    private readonly (string Name, HashSet<string> Values)[] _requirements;

    /// <summary>Converts a scope into lists of values.</summary>
    public ScopeFilter(TenantScope scope) => _requirements = [.. scope.Matchers.Select(m => (m.Name, ScopeValues.List(m)))];

    /// <summary>Returns whether a JSON object of labels satisfies every matcher.</summary>
    public bool Matches(JsonElement labels)
    {
        if (labels.ValueKind != JsonValueKind.Object)
        {
            return false;
        }
        foreach (var (name, values) in _requirements)
        {
            if (
                !labels.TryGetProperty(name, out var value)
                || value.ValueKind != JsonValueKind.String
                || !values.Contains(value.GetString()!)
            )
            {
                return false;
            }
        }
        return true;
    }
}
