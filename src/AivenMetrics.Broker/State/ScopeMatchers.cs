using System.Text;
using AivenMetrics.Feed;

namespace AivenMetrics.Broker.State;

/// <summary>
/// Creates the scope of a credential as matchers on labels that exporters cannot set (docs/decisions/0001-founding-decisions.md, section 5;
/// docs/decisions/0008-the-owner-is-in-every-scope.md). Organization and space of the owner are in every scope, so that a service that
/// changes its owner, or a duplicate tag, exposes nothing to another tenant.
/// </summary>
public static class ScopeMatchers
{
    /// <summary>Creates the matchers of a credential. An empty list covers nothing.</summary>
    /// <param name="scope">Scope of the plan.</param>
    /// <param name="owner">Owner of the instance.</param>
    /// <param name="serviceInstanceIds">GUIDs of the services, for <see cref="PlanScope.Services"/>.</param>
    public static IReadOnlyList<ScopeMatcher> Create(PlanScope scope, OwningSpace owner, IReadOnlyList<string> serviceInstanceIds) =>
        scope switch
        {
            // An empty value would match all series without the label.
            _ when owner.OrganizationId.Length == 0 || owner.SpaceId.Length == 0 => [],
            PlanScope.Space => Create(owner),
            PlanScope.Services => serviceInstanceIds.Count == 0
                ? []
                : [.. Create(owner), new ScopeMatcher("service_instance_id", "=~", Alternation(serviceInstanceIds))],
            _ => throw new ArgumentOutOfRangeException(nameof(scope), scope, "Not a plan scope."),
        };

    private static ScopeMatcher[] Create(OwningSpace owner) =>
        [new("organization_id", "=", owner.OrganizationId), new("space_id", "=", owner.SpaceId)];

    private static string Alternation(IReadOnlyList<string> texts) => string.Join('|', texts.Order(StringComparer.Ordinal).Select(Escape));

    /// <summary>Returns an RE2 expression that matches exactly this text.</summary>
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
