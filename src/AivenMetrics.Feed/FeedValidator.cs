using System.Text.RegularExpressions;

namespace AivenMetrics.Feed;

/// <summary>
/// Validates the rules of a feed that the JSON contract cannot express: null items, duplicate hosts, a port of zero. One error rejects the
/// whole response, because the last good response is safer than a partial one.
/// </summary>
public static partial class FeedValidator
{
    /// <summary>
    /// Returns the first error in a feed for discovery as a sentence, or null. An empty list of projects is an error: the broker lists
    /// every configured project.
    /// </summary>
    public static string? Validate(TargetFeed feed)
    {
        if (feed.Projects is not { Count: > 0 })
        {
            return "The list of projects is empty.";
        }
        var projects = new HashSet<string>(StringComparer.Ordinal);
        foreach (var project in feed.Projects)
        {
            if (project is null || string.IsNullOrEmpty(project.Project))
            {
                return "A project has no name.";
            }
            if (!projects.Add(project.Project))
            {
                return $"Project {project.Project} is listed twice.";
            }
            if (Validate(project) is { } error)
            {
                return $"Project {project.Project}: {error}";
            }
        }

        return null;
    }

    /// <summary>
    /// Returns the first error in a feed for gateways or a tenants file as a sentence, or null. An empty list of credentials is valid.
    /// </summary>
    public static string? Validate(CredentialFeed feed)
    {
        if (feed.Credentials is null)
        {
            return "The list of credentials is missing.";
        }
        var users = new HashSet<string>(StringComparer.Ordinal);
        foreach (var credential in feed.Credentials)
        {
            if (credential is null || string.IsNullOrEmpty(credential.Username))
            {
                return "A credential has no username.";
            }
            if (!users.Add(credential.Username))
            {
                return $"Username {credential.Username} is listed twice.";
            }
            if (Validate(credential) is { } error)
            {
                return $"Credential {credential.Username}: {error}";
            }
        }

        return null;
    }

    private static string? Validate(ProjectTargets project)
    {
        if (project.Services is null)
        {
            return "the list of services is missing.";
        }
        if (project.ScrapeCredentials is { Username: null or "" } or { Password: null or "" })
        {
            return "the scrape credentials are incomplete.";
        }
        // The same host in two services would scrape one tenant's node with another tenant's labels.
        var hosts = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var service in project.Services)
        {
            if (service is null || string.IsNullOrEmpty(service.ServiceName))
            {
                return "a service has no name.";
            }
            if (service.Hosts is null || service.Labels is null)
            {
                return $"the hosts or labels of service {service.ServiceName} are missing.";
            }
            foreach (var (name, value) in service.Labels)
            {
                if (value is null || !LabelName().IsMatch(name) || name.StartsWith("__", StringComparison.Ordinal))
                {
                    return $"service {service.ServiceName} has the label '{name}', which is not a valid target label.";
                }
            }

            foreach (var host in service.Hosts)
            {
                if (host is null || string.IsNullOrEmpty(host.Host))
                {
                    return $"service {service.ServiceName} has a host without a name.";
                }
                if (host.Port is < 1 or > 65535)
                {
                    return $"host {host.Host} has the port {host.Port}; it must be from 1 to 65535.";
                }
                if (host.Path is not ['/', ..])
                {
                    return $"the path of host {host.Host} does not begin with '/'.";
                }
                if (!hosts.Add(host.Host))
                {
                    return $"host {host.Host} is listed twice.";
                }
            }
        }

        return null;
    }

    private static string? Validate(TenantCredential credential)
    {
        if (credential.SecretSha256 is null || !Sha256().IsMatch(credential.SecretSha256))
        {
            return "secret_sha256 is not 64 hexadecimal digits.";
        }
        if (credential.Plan is null)
        {
            return "the plan is missing.";
        }
        if (credential.Matchers is null)
        {
            return "the list of matchers is missing.";
        }
        foreach (var matcher in credential.Matchers)
        {
            if (matcher?.Name is null || !LabelName().IsMatch(matcher.Name))
            {
                return $"'{matcher?.Name}' is not a valid label name.";
            }
            if (matcher.Type is not ("=" or "=~"))
            {
                return $"the matcher of {matcher.Name} has the type '{matcher.Type}'; it must be = or =~.";
            }
            if (matcher.Value is null)
            {
                return $"the matcher of {matcher.Name} has no value.";
            }
        }

        return null;
    }

    [GeneratedRegex(@"^[a-zA-Z_][a-zA-Z0-9_]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex LabelName();

    [GeneratedRegex(@"^[0-9a-fA-F]{64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Sha256();
}
