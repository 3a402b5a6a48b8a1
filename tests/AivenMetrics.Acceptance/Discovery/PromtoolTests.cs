using AivenMetrics.Testing.Discovery;
using AivenMetrics.Testing.Feed;
using AivenMetrics.Testing.Programs;
using Xunit;
using static AivenMetrics.Testing.Discovery.RunningDiscovery;

namespace AivenMetrics.Acceptance.Discovery;

public sealed class PromtoolTests : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("promtool-").FullName;
    private readonly ScriptedDns _dns = new();

    [Theory]
    [InlineData("scrape_configs.yml")]
    [InlineData("prometheus.yml")]
    public async Task Promtool_accepts_what_discovery_writes(string file)
    {
        var output = Path.Combine(_folder, "out");
        var basePath = Path.Combine(_folder, "base.yml");
        File.WriteAllText(Path.Combine(_folder, "own.rules.yml"), "groups: [{name: g, rules: [{record: a, expr: up}]}]\n");
        File.WriteAllText(
            basePath,
            "global: {scrape_interval: 15s}\nrule_files: [own.rules.yml]\nscrape_configs:\n- job_name: own\n  "
                + "static_configs: [{targets: ['localhost:9090']}]\n"
        );
        _dns.SetAddresses("es.test", "127.0.0.1");
        _dns.SetAddresses("pg.test", "127.0.0.1");
        await using var broker = await ScriptedBroker.StartAsync(
            FeedOf(Project("demo", ("es", "opensearch"), ("pg", "pg")), Project("empty"))
        );
        await using var discovery = await RunningDiscovery.StartAsync(output, broker.Url, _dns.Address, options =>
        {
            options.PrometheusBase = basePath;
            options.ScrapeInterval = TimeSpan.FromSeconds(2.5);
            options.SampleLimit = 5000;
        });
        await WaitUntilAsync(() => File.Exists(Path.Combine(output, "last-good", "plan.json")));

        var (code, text) = await CheckAsync(Path.Combine(output, file));
        Assert.True(code == 0, text);
        if (file == "prometheus.yml")
        {
            Assert.Contains("1 rules found", text, StringComparison.Ordinal);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _dns.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<(int Code, string Text)> CheckAsync(string path)
    {
        using var promtool = PrometheusServer.Program("promtool", "check", "config", path);
        var output = promtool.StandardOutput.ReadToEndAsync();
        var errors = promtool.StandardError.ReadToEndAsync();
        await promtool.WaitForExitAsync();
        return (promtool.ExitCode, await output + await errors);
    }
}
