using System.Text;
using AivenMetrics.Feed;

namespace AivenMetrics.Broker.State;

/// <summary>
/// What a credential covers, as matchers on labels that only we set (design decision 5, decision 0008). The owner's organization and
/// space are in every scope: a service that changes hands, or a tag that is there twice, opens nothing to its former tenant.
/// </summary>
public static class ScopeMatchers
{
    /// <summary>The matchers of a credential; an empty list covers nothing.</summary>
    /// <param name="scope">What the plan covers.</param>
    /// <param name="owner">The instance's owner.</param>
    /// <param name="serviceInstanceIds">The services named, for <see cref="PlanScope.Services"/>.</param>
    public static IReadOnlyList<ScopeMatcher> Create(PlanScope scope, SpaceOwner owner, IReadOnlyList<string> serviceInstanceIds) =>
        scope switch
        {
            // An empty value would match every series that lacks the label.
            _ when owner.OrganizationId.Length == 0 || owner.SpaceId.Length == 0 => [],
            PlanScope.Space => Create(owner),
            PlanScope.Services => serviceInstanceIds.Count == 0
                ? []
                : [.. Create(owner), new ScopeMatcher("service_instance_id", "=~", Alternation(serviceInstanceIds))],
            _ => throw new ArgumentOutOfRangeException(nameof(scope), scope, "Not a plan scope."),
        };

    private static ScopeMatcher[] Create(SpaceOwner owner) =>
        [new("organization_id", "=", owner.OrganizationId), new("space_id", "=", owner.SpaceId)];

    private static string Alternation(IReadOnlyList<string> texts) => string.Join('|', texts.Order(StringComparer.Ordinal).Select(Escape));

    /// <summary>The text as an RE2 expression that matches only it.</summary>
    private static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (@"\.+*?()|[]{}^$".Contains(c, StringComparison.Ordinal))
            {
                escaped.Append('\\');
            }
            escaped.Append(c);
        }

        return escaped.ToString();
    }
}
