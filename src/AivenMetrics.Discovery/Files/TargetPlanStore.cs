using System.Net;
using System.Text.Json;
using AivenMetrics.Feed;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Discovery.Files;

/// <summary>
/// The memory of discovery across restarts: the plan that was written last. It names every address, so that a start while DNS is
/// down writes the same bytes again, and every job, so that what is held back stays whole. Without it, or if it is corrupt, the
/// target files themselves are read back.
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
        plan?.IsValid() == true ? plan : throw new FormatException("it says what discovery would not write.");

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
            logger.LogError("{Path} cannot be read and is ignored: {Reason}", path, e.Message);
            return null;
        }
    }

    /// <summary>What a target file says about its project. It does not know paths and the user: Aiven's path, and none until the feed says.</summary>
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
                    host ?? throw new FormatException("a group has no host name"),
                    targets[0].Port,
                    "/metrics",
                    labels,
                    [.. targets.Select(target => target.Address.ToString())]
                );
            });
        return new(project, "", [.. hosts.OrderBy(host => host.Host, StringComparer.Ordinal)]);
    }
}
