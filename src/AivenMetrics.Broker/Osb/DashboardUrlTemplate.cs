using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>
/// Creates the dashboard URL of an instance from the operator's template (docs/osb-conformance.md 66). An empty template produces none.
/// </summary>
internal sealed class DashboardUrlTemplate(string template)
{
    private const string InstanceIdPlaceholder = "{instance_id}";

    // Cloud Controller stores 16,000 characters, and percent-encoding may expand a value ninefold.
    private const int MaximumTemplateLength = 1000;

    private static readonly string[] Placeholders = [InstanceIdPlaceholder, "{organization_id}", "{space_id}", "{instance_name}"];

    /// <summary>Returns the error in a template, to be appended to the name of its key; null if it is valid.</summary>
    public static string? Validate(string template)
    {
        if (!template.Contains(InstanceIdPlaceholder, StringComparison.Ordinal))
        {
            return $"must contain {InstanceIdPlaceholder} to identify the instance, such as "
                + $"https://example.com/metrics/{InstanceIdPlaceholder}.";
        }
        var (a, b) = (Substitute(template, name => $"a{name.Length}"), Substitute(template, name => $"b{name.Length}"));
        if (
            template.Length > MaximumTemplateLength
            || a.Contains('{', StringComparison.Ordinal)
            || a.Contains('}', StringComparison.Ordinal)
        )
        {
            return $"may contain {string.Join(", ", Placeholders)} and no other braces, in at most {MaximumTemplateLength} characters.";
        }
        if (!Uri.TryCreate(a, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.UserInfo.Length > 0)
        {
            return "must be an http or https URL without a user, such as https://example.com/metrics/{instance_id}.";
        }
        return url.Authority == new Uri(b).Authority ? null : "may contain placeholders only after the host.";
    }

    /// <summary>Returns the URL for an instance, with percent-encoded values; null if the template is empty.</summary>
    public string? Expand(InstanceRecord instance) => template.Length == 0 ? null : Substitute(template, name => Uri.EscapeDataString(
                    name switch
                    {
                        InstanceIdPlaceholder => instance.InstanceId.Value,
                        "{organization_id}" => instance.Owner.OrganizationId,
                        "{space_id}" => instance.Owner.SpaceId,
                        _ => instance.InstanceName ?? "",
                    }
                ));

    // Single pass: a value that looks like a placeholder is not substituted again.
    private static string Substitute(string template, Func<string, string> value)
    {
        var filled = new System.Text.StringBuilder();
        var at = 0;
        while (at < template.Length)
        {
            var name =
                template[at] == '{'
                    ? Placeholders.FirstOrDefault(name => string.CompareOrdinal(template, at, name, 0, name.Length) == 0)
                    : null;
            filled.Append(name is null ? template[at].ToString() : value(name));
            at += name?.Length ?? 1;
        }

        return filled.ToString();
    }
}
