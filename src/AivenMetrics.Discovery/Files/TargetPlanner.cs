using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using AivenMetrics.Feed;

namespace AivenMetrics.Discovery.Files;

/// <summary>What the feed asks for, before DNS has been asked and before anything is held back.</summary>
/// <param name="Plan">The projects with their last known addresses.</param>
/// <param name="ReadyProjects">The feed's projects whose CA and credentials are good to be written.</param>
/// <param name="IsConfigured">The projects that count as configured: those of the feed, and while it is the copy on disk every other too.</param>
/// <param name="ValidationErrors">What was left out of the feed, and why.</param>
internal sealed record DesiredTargets(
    TargetPlan Plan,
    IReadOnlyList<ProjectTargets> ReadyProjects,
    Func<string, bool> IsConfigured,
    IReadOnlyList<string> ValidationErrors
);

/// <summary>
/// Decides what the files shall say. Pure: everything it knows comes in.
/// 1. A project that is ready: what the feed says. 2. A project that is not ready, or whose CA or credentials are unfit: what
/// was written last. 3. A project that is missing from the feed: nothing, if the broker itself just said so; what was written
/// last, if the feed is the copy on disk.
/// </summary>
internal static partial class TargetPlanner
{
    /// <summary>The target label that names the host, by which a job knows its targets.</summary>
    internal const string HostnameLabel = "aiven_hostname";

    public static DesiredTargets CreatePlan(TargetFeed feed, bool isLive, TargetPlan written)
    {
        var previous = RemovedHosts.WithoutRemovedHosts(written);
        List<ProjectPlan> projects = [];
        List<ProjectTargets> fresh = [];
        List<string> complaints = [];
        foreach (var project in feed.Projects)
        {
            if (!ProjectName().IsMatch(project.Project))
            {
                complaints.Add($"Project '{project.Project}' is left out: its name cannot be a file name.");
                continue;
            }

            if (!project.Ready || Validate(project) is { } complaint && Note(complaint))
            {
                if (previous.FindProject(project.Project) is { } last)
                {
                    projects.Add(last);
                }
                continue;
            }

            fresh.Add(project);
            projects.Add(new(project.Project, project.ScrapeCredentials!.Username, CreateHosts(project, complaints)));
        }

        var named = feed.Projects.Select(p => p.Project).ToHashSet(StringComparer.Ordinal);
        var missing = previous.Projects.Where(p => !named.Contains(p.Project)).ToList();
        projects.AddRange(isLive ? missing.Select(p => p with { Hosts = [] }) : missing);
        return new(TargetPlan.Create(projects), fresh, project => !isLive || named.Contains(project), complaints);

        bool Note(string complaint)
        {
            complaints.Add(complaint);
            return true;
        }
    }

    /// <summary>
    /// The plan with the addresses that DNS knows. A new project of which DNS knows no host at all is left out: an empty list is
    /// written because there is nothing to scrape, never because nobody has answered yet.
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

    private static List<HostPlan> CreateHosts(ProjectTargets project, List<string> complaints)
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
                    complaints.Add($"Host '{host.Host}' of project {project.Project} is left out: it is no host name.");
                }
            }
        }

        return [.. hosts.OrderBy(host => host.Host, StringComparer.Ordinal)];
    }

    private static string? Validate(ProjectTargets project)
    {
        if (project.ScrapeCredentials is null || project.CaCertificate is null)
        {
            return $"Project {project.Project} keeps its files: the feed says it is ready and lacks its CA or its scrape credentials.";
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
            // Said below: the content of the exception helps nobody.
        }

        return $"Project {project.Project} keeps its files: its CA certificate is no PEM certificate.";
    }

    /// <summary>No slash and no leading dot: nothing that could leave the directory.</summary>
    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}\z", RegexOptions.CultureInvariant)]
    private static partial Regex ProjectName();

    [GeneratedRegex(
        @"^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\z",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex HostName();
}
