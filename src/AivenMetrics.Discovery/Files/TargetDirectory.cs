using System.Security.Cryptography;
using System.Text;
using AivenMetrics.Feed;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Discovery.Files;

/// <summary>
/// Puts a plan on disk. The order keeps every moment usable: CA and password before the jobs that name them, targets, jobs, and
/// last the removal of passwords that no job names any more. Every file is written whole and only if its bytes change.
/// </summary>
internal sealed class TargetDirectory(DiscoveryOptions options, Layout layout, DiscoveryMetrics metrics, ILogger<TargetDirectory> logger)
{
    private const UnixFileMode Everyone = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Group = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
    private const UnixFileMode GroupFolder = Group | UnixFileMode.UserExecute | UnixFileMode.GroupExecute;

    /// <summary>Writes everything.</summary>
    /// <param name="plan">Jobs and targets.</param>
    /// <param name="wanted">Whose CA and password are known, and whose files must stay although they are not in the plan.</param>
    /// <returns>A digest of the jobs: when it changes, Prometheus needs a reload.</returns>
    /// <exception cref="IOException">A file cannot be written; those before it are.</exception>
    /// <exception cref="UnauthorizedAccessException">No permission; as above.</exception>
    public string Write(Plan plan, Wanted wanted)
    {
        CreateFolders();
        foreach (var project in wanted.Fresh)
        {
            Write("ca", layout.Ca(project.Project), TargetFiles.Pem(project.CaCertificate!), Everyone);
            Write("password", layout.Password(project.Project), Encoding.UTF8.GetBytes(project.ScrapeCredentials!.Password), Group);
        }

        foreach (var project in plan.Projects) Write("targets", layout.Targets(project.Project), TargetFiles.Targets(project), Everyone);
        foreach (var project in layout.ProjectsWithTargets().Where(IsGone).ToList())
            Write("targets", layout.Targets(project), TargetFiles.Targets(new(project, "", [])), Everyone);

        var jobs = TargetFiles.ScrapeConfigs(plan, layout, options);
        Write("scrape_configs", layout.ScrapeConfigs, jobs, Everyone);
        var merged = WritePrometheus(plan);
        if (merged is not null || options.PrometheusBase is null) RemovePasswords(IsGone);
        return Convert.ToHexString(SHA256.HashData([.. jobs, .. merged ?? []]));

        bool IsGone(string project) => plan.Find(project) is null && !wanted.Configured(project);
    }

    private void CreateFolders()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(layout.Targets("x"))!);
        var secrets = Path.GetDirectoryName(layout.Password("x"))!;
        foreach (var (folder, mode) in new[] { (secrets, GroupFolder), (layout.Temporary, GroupFolder) })
        {
            if (!Directory.Exists(folder)) Directory.CreateDirectory(folder, mode);
        }
    }

    private byte[]? WritePrometheus(Plan plan)
    {
        if (options.PrometheusBase is not { } path) return null;
        try
        {
            var full = Path.GetFullPath(path);
            var merged = PrometheusBase.Merge(File.ReadAllText(full), Path.GetDirectoryName(full)!, TargetFiles.Jobs(plan, layout, options));
            Write("prometheus", layout.Prometheus, merged, Group);
            return merged;
        }
        catch (PrometheusBaseException e)
        {
            logger.LogError("{Base} cannot be used, {File} stays as it is: {Reason}", path, layout.Prometheus, e.Message);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            logger.LogError("{Base} cannot be used, {File} stays as it is: it is not there.", path, layout.Prometheus);
        }

        metrics.CycleFailed("prometheus_base");
        return null;
    }

    private void RemovePasswords(Func<string, bool> isGone)
    {
        foreach (var project in layout.ProjectsWithPassword().Where(isGone).ToList())
        {
            File.Delete(layout.Password(project));
            logger.LogInformation("The scrape password of project {Project} is removed: the project is no longer configured.", project);
        }
    }

    private void Write(string kind, string path, byte[] content, UnixFileMode mode)
    {
        if (!AtomicFile.WriteIfChanged(path, content, mode, layout.Temporary)) return;
        metrics.Wrote(kind);
        logger.LogInformation("Wrote {Path} ({Bytes} bytes).", path, content.Length);
    }
}
