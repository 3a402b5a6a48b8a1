using AivenMetrics.Feed;
using AivenMetrics.PromQL;
using MatchType = AivenMetrics.PromQL.MatchType;

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
        var enforced = matchers.Select(m => new LabelMatcher(m.Name, m.Type == "=" ? MatchType.Equal : MatchType.Regex, m.Value)).ToArray();
        reason = enforced.Length == 0 ? "it has no matchers" : enforced.Select(WhyNot).FirstOrDefault(why => why is not null);
        return reason is null ? new TenantScope(enforced) : TenantScope.Nothing;
    }

    private static string? WhyNot(LabelMatcher matcher)
    {
        try
        {
            return matcher.MatchesEmpty() ? $"its matcher on {matcher.Name} would accept series without that label" : null;
        }
        catch (FormatException)
        {
            return $"its matcher on {matcher.Name} is not a valid regular expression";
        }
    }
}
