using System.Text;
using AivenMetrics.Discovery;
using AivenMetrics.Discovery.Files;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace AivenMetrics.Tests.Discovery.Files;

public sealed class PrometheusConfigMergerTests
{
    [Fact]
    public void The_generated_jobs_follow_the_operators_jobs()
    {
        var merged = Merge(
            "global:\n  scrape_interval: 15s\nscrape_configs:\n- job_name: prometheus\n  static_configs:\n  - targets: ['localhost:9090']\n"
        );
        var root = Root(merged);
        Assert.Equal(["prometheus", "aiven/demo/es.test"], Jobs(root));
        Assert.Equal("15s", root["global"]["scrape_interval"].ToString());
        Assert.Contains("'localhost:9090'", merged, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("global: {}\n")]
    [InlineData("global: {}\nscrape_configs:\n")]
    [InlineData("global: {}\nscrape_configs: []\n")]
    [InlineData("global: {}\nscrape_configs: null\n")]
    public void The_generated_jobs_are_added_to_a_base_without_jobs(string text) =>
        Assert.Equal(["aiven/demo/es.test"], Jobs(Root(Merge(text))));

    [Fact]
    public void Relative_paths_refer_to_the_folder_of_the_base()
    {
        var merged = Merge(
            """
            global:
              external_labels: {config_file: left-alone}
            rule_files: [rules/*.yml, /abs/rules.yml]
            scrape_configs:
            - job_name: own
              basic_auth: {username: u, password_file: own.password}
              tls_config: {ca_file: /abs/ca.pem}
              file_sd_configs: [{files: [targets/*.json]}]
              static_configs: [{targets: [a], labels: {some_file: left-alone}}]
            """
        );
        var root = Root(merged);
        var own = root["scrape_configs"][0];
        Assert.Equal(
            ["/etc/prometheus/rules/*.yml", "/abs/rules.yml"],
            root["rule_files"].AllNodes.OfType<YamlScalarNode>().Select(n => n.Value)
        );
        Assert.Equal("/etc/prometheus/own.password", own["basic_auth"]["password_file"].ToString());
        Assert.Equal("/abs/ca.pem", own["tls_config"]["ca_file"].ToString());
        Assert.Equal("/etc/prometheus/targets/*.json", own["file_sd_configs"][0]["files"][0].ToString());
        Assert.Equal(2, merged.Split("left-alone").Length - 1);
    }

    [Theory]
    [InlineData(
        "scrape_configs:\n- job_name: aiven/demo/es.test\n",
        "The job name aiven/demo/es.test is also the name of a " + "generated job. Rename the job."
    )]
    [InlineData("", "The file is empty.")]
    [InlineData("# only a comment\n", "The file is empty.")]
    [InlineData("- a\n", "The file is not a YAML mapping.")]
    [InlineData("a: 1\n---\nb: 2\n", "The file contains several YAML documents, of which Prometheus reads only the first.")]
    [InlineData("scrape_configs: soon\n", "The value of scrape_configs is not a list.")]
    [InlineData("password: 'geheim\n", "The file is not valid YAML (line")]
    public void An_invalid_base_is_rejected_without_quoting_it(string text, string reason)
    {
        var fault = Assert.Throws<PrometheusConfigException>(() => Merge(text));
        Assert.StartsWith(reason, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Anchors_and_merge_keys_are_preserved()
    {
        var merged = Merge("scrape_configs:\n- &own\n  job_name: one\n  static_configs: [{targets: [a]}]\n- <<: *own\n  job_name: two\n");
        Assert.Contains("&own", merged, StringComparison.Ordinal);
        Assert.Contains("<<: *own", merged, StringComparison.Ordinal);
        Assert.Equal(["one", "two", "aiven/demo/es.test"], Jobs(Root(merged)));
    }

    [Fact]
    public void The_same_base_gives_the_same_bytes() => Assert.Equal(Merge("a: {b: 1, c: 2}\n"), Merge("a: {b: 1, c: 2}\n"));

    private static string Merge(string text)
    {
        var plan = new TargetPlan([new("demo", "u", [new("es.test", 9273, "/metrics", new Dictionary<string, string>(), [])])]);
        return Encoding.UTF8.GetString(
            PrometheusConfigMerger.Merge(
                text,
                "/etc/prometheus",
                PrometheusFileRenderer.CreateJobs(plan, new("/srv"), new DiscoveryOptions())
            )
        );
    }

    private static YamlMappingNode Root(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return (YamlMappingNode)stream.Documents.Single().RootNode;
    }

    private static string[] Jobs(YamlMappingNode root) =>
        [.. ((YamlSequenceNode)root["scrape_configs"]).Select(job => job["job_name"].ToString())];
}
