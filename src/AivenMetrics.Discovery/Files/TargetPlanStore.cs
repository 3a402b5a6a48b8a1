using System.Net;
using System.Text.Json;
using AivenMetrics.Feed;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Discovery.Files;

/// <summary>
/// Stores the last plan across restarts. It contains every address, so that a start without DNS writes the same bytes, and every job, so
/// that held-back targets keep theirs. If the stored plan is missing or corrupt, the plan is read from the target files.
/// </summary>
internal sealed class TargetPlanStore(DiscoveryPaths layout, ILogger<TargetPlanStore> logger)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public TargetPlan Load()
    {
        var plan = TryRead(layout.LastPlanFile, json => EnsureValid(JsonSerializer.Deserialize(json, TargetPlanJson.Default.TargetPlan)))
            ?? TargetPlan.Empty;
        var forgotten = layout
            .ProjectsWithTargets()
            .Where(project => plan.FindProject(project) is null)
            .Select(project => TryRead(layout.TargetsFile(project), json => EnsureValid(new([ParseTargetFile(project, json)]))))
            .SelectMany(read => read?.Projects ?? []);
        return TargetPlan.Create(plan.Projects.Concat(forgotten));
    }

    public void Save(TargetPlan plan) =>
        AtomicFile.WriteIfChanged(
            layout.LastPlanFile,
            JsonSerializer.SerializeToUtf8Bytes(plan, TargetPlanJson.Default.TargetPlan),
            OwnerOnly
        );

    private static TargetPlan EnsureValid(TargetPlan? plan) =>
        plan?.IsValid() == true ? plan : throw new FormatException("The content is not a valid plan.");

    private TargetPlan? TryRead(string path, Func<byte[], TargetPlan> read)
    {
        if (!File.Exists(path))
        {
            return null;
        }
        try
        {
            return read(File.ReadAllBytes(path));
        }
        catch (Exception e)
            when (e
                    is IOException
                        or UnauthorizedAccessException
                        or JsonException
                        or InvalidOperationException
                        or KeyNotFoundException
                        or ArgumentException
                        or FormatException
            )
        {
            logger.StoredPlanInvalid(path, e.Message);
            return null;
        }
    }

    /// <summary>
    /// Parses the target file of a project. It contains neither paths nor the user: the path is Aiven's, and the user is empty until the
    /// next feed.
    /// </summary>
    private static ProjectPlan ParseTargetFile(string project, byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        var hosts = document
            .RootElement.EnumerateArray()
            .Select(group =>
            {
                var labels = group
                    .GetProperty("labels")
                    .EnumerateObject()
                    .ToDictionary(label => label.Name, label => label.Value.GetString()!, StringComparer.Ordinal);
                labels.Remove("job");
                labels.Remove(TargetPlanner.HostnameLabel, out var host);
                var targets = group
                    .GetProperty("targets")
                    .EnumerateArray()
                    .Select(target => IPEndPoint.Parse(target.GetString()!))
                    .ToList();
                return new HostPlan(
                    host ?? throw new FormatException("A target group has no host name."),
                    targets[0].Port,
                    "/metrics",
                    labels,
                    [.. targets.Select(target => target.Address.ToString())]
                );
            });
        return new(project, "", [.. hosts.OrderBy(host => host.Host, StringComparer.Ordinal)]);
    }
}
