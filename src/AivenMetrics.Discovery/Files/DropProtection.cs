namespace AivenMetrics.Discovery.Files;

/// <summary>
/// Doubts big losses. A cycle that would drop more than a given share of a project's targets keeps the missing ones for the
/// hold time, while new targets and changed labels go through at once. The rule is per project, because a project is what
/// fails as a whole (its inventory, its DNS zone); that is stricter than one sum over all. There is no floor in absolute
/// numbers: in a small project the price is that targets which are really gone are scraped in vain for a minute or two.
/// Each target has its own clock, so a loss during a hold does not go through with the loss that started it.
/// </summary>
/// <param name="maximumDrop">The share that may go at once, 0 to 1.</param>
/// <param name="hold">How long a target must be missing before it goes in any case.</param>
internal sealed class DropProtection(double maximumDrop, TimeSpan hold)
{
    private readonly Dictionary<Target, DateTimeOffset> _missingSince = [];

    /// <summary>Merges what must stay into what is to be written.</summary>
    /// <param name="previous">What the files say.</param>
    /// <param name="candidate">What they would say.</param>
    /// <param name="now">The time of this cycle.</param>
    /// <returns>The plan to write, and how many targets are kept in each project where any are.</returns>
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
