namespace AivenMetrics.Discovery.Files;

/// <summary>Where each file is. The only place that makes paths out of project names.</summary>
internal sealed class Layout
{
    public const string TargetsFolder = "targets";
    public const string SecretsFolder = "secrets";
    private const string PasswordEnding = ".password";

    public Layout(string directory) => Root = Path.GetFullPath(directory);

    /// <summary>The whole directory, absolute.</summary>
    public string Root { get; }

    /// <summary>Temporary files: same filesystem, and not in a folder that Prometheus watches.</summary>
    public string Temporary => Path.Combine(Root, ".tmp");

    public string LastGoodFeed => Path.Combine(Root, "last-good", "feed.json");

    public string LastPlan => Path.Combine(Root, "last-good", "plan.json");

    public string ScrapeConfigs => Path.Combine(Root, "scrape_configs.yml");

    public string Prometheus => Path.Combine(Root, "prometheus.yml");

    public string Targets(string project) => Path.Combine(Root, TargetsFolder, Safe(project) + ".json");

    public string Ca(string project) => Path.Combine(Root, "tls", Safe(project) + ".ca.pem");

    public string Password(string project) => Path.Combine(Root, SecretsFolder, Safe(project) + PasswordEnding);

    /// <summary>The projects that have a target file.</summary>
    public IEnumerable<string> ProjectsWithTargets() => Projects(TargetsFolder, ".json");

    /// <summary>The projects that have a password file.</summary>
    public IEnumerable<string> ProjectsWithPassword() => Projects(SecretsFolder, PasswordEnding);

    private IEnumerable<string> Projects(string folder, string ending)
    {
        var path = Path.Combine(Root, folder);
        if (!Directory.Exists(path)) return [];
        return Directory.EnumerateFiles(path, "*" + ending)
            .Select(file => Path.GetFileName(file)[..^ending.Length])
            .Where(Planner.IsProjectName)
            .Order(StringComparer.Ordinal);
    }

    private static string Safe(string project) =>
        Planner.IsProjectName(project) ? project : throw new ArgumentException($"'{project}' cannot be a file name.", nameof(project));
}
