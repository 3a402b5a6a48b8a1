using System.Text;
using AivenMetrics.PromQL;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Gateway.Authentication;

/// <summary>
/// The tenant whose limits a credential uses and whose usage it adds to: the owner in its scope, under the credential's plan. All
/// credentials of one owner and plan share both.
/// </summary>
/// <param name="Name">The name in logs: <c>organization/space</c>, or the printed scope if it contains no owner.</param>
/// <param name="Plan">The plan.</param>
/// <param name="Key">A key that differs between owners and between plans.</param>
/// <param name="UsageLabels">
/// The labels of the usage series in text format, so that the series are in scope; null if the scope does not determine them.
/// </param>
internal sealed record Tenant(string Name, string Plan, string Key, string? UsageLabels)
{
    private const string Organization = "organization_id";
    private const string Space = "space_id";

    /// <summary>The labels that the usage series need themselves. A scope that uses one of them gets no usage series.</summary>
    private static readonly string[] ReservedLabels = ["plan", "code", "reason", "job", "instance"];

    /// <summary>Creates the tenant of a credential.</summary>
    /// <param name="scope">The scope of the credential.</param>
    /// <param name="scopeSelector">The scope, printed.</param>
    /// <param name="plan">The plan of the credential.</param>
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
    // Every request looks up its tenant. The key alone is sufficient for the hash.
    public override int GetHashCode() => Key.GetHashCode(StringComparison.Ordinal);

    /// <summary>
    /// Returns one value for each matcher: of a list of values the first in ordinal order. Returns null if the values of a matcher are not
    /// certain.
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
            var value = ScopeValues.List(matcher).Min(StringComparer.Ordinal);
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
