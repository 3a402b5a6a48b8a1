using System.Text;
using AivenMetrics.Gateway.Responses;
using AivenMetrics.PromQL;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Gateway.Authentication;

/// <summary>
/// Whose limits a credential uses up and whose usage it adds to: the owner that its scope names, under the credential's plan. Credentials
/// of one owner share both.
/// </summary>
/// <param name="Name">For logs: <c>organization/space</c>, or the printed scope where it names no owner.</param>
/// <param name="Plan">The plan.</param>
/// <param name="Key">Unequal for unequal owners or plans: whose limits they are.</param>
/// <param name="UsageLabels">
/// The labels of the usage series as they stand between braces, so that they are in the scope; null if there are none for certain.
/// </param>
internal sealed record Tenant(string Name, string Plan, string Key, string? UsageLabels)
{
    private const string Organization = "organization_id";
    private const string Space = "space_id";

    /// <summary>The labels that tell usage series of one tenant apart: a scope on one of them has no series of its own.</summary>
    private static readonly string[] ReservedLabels = ["plan", "code", "reason", "job", "instance"];

    /// <summary>The tenant of a credential.</summary>
    /// <param name="scope">Its scope.</param>
    /// <param name="scopeSelector">The scope, printed.</param>
    /// <param name="plan">Its plan.</param>
    public static Tenant Create(TenantScope scope, string scopeSelector, string plan)
    {
        var (organization, space) = (EqualityValue(scope, Organization), EqualityValue(scope, Space));
        var owner =
            organization is not null && space is not null
                ? FormatLabel(Organization, organization) + "," + FormatLabel(Space, space)
                : scopeSelector;
        var key = $"{owner},{FormatLabel("plan", plan)}";
        return new Tenant(
            organization is not null && space is not null ? $"{organization}/{space}" : scopeSelector,
            plan,
            key,
            CreateUsageLabels(scope, plan)
        );
    }

    /// <inheritdoc/>
    // Looked up by every request: the key alone is as good as all of it.
    public override int GetHashCode() => Key.GetHashCode(StringComparison.Ordinal);

    /// <summary>
    /// One value for every matcher. Where a matcher lists several, it is the first in the order of the bytes; where what it matches
    /// cannot be told for certain, there are no labels.
    /// </summary>
    private static string? CreateUsageLabels(TenantScope scope, string plan)
    {
        if (ReferenceEquals(scope, TenantScope.Nothing))
        {
            return null;
        }
        var values = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var matcher in scope.Matchers)
        {
            if (Array.IndexOf(ReservedLabels, matcher.Name) >= 0)
            {
                return null;
            }
            var value = ScopeLabels.ListValues(matcher).Min(StringComparer.Ordinal);
            if (value is null || !values.TryAdd(matcher.Name, value))
            {
                return null;
            }
        }

        return string.Join(',', values.Select(value => FormatLabel(value.Key, value.Value)).Append(FormatLabel("plan", plan)));
    }

    private static string? EqualityValue(TenantScope scope, string label)
    {
        foreach (var matcher in scope.Matchers)
        {
            if (matcher.Name == label && matcher.Type == MatchType.Equal)
            {
                return matcher.Value;
            }
        }
        return null;
    }

    private static string FormatLabel(string name, string value)
    {
        var text = new StringBuilder(name).Append("=\"");
        foreach (var c in value)
        {
            _ = c switch
            {
                '\\' => text.Append(@"\\"),
                '"' => text.Append("\\\""),
                '\n' => text.Append("\\n"),
                _ => text.Append(c),
            };
        }
        return text.Append('"').ToString();
    }
}
