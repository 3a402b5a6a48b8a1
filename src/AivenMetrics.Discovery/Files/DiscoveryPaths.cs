namespace AivenMetrics.Discovery.Files;

/// <summary>The paths of all files. Only this class derives paths from project names.</summary>
internal sealed class DiscoveryPaths
{
    public const string TargetsFolder = "targets";
    public const string SecretsFolder = "secrets";
    private const string PasswordExtension = ".password";

    public DiscoveryPaths(string directory) => Root = Path.GetFullPath(directory);

    /// <summary>The absolute path of the directory.</summary>
    public string Root { get; }

    /// <summary>Folder for temporary files: on the same filesystem and not watched by Prometheus.</summary>
    public string TemporaryFolder => Path.Combine(Root, ".tmp");

    public string LastGoodFeedFile => Path.Combine(Root, "last-good", "feed.json");

    public string LastPlanFile => Path.Combine(Root, "last-good", "plan.json");

    public string ScrapeConfigsFile => Path.Combine(Root, "scrape_configs.yml");

    public string PrometheusFile => Path.Combine(Root, "prometheus.yml");

    public string TargetsFile(string project) => Path.Combine(Root, TargetsFolder, EnsureFileName(project) + ".json");

    public string CaFile(string project) => Path.Combine(Root, "tls", EnsureFileName(project) + ".ca.pem");

    public string PasswordFile(string project) => Path.Combine(Root, SecretsFolder, EnsureFileName(project) + PasswordExtension);

    /// <summary>The projects with a target file.</summary>
    public IEnumerable<string> ProjectsWithTargets() => Projects(TargetsFolder, ".json");

    /// <summary>The projects with a password file.</summary>
    public IEnumerable<string> ProjectsWithPassword() => Projects(SecretsFolder, PasswordExtension);

    private IEnumerable<string> Projects(string folder, string ending)
    {
        var path = Path.Combine(Root, folder);
        if (!Directory.Exists(path))
        {
            return [];
        }
        return Directory
            .EnumerateFiles(path, "*" + ending)
            .Select(file => Path.GetFileName(file)[..^ending.Length])
            .Where(TargetPlanner.IsProjectName)
            .Order(StringComparer.Ordinal);
    }

    private static string EnsureFileName(string project) =>
        TargetPlanner.IsProjectName(project)
            ? project
            : throw new ArgumentException($"'{project}' is not valid as a file name.", nameof(project));
}
