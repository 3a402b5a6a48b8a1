using System.Text;
using AivenMetrics.PromQL;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Gateway.Authentication;

/// <summary>Lists the label values that a matcher of a scope selects, if they are certain.</summary>
internal static class ScopeValues
{
    private const string RegexMetacharacters = @"\.+*?()|[]{}^$";

    /// <summary>
    /// Returns the values of an equality, or of an expression that lists literals, such as <c>one|two\.x</c>; empty otherwise.
    /// </summary>
    public static HashSet<string> List(LabelMatcher matcher) =>
        matcher.Type == MatchType.Equal ? [matcher.Value] : ListAlternatives(matcher.Value);

    /// <summary>Returns the literals that an expression lists; empty for any other expression.</summary>
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
