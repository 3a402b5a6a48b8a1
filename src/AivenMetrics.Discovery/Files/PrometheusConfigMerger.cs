using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace AivenMetrics.Discovery.Files;

/// <summary>
/// The operator's <c>prometheus.yml</c> is invalid. The message gives the reason without quoting the file, which may contain secrets.
/// </summary>
internal sealed class PrometheusConfigException(string message) : Exception(message);

/// <summary>Adds the generated jobs to the operator's <c>prometheus.yml</c>.</summary>
internal static class PrometheusConfigMerger
{
    private const string ScrapeConfigs = "scrape_configs";

    /// <summary>Keys of path lists at any level. All other paths are values of keys that end in <c>_file</c>.</summary>
    private static readonly HashSet<string> PathListKeys = new(StringComparer.Ordinal) { "rule_files", "scrape_config_files", "files" };

    /// <summary>Keys with free text, in which a name that ends in <c>_file</c> is not a path.</summary>
    private static readonly HashSet<string> FreeTextKeys = new(StringComparer.Ordinal) { "labels", "external_labels", "params", "headers" };

    /// <summary>Returns the operator's file with the jobs appended and relative paths made absolute.</summary>
    /// <param name="text">The content of the operator's file.</param>
    /// <param name="folder">The absolute folder of the operator's file.</param>
    /// <param name="jobs">The generated jobs.</param>
    /// <exception cref="PrometheusConfigException">
    /// The file is not a YAML mapping, or contains a job with the name of a generated one.
    /// </exception>
    public static byte[] Merge(string text, string folder, YamlSequenceNode jobs)
    {
        var root = Parse(text);
        MakePathsAbsolute(root, folder, new(ReferenceEqualityComparer.Instance));
        var key = new YamlScalarNode(ScrapeConfigs);
        var all = new YamlSequenceNode();
        if (root.Children.TryGetValue(key, out var existing) && existing is not YamlScalarNode { Value: "" or "null" or "~" })
        {
            if (existing is not YamlSequenceNode own)
            {
                throw new PrometheusConfigException("The value of scrape_configs is not a list.");
            }
            foreach (var job in own)
            {
                all.Add(job);
            }
        }

        var names = all.OfType<YamlMappingNode>().Select(JobName).ToHashSet(StringComparer.Ordinal);
        foreach (var job in jobs.Cast<YamlMappingNode>())
        {
            if (names.Contains(JobName(job)))
            {
                throw new PrometheusConfigException($"The job name {JobName(job)} is also the name of a generated job. Rename the job.");
            }
            all.Add(job);
        }

        root.Children[key] = all;
        return PrometheusFileRenderer.RenderYaml(root);
    }

    private static YamlMappingNode Parse(string text)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException e)
        {
            throw new PrometheusConfigException($"The file is not valid YAML (line {e.Start.Line}, column {e.Start.Column}).");
        }

        // An editor may truncate the file before it writes the new content. An empty configuration is never intended.
        if (stream.Documents.Count == 0)
        {
            throw new PrometheusConfigException("The file is empty.");
        }
        if (stream.Documents.Count > 1)
        {
            throw new PrometheusConfigException("The file contains several YAML documents, of which Prometheus reads only the first.");
        }
        return stream.Documents[0].RootNode as YamlMappingNode ?? throw new PrometheusConfigException("The file is not a YAML mapping.");
    }

    private static string? JobName(YamlMappingNode job) =>
        job.Children.TryGetValue(new YamlScalarNode("job_name"), out var name) ? (name as YamlScalarNode)?.Value : null;

    private static void MakePathsAbsolute(YamlNode node, string folder, HashSet<YamlNode> visited)
    {
        if (!visited.Add(node))
        {
            return;
        }
        if (node is YamlSequenceNode list)
        {
            foreach (var item in list)
            {
                MakePathsAbsolute(item, folder, visited);
            }
        }
        else if (node is YamlMappingNode mapping)
        {
            foreach (var (key, value) in mapping.Children)
            {
                var name = (key as YamlScalarNode)?.Value ?? "";
                if (FreeTextKeys.Contains(name))
                {
                    continue;
                }
                if (value is YamlScalarNode path && name.EndsWith("_file", StringComparison.Ordinal))
                {
                    MakePathsAbsolute(path, folder);
                }
                else if (value is YamlSequenceNode paths && PathListKeys.Contains(name))
                {
                    paths.OfType<YamlScalarNode>().ToList().ForEach(p => MakePathsAbsolute(p, folder));
                }
                else
                {
                    MakePathsAbsolute(value, folder, visited);
                }
            }
        }
    }

    private static void MakePathsAbsolute(YamlScalarNode path, string folder)
    {
        if (!string.IsNullOrEmpty(path.Value) && !Path.IsPathRooted(path.Value))
        {
            path.Value = Path.Combine(folder, path.Value);
        }
    }
}
