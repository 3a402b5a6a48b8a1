using AivenMetrics.Feed;
using AivenMetrics.PromQL;

namespace AivenMetrics.Gateway.Authentication;

/// <summary>
/// Decides whether matchers from outside can serve as a scope. In Prometheus a matcher that accepts the empty string also accepts
/// every series without the label, so such a matcher would show a tenant what belongs to nobody, or to everybody.
/// </summary>
internal static class EnforceableScope
{
    /// <summary>The scope of <paramref name="matchers"/>, or <see cref="TenantScope.Nothing"/> with the reason when they are no scope.</summary>
    public static TenantScope From(IReadOnlyList<ScopeMatcher> matchers, out string? reason)
    {
        reason = matchers.Count == 0 ? "it has no matchers" : matchers.Select(WhyNot).FirstOrDefault(why => why is not null);
        return reason is null
            ? new TenantScope([.. matchers.Select(m => new LabelMatcher(m.Name, m.Type == "=" ? MatchType.Equal : MatchType.Regex, m.Value))])
            : TenantScope.Nothing;
    }

    private static string? WhyNot(ScopeMatcher matcher) => matcher.Type switch
    {
        "=" when matcher.Value.Length == 0 => $"its matcher on {matcher.Name} has an empty value and would accept series without the label",
        "=" => null,
        "=~" when !AlwaysNeedsACharacter(matcher.Value) =>
            $"its regular expression on {matcher.Name} is not of literals, '.', '*', '+' and '|' with at least one certain character in each alternative",
        "=~" => null,
        _ => $"its matcher on {matcher.Name} has a type other than = and =~",
    };

    /// <summary>
    /// True only if every alternative certainly needs a character. Instead of asking another regular expression engine, whose
    /// dialect differs from Prometheus' RE2 exactly where it hurts, this knows a small part of RE2 and refuses all else: literal
    /// characters, escaped punctuation, <c>.</c>, the quantifiers <c>*</c> and <c>+</c>, and <c>|</c> between alternatives.
    /// </summary>
    internal static bool AlwaysNeedsACharacter(string regex)
    {
        var certain = false;
        for (var i = 0; i < regex.Length; i++)
        {
            var c = regex[i];
            if (c == '|')
            {
                if (!certain)
                    return false;
                certain = false;
                continue;
            }

            if (c == '\\')
            {
                if (++i == regex.Length || !char.IsAscii(regex[i]) || !char.IsPunctuation(regex[i]) && !char.IsSymbol(regex[i]))
                    return false;
            }
            else if (c is '*' or '+' or '?' or '(' or ')' or '[' or ']' or '{' or '}' or '^' or '$' or '\0' || char.IsSurrogate(c) && !IsPair(regex, ref i))
            {
                return false;
            }

            var quantifier = i + 1 < regex.Length ? regex[i + 1] : '\0';
            if (quantifier is '*' or '+')
                i++;
            certain |= quantifier != '*';
        }

        return certain;
    }

    private static bool IsPair(string text, ref int index)
    {
        if (index + 1 >= text.Length || !char.IsSurrogatePair(text[index], text[index + 1]))
            return false;
        index++;
        return true;
    }
}
