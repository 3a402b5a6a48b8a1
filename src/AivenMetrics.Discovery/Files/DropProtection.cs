namespace AivenMetrics.Discovery.Files;

/// <summary>
/// Protects against large losses of targets. If a cycle would remove more than a given share of a project's targets, the missing ones are
/// held back for the hold time. New targets and changed labels are written at once. The rule applies per project, because inventory and DNS
/// zones fail per project. This is stricter than one rule for all targets. There is no minimum number, so Prometheus scrapes the removed
/// targets of a small project for the hold time. Each target has its own hold time: a later loss does not end with an earlier one.
/// </summary>
/// <param name="maximumDrop">The share of targets that may be removed at once, 0 to 1.</param>
/// <param name="hold">Time after which a missing target is removed in any case.</param>
internal sealed class DropProtection(double maximumDrop, TimeSpan hold)
{
    private readonly Dictionary<Target, DateTimeOffset> _missingSince = [];

    /// <summary>Adds the held-back targets to the next plan.</summary>
    /// <param name="previous">The plan on disk.</param>
    /// <param name="candidate">The next plan.</param>
    /// <param name="now">The time of this cycle.</param>
    /// <returns>The plan to write, and the number of held-back targets per project.</returns>
    public (TargetPlan Plan, IReadOnlyDictionary<string, int> Held) Apply(TargetPlan previous, TargetPlan candidate, DateTimeOffset now)
    {
        var held = new Dictionary<string, int>(StringComparer.Ordinal);
        var projects = new List<ProjectPlan>();
        foreach (var project in candidate.Projects)
        {
            var before = previous.FindProject(project.Project);
            var keep = before is null ? [] : FindHeldTargets(before, project, now);
            if (keep.Count > 0)
            {
                held[project.Project] = keep.Count;
            }
            projects.Add(keep.Count > 0 ? MergeHeldTargets(before!, project, keep) : project);
        }

        return (new(projects), held);
    }

    private HashSet<Target> FindHeldTargets(ProjectPlan before, ProjectPlan project, DateTimeOffset now)
    {
        var all = Targets(before).ToList();
        var staying = Targets(project).ToHashSet();
        var missing = all.Where(target => !staying.Contains(target)).ToHashSet();
        foreach (var target in _missingSince.Keys.Where(t => t.Project == project.Project && !missing.Contains(t)).ToList())
        {
            _missingSince.Remove(target);
        }
        foreach (var target in missing)
        {
            _missingSince.TryAdd(target, now);
        }

        var young = missing.Where(target => now - _missingSince[target] < hold).ToHashSet();
        var rest = all.Count - (missing.Count - young.Count);
        if (young.Count > (decimal)maximumDrop * rest)
        {
            return young;
        }
        foreach (var target in missing)
        {
            _missingSince.Remove(target);
        }
        return [];
    }

    private static ProjectPlan MergeHeldTargets(ProjectPlan before, ProjectPlan project, HashSet<Target> keep)
    {
        var hosts = project.Hosts.ToDictionary(host => host.Host, StringComparer.Ordinal);
        foreach (var old in before.Hosts)
        {
            var kept = old.Addresses.Where(address => keep.Contains(new(project.Project, old.Host, address))).ToList();
            if (kept.Count == 0)
            {
                continue;
            }
            var host = hosts.GetValueOrDefault(old.Host) ?? old with { Addresses = [] };
            hosts[old.Host] = host with { Addresses = Dns.DnsLookupResult.SortAddresses(host.Addresses.Concat(kept)) };
        }

        return project with
        {
            Hosts = [.. hosts.Values.OrderBy(host => host.Host, StringComparer.Ordinal)],
        };
    }

    private static IEnumerable<Target> Targets(ProjectPlan project) =>
        project.Hosts.SelectMany(host => host.Addresses.Select(address => new Target(project.Project, host.Host, address)));

    private readonly record struct Target(string Project, string Host, string Address);
}
