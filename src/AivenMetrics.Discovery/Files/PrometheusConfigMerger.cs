using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace AivenMetrics.Discovery.Files;

/// <summary>The operator's <c>prometheus.yml</c> cannot be used; the message says why, without quoting it: it may hold secrets.</summary>
internal sealed class PrometheusConfigException(string message) : Exception(message);

/// <summary>Adds our jobs to the operator's <c>prometheus.yml</c>.</summary>
internal static class PrometheusConfigMerger
{
    private const string ScrapeConfigs = "scrape_configs";

    /// <summary>Lists of paths, wherever they are; other paths are under keys that end in <c>_file</c>.</summary>
    private static readonly HashSet<string> PathListKeys = new(StringComparer.Ordinal) { "rule_files", "scrape_config_files", "files" };

    /// <summary>Free text of the operator, in which a name that ends in <c>_file</c> means nothing.</summary>
    private static readonly HashSet<string> FreeTextKeys = new(StringComparer.Ordinal) { "labels", "external_labels", "params", "headers" };

    /// <summary>The base with the jobs appended and its relative paths made absolute.</summary>
    /// <param name="text">The base.</param>
    /// <param name="folder">The folder of the base, absolute: what its relative paths are relative to.</param>
    /// <param name="jobs">Our jobs.</param>
    /// <exception cref="PrometheusConfigException">The base is no YAML mapping, or has a job that is named as one of ours.</exception>
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
                throw new PrometheusConfigException("its scrape_configs is not a list.");
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
                throw new PrometheusConfigException($"it has a job named {JobName(job)}, as is one of ours.");
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
            throw new PrometheusConfigException($"it is not YAML (line {e.Start.Line}, column {e.Start.Column}).");
        }

        // An empty file is what an editor leaves for a moment, and what no operator means.
        if (stream.Documents.Count == 0)
        {
            throw new PrometheusConfigException("it is empty.");
        }
        if (stream.Documents.Count > 1)
        {
            throw new PrometheusConfigException("it holds several YAML documents; Prometheus would read only the first.");
        }
        return stream.Documents[0].RootNode as YamlMappingNode ?? throw new PrometheusConfigException("it is not a mapping.");
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
