using System.Security.Cryptography;
using System.Text;
using AivenMetrics.Feed;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Discovery.Files;

/// <summary>
/// Writes a plan to disk. The order keeps the configuration valid at any time: CA and password come before the jobs that refer to them,
/// then targets and jobs. Unused passwords are removed last. Each file is written atomically and only if its content changes.
/// </summary>
internal sealed class PrometheusFileWriter(
    DiscoveryOptions options,
    DiscoveryPaths layout,
    DiscoveryMetrics metrics,
    ILogger<PrometheusFileWriter> logger
)
{
    private const UnixFileMode Everyone = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Group = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
    private const UnixFileMode GroupFolder = Group | UnixFileMode.UserExecute | UnixFileMode.GroupExecute;

    /// <summary>Writes all files.</summary>
    /// <param name="plan">Jobs and targets.</param>
    /// <param name="desired">The projects with a known CA and password, and the projects whose files must remain.</param>
    /// <returns>A digest of the jobs. If it changes, Prometheus needs a reload.</returns>
    /// <exception cref="IOException">A file cannot be written. The files before it have been written.</exception>
    /// <exception cref="UnauthorizedAccessException">
    /// The process has no permission to write. The files before it have been written.
    /// </exception>
    public string Write(TargetPlan plan, DesiredTargets desired)
    {
        CreateFolders();
        foreach (var project in desired.ReadyProjects)
        {
            Write("ca", layout.CaFile(project.Project), PrometheusFileRenderer.RenderPem(project.CaCertificate!), Everyone);
            Write("password", layout.PasswordFile(project.Project), Encoding.UTF8.GetBytes(project.ScrapeCredentials!.Password), Group);
        }

        foreach (var project in plan.Projects)
        {
            Write("targets", layout.TargetsFile(project.Project), PrometheusFileRenderer.RenderTargets(project), Everyone);
        }
        foreach (var project in layout.ProjectsWithTargets().Where(IsGone).ToList())
        {
            Write("targets", layout.TargetsFile(project), PrometheusFileRenderer.RenderTargets(new(project, "", [])), Everyone);
        }

        var jobs = PrometheusFileRenderer.RenderScrapeConfigs(plan, layout, options);
        Write("scrape_configs", layout.ScrapeConfigsFile, jobs, Everyone);
        var merged = WritePrometheusConfig(plan);
        if (merged is not null || options.PrometheusBase is null)
        {
            RemovePasswords(IsGone);
        }
        return Convert.ToHexString(SHA256.HashData([.. jobs, .. merged ?? []]));

        bool IsGone(string project) => plan.FindProject(project) is null && !desired.IsConfigured(project);
    }

    private void CreateFolders()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(layout.TargetsFile("x"))!);
        var secrets = Path.GetDirectoryName(layout.PasswordFile("x"))!;
        foreach (var (folder, mode) in new[] { (secrets, GroupFolder), (layout.TemporaryFolder, GroupFolder) })
        {
            if (!Directory.Exists(folder))
            {
                Directory.CreateDirectory(folder, mode);
            }
        }
    }

    private byte[]? WritePrometheusConfig(TargetPlan plan)
    {
        if (options.PrometheusBase is not { } path)
        {
            return null;
        }
        try
        {
            var full = Path.GetFullPath(path);
            var merged = PrometheusConfigMerger.Merge(
                File.ReadAllText(full),
                Path.GetDirectoryName(full)!,
                PrometheusFileRenderer.CreateJobs(plan, layout, options)
            );
            Write("prometheus", layout.PrometheusFile, merged, Group);
            return merged;
        }
        catch (PrometheusConfigException e)
        {
            logger.PrometheusConfigNotMerged(path, layout.PrometheusFile, e.Message);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            logger.PrometheusConfigNotMerged(path, layout.PrometheusFile, "The file does not exist.");
        }

        metrics.RecordCycleFailure("prometheus_base");
        return null;
    }

    private void RemovePasswords(Func<string, bool> isGone)
    {
        foreach (var project in layout.ProjectsWithPassword().Where(isGone).ToList())
        {
            File.Delete(layout.PasswordFile(project));
            logger.PasswordRemoved(project);
        }
    }

    private void Write(string kind, string path, byte[] content, UnixFileMode mode)
    {
        if (!AtomicFile.WriteIfChanged(path, content, mode, layout.TemporaryFolder))
        {
            return;
        }
        metrics.RecordFileWrite(kind);
        logger.FileWritten(path, content.Length);
    }
}
