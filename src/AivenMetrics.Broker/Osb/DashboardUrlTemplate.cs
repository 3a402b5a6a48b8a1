using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>The page about an instance that platforms show (osb.md 66), from the operator's template; empty: there is none.</summary>
internal sealed class DashboardUrlTemplate(string template)
{
    private const string InstanceIdPlaceholder = "{instance_id}";

    // Cloud Controller keeps 16,000 characters, and what is put in may grow ninefold by percent-encoding.
    private const int MaximumTemplateLength = 1000;

    private static readonly string[] Placeholders = [InstanceIdPlaceholder, "{organization_id}", "{space_id}", "{instance_name}"];

    /// <summary>What is wrong with a template, to be put after the name of its key; null: nothing.</summary>
    public static string? Validate(string template)
    {
        if (!template.Contains(InstanceIdPlaceholder, StringComparison.Ordinal))
        {
            return $"must hold {InstanceIdPlaceholder}, so that it names the instance, such as https://example.com/metrics/{InstanceIdPlaceholder}.";
        }
        var (a, b) = (Substitute(template, name => $"a{name.Length}"), Substitute(template, name => $"b{name.Length}"));
        if (
            template.Length > MaximumTemplateLength
            || a.Contains('{', StringComparison.Ordinal)
            || a.Contains('}', StringComparison.Ordinal)
        )
        {
            return $"may hold {string.Join(", ", Placeholders)} and no other braces, in at most {MaximumTemplateLength} characters.";
        }
        if (!Uri.TryCreate(a, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.UserInfo.Length > 0)
        {
            return "must be an http or https URL without a user, such as https://example.com/metrics/{instance_id}.";
        }
        return url.Authority == new Uri(b).Authority ? null : "must have its names in braces after the host only.";
    }

    /// <summary>The URL for an instance, all that is put in percent-encoded; null: there is none.</summary>
    public string? Expand(InstanceRecord instance) => template.Length == 0 ? null : Substitute(template, name => Uri.EscapeDataString(
                    name switch
                    {
                        InstanceIdPlaceholder => instance.InstanceId.Value,
                        "{organization_id}" => instance.Owner.OrganizationId,
                        "{space_id}" => instance.Owner.SpaceId,
                        _ => instance.InstanceName ?? "",
                    }
                ));

    // In one pass: a value that looks like one of the names stays as it is.
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
