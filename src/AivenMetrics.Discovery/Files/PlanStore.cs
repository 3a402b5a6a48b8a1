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
internal sealed class PlanStore(Layout layout, ILogger<PlanStore> logger)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public Plan Load()
    {
        var plan = Read(layout.LastPlan, json => Sound(JsonSerializer.Deserialize(json, PlanJson.Default.Plan))) ?? Plan.Empty;
        var forgotten = layout.ProjectsWithTargets()
            .Where(project => plan.Find(project) is null)
            .Select(project => Read(layout.Targets(project), json => Sound(new([ReadBack(project, json)]))))
            .SelectMany(read => read?.Projects ?? []);
        return Plan.Of(plan.Projects.Concat(forgotten));
    }

    public void Save(Plan plan) =>
        AtomicFile.WriteIfChanged(layout.LastPlan, JsonSerializer.SerializeToUtf8Bytes(plan, PlanJson.Default.Plan), OwnerOnly);

    private static Plan Sound(Plan? plan) => plan?.IsSound() == true ? plan : throw new FormatException("it says what discovery would not write.");

    private Plan? Read(string path, Func<byte[], Plan> read)
    {
        if (!File.Exists(path)) return null;
        try
        {
            return read(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException
            or KeyNotFoundException or ArgumentException or FormatException)
        {
            logger.LogError("{Path} cannot be read and is ignored: {Reason}", path, e.Message);
            return null;
        }
    }

    /// <summary>What a target file says about its project. It does not know paths and the user: Aiven's path, and none until the feed says.</summary>
    private static ProjectPlan ReadBack(string project, byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        var hosts = document.RootElement.EnumerateArray().Select(group =>
        {
            var labels = group.GetProperty("labels").EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString()!, StringComparer.Ordinal);
            labels.Remove("job");
            labels.Remove(Planner.HostnameLabel, out var host);
            var targets = group.GetProperty("targets").EnumerateArray().Select(target => IPEndPoint.Parse(target.GetString()!)).ToList();
            return new HostPlan(host ?? throw new FormatException("a group has no host name"), targets[0].Port, "/metrics", labels,
                [.. targets.Select(target => target.Address.ToString())]);
        });
        return new(project, "", [.. hosts.OrderBy(host => host.Host, StringComparer.Ordinal)]);
    }
}
