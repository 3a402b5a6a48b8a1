using System.Text;
using AivenMetrics.Feed;

namespace AivenMetrics.Broker.State;

/// <summary>What a credential covers, as matchers on labels that only we set (design decision 5).</summary>
public static class ScopeMatchers
{
    /// <summary>The matchers of a credential; an empty list covers nothing.</summary>
    /// <param name="scope">What the plan covers.</param>
    /// <param name="owner">The instance's owner.</param>
    /// <param name="serviceInstanceIds">The services named, for <see cref="PlanScope.Services"/>.</param>
    public static IReadOnlyList<ScopeMatcher> Of(PlanScope scope, SpaceOwner owner, IReadOnlyList<string> serviceInstanceIds) => scope switch
    {
        // An empty value would match every series that lacks the label.
        PlanScope.Space => owner.SpaceId.Length == 0 ? [] : [new ScopeMatcher("space_id", "=", owner.SpaceId)],
        PlanScope.Services => serviceInstanceIds.Count == 0 ? [] : [new ScopeMatcher("service_instance_id", "=~", AnyOf(serviceInstanceIds))],
        _ => throw new ArgumentOutOfRangeException(nameof(scope), scope, "Not a plan scope."),
    };

    private static string AnyOf(IReadOnlyList<string> texts) => string.Join('|', texts.Order(StringComparer.Ordinal).Select(Escape));

    /// <summary>The text as an RE2 expression that matches only it.</summary>
    private static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (@"\.+*?()|[]{}^$".Contains(c, StringComparison.Ordinal))
                escaped.Append('\\');
            escaped.Append(c);
        }

        return escaped.ToString();
    }
}
