using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using AivenMetrics.Feed;

namespace AivenMetrics.Discovery.Files;

/// <summary>The plan of the feed, before DNS resolution and drop protection.</summary>
/// <param name="Plan">The projects with their last known addresses.</param>
/// <param name="ReadyProjects">The projects of the feed with a valid CA and credentials.</param>
/// <param name="IsConfigured">Returns true if a project is configured: it is in the feed, or the feed is only the copy on disk.</param>
/// <param name="ValidationErrors">The errors in the feed.</param>
internal sealed record DesiredTargets(
    TargetPlan Plan,
    IReadOnlyList<ProjectTargets> ReadyProjects,
    Func<string, bool> IsConfigured,
    IReadOnlyList<string> ValidationErrors
);

/// <summary>
/// Derives the plan from the feed, without side effects. 1. A ready project gets the content of the feed. 2. A project that is not ready,
/// or has an invalid CA or credentials, keeps its last plan. 3. A project that is missing from the feed loses its hosts if the feed is
/// live. If the feed is the copy on disk, the project keeps its last plan.
/// </summary>
internal static partial class TargetPlanner
{
    /// <summary>The target label with the host name. A job uses it to select its targets.</summary>
    internal const string HostnameLabel = "aiven_hostname";

    public static DesiredTargets CreatePlan(TargetFeed feed, bool isLive, TargetPlan written)
    {
        var previous = RemovedHosts.WithoutRemovedHosts(written);
        List<ProjectPlan> projects = [];
        List<ProjectTargets> fresh = [];
        List<string> errors = [];
        foreach (var project in feed.Projects)
        {
            if (!ProjectName().IsMatch(project.Project))
            {
                errors.Add($"Project '{project.Project}' was skipped: its name is not valid as a file name.");
                continue;
            }

            if (!project.Ready || Validate(project) is { } error && Note(error))
            {
                if (previous.FindProject(project.Project) is { } last)
                {
                    projects.Add(last);
                }
                continue;
            }

            fresh.Add(project);
            projects.Add(new(project.Project, project.ScrapeCredentials!.Username, CreateHosts(project, errors)));
        }

        var named = feed.Projects.Select(p => p.Project).ToHashSet(StringComparer.Ordinal);
        var missing = previous.Projects.Where(p => !named.Contains(p.Project)).ToList();
        projects.AddRange(isLive ? missing.Select(p => p with { Hosts = [] }) : missing);
        return new(TargetPlan.Create(projects), fresh, project => !isLive || named.Contains(project), errors);

        bool Note(string error)
        {
            errors.Add(error);
            return true;
        }
    }

    /// <summary>
    /// Returns the plan with the addresses from DNS. A new project is omitted until DNS has responded for at least one of its hosts. An
    /// empty target list therefore always means that there is nothing to scrape.
    /// </summary>
    public static TargetPlan WithAddresses(
        TargetPlan plan,
        TargetPlan previous,
        IReadOnlyDictionary<string, IReadOnlyList<string>> addresses
    ) =>
        new([
            .. plan
                .Projects.Where(project =>
                    project.Hosts.Count == 0
                    || previous.FindProject(project.Project) is not null
                    || project.Hosts.Any(host => addresses.ContainsKey(host.Host))
                )
                .Select(project =>
                    project with
                    {
                        Hosts = [.. project.Hosts.Select(host => host with { Addresses = addresses.GetValueOrDefault(host.Host) ?? [] })],
                    }
                ),
        ]);

    internal static bool IsProjectName(string name) => ProjectName().IsMatch(name);

    internal static bool IsHostName(string name) => name.Length <= 253 && HostName().IsMatch(name);

    private static List<HostPlan> CreateHosts(ProjectTargets project, List<string> errors)
    {
        List<HostPlan> hosts = [];
        foreach (var service in project.Services)
        {
            var labels = service.Labels.Where(label => label.Value.Length > 0).ToDictionary(StringComparer.Ordinal);
            foreach (var host in service.Hosts)
            {
                if (IsHostName(host.Host))
                {
                    hosts.Add(new(host.Host, host.Port, host.Path, labels, []));
                }
                else
                {
                    errors.Add($"Host '{host.Host}' of project {project.Project} was skipped: it is not a valid host name.");
                }
            }
        }

        return [.. hosts.OrderBy(host => host.Host, StringComparer.Ordinal)];
    }

    private static string? Validate(ProjectTargets project)
    {
        if (project.ScrapeCredentials is null || project.CaCertificate is null)
        {
            return $"Project {project.Project} was not updated: it is ready, but its CA certificate or its scrape credentials are missing.";
        }
        try
        {
            var certificates = new X509Certificate2Collection();
            certificates.ImportFromPem(project.CaCertificate);
            if (certificates.Count > 0)
            {
                return null;
            }
        }
        catch (CryptographicException)
        {
            // The error below is sufficient; the exception contains no further information.
        }

        return $"Project {project.Project} was not updated: its CA certificate is not a PEM certificate.";
    }

    /// <summary>A name without a slash or leading dot, which cannot leave the directory.</summary>
    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}\z", RegexOptions.CultureInvariant)]
    private static partial Regex ProjectName();

    [GeneratedRegex(
        @"^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\z",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex HostName();
}
