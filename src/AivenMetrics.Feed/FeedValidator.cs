using System.Text.RegularExpressions;

namespace AivenMetrics.Feed;

/// <summary>
/// What JSON cannot say about a feed: a list that holds a null, the same host twice, a port of zero. One fault refuses the
/// whole answer, because the last good one is better than a part of a wrong one.
/// </summary>
public static partial class FeedValidator
{
    /// <summary>The first fault of a feed for discovery as a sentence, or null. No project at all is a fault: the broker lists every configured one.</summary>
    public static string? Validate(TargetFeed feed)
    {
        if (feed.Projects is not { Count: > 0 })
        {
            return "It lists no project.";
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
            if (Validate(project) is { } fault)
            {
                return $"Project {project.Project}: {fault}";
            }
        }

        return null;
    }

    /// <summary>The first fault of a feed for gateways, or of a tenants file, as a sentence, or null. No credential at all is no fault.</summary>
    public static string? Validate(CredentialFeed feed)
    {
        if (feed.Credentials is null)
        {
            return "It has no list of credentials.";
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
            if (Validate(credential) is { } fault)
            {
                return $"Credential {credential.Username}: {fault}";
            }
        }

        return null;
    }

    private static string? Validate(ProjectTargets project)
    {
        if (project.Services is null)
        {
            return "it has no list of services.";
        }
        if (project.ScrapeCredentials is { Username: null or "" } or { Password: null or "" })
        {
            return "its scrape credentials are incomplete.";
        }
        // One host under two services would scrape one tenant's node with another tenant's labels.
        var hosts = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var service in project.Services)
        {
            if (service is null || string.IsNullOrEmpty(service.ServiceName))
            {
                return "a service has no name.";
            }
            if (service.Hosts is null || service.Labels is null)
            {
                return $"service {service.ServiceName} lacks its hosts or labels.";
            }
            foreach (var (name, value) in service.Labels)
            {
                if (value is null || !LabelName().IsMatch(name) || name.StartsWith("__", StringComparison.Ordinal))
                {
                    return $"service {service.ServiceName} has the label '{name}', which is no label that a target may have.";
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
                    return $"host {host.Host} has the port {host.Port}.";
                }
                if (host.Path is not ['/', ..])
                {
                    return $"host {host.Host} has a path that does not begin with '/'.";
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
            return "it has no plan.";
        }
        if (credential.Matchers is null)
        {
            return "it has no list of matchers.";
        }
        foreach (var matcher in credential.Matchers)
        {
            if (matcher?.Name is null || !LabelName().IsMatch(matcher.Name))
            {
                return $"'{matcher?.Name}' is no label name.";
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
