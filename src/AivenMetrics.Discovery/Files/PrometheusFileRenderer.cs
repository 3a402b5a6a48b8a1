using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace AivenMetrics.Discovery.Files;

/// <summary>
/// Renders the files for Prometheus, without side effects. The output is sorted: equal plans give equal bytes. There is one scrape job per
/// host. Targets are IP addresses, but the certificates contain the host name, which Prometheus verifies only through a job's
/// <c>server_name</c>. All jobs of a project read the same target file, and each keeps the targets of its host.
/// </summary>
internal static class PrometheusFileRenderer
{
    private const string JobLabel = "job";

    /// <summary>
    /// The labels that only discovery sets (docs/decisions/0001-founding-decisions.md, section 5). <c>honor_labels: false</c> protects the
    /// labels that a target has. The others are dropped from its samples, so that an exporter cannot claim to belong to a space.
    /// </summary>
    private static readonly string[] ManagedLabels =
    [
        "aiven_cloud",
        TargetPlanner.HostnameLabel,
        "aiven_node_count",
        "aiven_plan",
        "aiven_project",
        "aiven_service_name",
        "aiven_service_type",
        "organization_id",
        "organization_name",
        "service_instance_id",
        "service_instance_name",
        "space_id",
        "space_name",
    ];

    private static readonly JsonWriterOptions Indented = new()
    {
        Indented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Renders a <c>file_sd</c> document with one target group per host that has an address.</summary>
    public static byte[] RenderTargets(ProjectPlan project)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Indented))
        {
            json.WriteStartArray();
            foreach (var host in project.Hosts.Where(host => host.Addresses.Count > 0))
            {
                WriteGroup(json, host);
            }
            json.WriteEndArray();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Renders <c>scrape_configs.yml</c>, for Prometheus' <c>scrape_config_files</c>.</summary>
    public static byte[] RenderScrapeConfigs(TargetPlan plan, DiscoveryPaths layout, DiscoveryOptions options) =>
        RenderYaml(new YamlMappingNode(PlainScalar("scrape_configs"), CreateJobs(plan, layout, options)));

    /// <summary>Creates the jobs of a plan in the order of projects and hosts, followed by the job of the gateways.</summary>
    public static YamlSequenceNode CreateJobs(TargetPlan plan, DiscoveryPaths layout, DiscoveryOptions options)
    {
        var jobs = new YamlSequenceNode();
        foreach (var project in plan.Projects)
        {
            foreach (var host in project.Hosts)
            {
                jobs.Add(CreateJob(project, host, layout, options));
            }
        }

        if (options.Gateways.Count > 0)
        {
            jobs.Add(CreateGatewayJob(options));
        }
        if (jobs.Children.Count == 0)
        {
            jobs.Style = YamlDotNet.Core.Events.SequenceStyle.Flow;
        }
        return jobs;
    }

    /// <summary>Renders a PEM file with LF line ends and one at the end.</summary>
    public static byte[] RenderPem(string pem) => Encoding.UTF8.GetBytes(pem.ReplaceLineEndings("\n").Trim('\n') + "\n");

    /// <summary>Renders a YAML document with a first line that names its generator.</summary>
    public static byte[] RenderYaml(YamlNode root)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        text.WriteLine("# Written by AivenMetrics discovery. Changes made here are overwritten.");
        new YamlStream(new YamlDocument(root)).Save(text, assignAnchors: false);
        var yaml = text.ToString().ReplaceLineEndings("\n");
        const string documentEnd = "...\n";
        return Encoding.UTF8.GetBytes(yaml.EndsWith("\n" + documentEnd, StringComparison.Ordinal) ? yaml[..^documentEnd.Length] : yaml);
    }

    private static void WriteGroup(Utf8JsonWriter json, HostPlan host)
    {
        json.WriteStartObject();
        json.WriteStartArray("targets");
        foreach (var address in host.Addresses)
        {
            json.WriteStringValue(string.Create(CultureInfo.InvariantCulture, $"{address}:{host.Port}"));
        }
        json.WriteEndArray();
        json.WriteStartObject("labels");
        var labels = new SortedDictionary<string, string>(host.Labels.ToDictionary(), StringComparer.Ordinal)
        {
            [TargetPlanner.HostnameLabel] = host.Host,
            [JobLabel] = "aiven",
        };
        foreach (var (name, value) in labels)
        {
            json.WriteString(name, value);
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static YamlMappingNode CreateJob(ProjectPlan project, HostPlan host, DiscoveryPaths layout, DiscoveryOptions options)
    {
        var job = new YamlMappingNode
        {
            { "job_name", QuotedScalar($"aiven/{project.Project}/{host.Host}") },
            { "honor_labels", PlainScalar("false") },
            { "scheme", PlainScalar("https") },
            { "metrics_path", QuotedScalar(host.Path) },
        };
        if (options.ScrapeInterval is { } interval)
        {
            job.Add("scrape_interval", PlainScalar(FormatDuration(interval)));
        }
        if (options.SampleLimit > 0)
        {
            job.Add("sample_limit", PlainScalar(options.SampleLimit.ToString(CultureInfo.InvariantCulture)));
        }
        job.Add(
            "basic_auth",
            new YamlMappingNode
            {
                { "username", QuotedScalar(project.Username) },
                { "password_file", QuotedScalar(layout.PasswordFile(project.Project)) },
            }
        );
        job.Add(
            "tls_config",
            new YamlMappingNode { { "ca_file", QuotedScalar(layout.CaFile(project.Project)) }, { "server_name", QuotedScalar(host.Host) } }
        );
        job.Add(
            "file_sd_configs",
            new YamlSequenceNode(
                new YamlMappingNode { { "files", new YamlSequenceNode(QuotedScalar(layout.TargetsFile(project.Project))) } }
            )
        );
        job.Add(
            "relabel_configs",
            new YamlSequenceNode(
                new YamlMappingNode
                {
                    { "source_labels", new YamlSequenceNode(PlainScalar(TargetPlanner.HostnameLabel)) },
                    { "regex", QuotedScalar(Regex.Escape(host.Host)) },
                    { "action", PlainScalar("keep") },
                }
            )
        );
        var missing = ManagedLabels.Where(label => label != TargetPlanner.HostnameLabel && !host.Labels.ContainsKey(label)).ToList();
        if (missing.Count > 0)
        {
            job.Add(
                "metric_relabel_configs",
                new YamlSequenceNode(
                    new YamlMappingNode { { "regex", QuotedScalar(string.Join('|', missing)) }, { "action", PlainScalar("labeldrop") } }
                )
            );
        }

        return job;
    }

    /// <summary>
    /// Creates the job for the usage of tenants. Its targets have no managed labels, so that <c>up</c> of this job has none either. Only
    /// usage series are kept; their labels are in the scope of their tenant.
    /// </summary>
    private static YamlMappingNode CreateGatewayJob(DiscoveryOptions options)
    {
        var job = new YamlMappingNode
        {
            { "job_name", QuotedScalar("aivenmetrics-gateway") },
            { "honor_labels", PlainScalar("false") },
            { "metrics_path", QuotedScalar("/metrics/tenants") },
        };
        if (options.ScrapeInterval is { } interval)
        {
            job.Add("scrape_interval", PlainScalar(FormatDuration(interval)));
        }
        job.Add(
            "static_configs",
            new YamlSequenceNode(
                new YamlMappingNode
                {
                    { "targets", new YamlSequenceNode(options.Gateways.Order(StringComparer.Ordinal).Select(QuotedScalar)) },
                }
            )
        );
        job.Add(
            "metric_relabel_configs",
            new YamlSequenceNode(
                new YamlMappingNode
                {
                    { "source_labels", new YamlSequenceNode(PlainScalar("__name__")) },
                    { "regex", QuotedScalar("aivenmetrics_tenant_.+") },
                    { "action", PlainScalar("keep") },
                }
            )
        );
        return job;
    }

    private static string FormatDuration(TimeSpan span)
    {
        var milliseconds = (long)Math.Ceiling(span.TotalMilliseconds);
        return milliseconds % 1000 == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 1000}s")
            : string.Create(CultureInfo.InvariantCulture, $"{milliseconds}ms");
    }

    private static YamlScalarNode PlainScalar(string value) => new(value);

    /// <summary>Creates a quoted scalar for text from outside, because a user name can be <c>null</c>.</summary>
    private static YamlScalarNode QuotedScalar(string value) =>
        new(value) { Style = value.Any(char.IsControl) ? ScalarStyle.DoubleQuoted : ScalarStyle.SingleQuoted };
}
