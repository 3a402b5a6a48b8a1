using System.Text;
using System.Text.Json;
using AivenMetrics.PromQL;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Gateway.Responses;

/// <summary>
/// Decides here whether labels are in a scope, for the answers that a Prometheus does not filter itself. Only what cannot be read in two
/// ways is decided: an equality, and an expression that lists texts, such as <c>one|two\.x</c>, which is all that the broker writes. Any
/// other expression holds for nothing: another engine's idea of RE2 is no ground for showing a tenant something.
/// </summary>
internal sealed class ScopeLabels
{
    private const string RegexMetacharacters = @"\.+*?()|[]{}^$";

    private readonly (string Name, HashSet<string> Values)[] _wanted;

    /// <summary>The scope as lists of values.</summary>
    public ScopeLabels(TenantScope scope) => _wanted = [.. scope.Matchers.Select(m => (m.Name, ListValues(m)))];

    /// <summary>The values that a matcher takes, if it lists them; none otherwise.</summary>
    public static HashSet<string> ListValues(LabelMatcher matcher) =>
        matcher.Type == MatchType.Equal ? [matcher.Value] : ListAlternatives(matcher.Value);

    /// <summary>Whether a JSON object of labels satisfies every matcher.</summary>
    public bool Matches(JsonElement labels)
    {
        if (labels.ValueKind != JsonValueKind.Object)
        {
            return false;
        }
        foreach (var (name, values) in _wanted)
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

    /// <summary>The texts that an expression lists; none if it does anything else.</summary>
    private static HashSet<string> ListAlternatives(string expression)
    {
        var texts = new HashSet<string>(StringComparer.Ordinal);
        var text = new StringBuilder();
        for (var i = 0; i < expression.Length; i++)
        {
            var c = expression[i];
            if (c == '|')
            {
                texts.Add(text.ToString());
                text.Clear();
                continue;
            }

            if (c == '\\' && i + 1 < expression.Length && RegexMetacharacters.Contains(expression[i + 1], StringComparison.Ordinal))
            {
                text.Append(expression[++i]);
            }
            else if (RegexMetacharacters.Contains(c, StringComparison.Ordinal))
            {
                return [];
            }
            else
            {
                text.Append(c);
            }
        }

        texts.Add(text.ToString());
        return texts;
    }
}
