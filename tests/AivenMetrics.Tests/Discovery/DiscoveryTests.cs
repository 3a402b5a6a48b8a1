using System.Runtime.Versioning;
using AivenMetrics.Testing.Discovery;
using AivenMetrics.Testing.Feed;
using Microsoft.AspNetCore.Http;
using Xunit;
using static AivenMetrics.Testing.Discovery.RunningDiscovery;

namespace AivenMetrics.Tests.Discovery;

[UnsupportedOSPlatform("windows")]
public sealed class DiscoveryTests : IAsyncDisposable
{
    private const UnixFileMode Group = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    private readonly string _folder = Directory.CreateTempSubdirectory("discovery-").FullName;
    private readonly ScriptedDns _dns = new();

    public DiscoveryTests()
    {
        _dns.SetAddresses("es.test", "10.0.0.1", "10.0.0.2", "10.0.0.3");
        _dns.SetAddresses("pg.test", "10.0.1.1");
        _dns.SetAddresses("k.test", "10.0.2.1");
    }

    [Fact]
    public async Task The_feed_is_written_as_targets_jobs_CA_and_password()
    {
        await using var broker = await ScriptedBroker.StartAsync(FeedOf(Project("demo", ("es", "opensearch"), ("pg", "pg"))));
        await using var discovery = await StartAsync(_folder, broker.Url, _dns.Address);
        await WaitUntilAsync(() => File.Exists(Path.Combine(_folder, "last-good", "plan.json")));
        Assert.Equal(["10.0.0.1:9273", "10.0.0.2:9273", "10.0.0.3:9273", "10.0.1.1:9273"], discovery.Targets("demo")!);
        Assert.Contains("'aiven/demo/es.test'", discovery.Read("scrape_configs.yml"), StringComparison.Ordinal);
        Assert.Equal(Password, discovery.Read("secrets", "demo.password"));
        Assert.StartsWith("-----BEGIN CERTIFICATE-----\n", discovery.Read("tls", "demo.ca.pem"), StringComparison.Ordinal);
        Assert.Equal(Group, File.GetUnixFileMode(Path.Combine(_folder, "secrets", "demo.password")));
        Assert.Equal(Group | UnixFileMode.OtherRead, File.GetUnixFileMode(Path.Combine(_folder, "targets", "demo.json")));
        await WaitUntilAsync(() => discovery.IsReadyAsync().GetAwaiter().GetResult());
    }

    [Fact]
    public async Task Discovery_is_not_ready_before_the_first_valid_response()
    {
        await using var broker = await ScriptedBroker.StartAsync("");
        await using var discovery = await StartAsync(_folder, broker.Url, _dns.Address);
        await WaitUntilAsync(() => broker.Requests.Count >= 2);
        Assert.False(await discovery.IsReadyAsync());
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    [Fact]
    public async Task A_project_that_is_not_ready_keeps_its_files_and_resolves_its_nodes()
    {
        await using var broker = await ScriptedBroker.StartAsync(FeedOf(Project("demo", ("es", "opensearch"))));
        await using var discovery = await StartAsync(_folder, broker.Url, _dns.Address, options => options.HoldCycles = 0);
        await WaitUntilAsync(() => discovery.Targets("demo")?.Length == 3);
        var jobs = discovery.Read("scrape_configs.yml");
        broker.SetFeed(FeedOf(NotReady("demo"), NotReady("new")));
        _dns.SetAddresses("es.test", "10.0.0.1", "10.0.0.2", "10.0.0.4");
        await WaitUntilAsync(() => discovery.Targets("demo")!.Contains("10.0.0.4:9273"));
        Assert.Equal(jobs, discovery.Read("scrape_configs.yml"));
        Assert.Equal(Password, discovery.Read("secrets", "demo.password"));
        Assert.Null(discovery.Targets("new"));
    }

    [Fact]
    public async Task The_targets_jobs_and_password_of_an_unconfigured_project_are_removed()
    {
        await using var broker = await ScriptedBroker.StartAsync(
            FeedOf(Project("demo", ("es", "opensearch")), Project("stay", ("k", "kafka")))
        );
        await using var discovery = await StartAsync(_folder, broker.Url, _dns.Address, options => options.HoldCycles = 2);
        await WaitUntilAsync(() => discovery.Targets("demo")?.Length == 3);
        broker.SetFeed(FeedOf(Project("stay", ("k", "kafka"))));
        await WaitUntilAsync(() => discovery.Targets("demo")!.Length == 0);
        await WaitUntilAsync(() => !File.Exists(Path.Combine(_folder, "secrets", "demo.password")));
        Assert.Equal("[]\n", discovery.Read("targets", "demo.json"));
        Assert.DoesNotContain("aiven/demo/", discovery.Read("scrape_configs.yml"), StringComparison.Ordinal);
        Assert.Equal(["10.0.2.1:9273"], discovery.Targets("stay")!);
        Assert.Contains(discovery.Log, line => line.Contains("Held back", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_missing_plan_is_read_from_the_target_files()
    {
        await using var broker = await ScriptedBroker.StartAsync(FeedOf(Project("demo", ("es", "opensearch"), ("pg", "pg"))));
        await using (await StartAsync(_folder, broker.Url, _dns.Address))
        {
            await WaitUntilAsync(() => File.Exists(Path.Combine(_folder, "last-good", "plan.json")));
        }
        var before = Snapshot();
        File.WriteAllText(Path.Combine(_folder, "last-good", "plan.json"), """{"projects":[{"pro""");
        _dns.SetNoResponse("es.test");
        _dns.SetResponseCode("pg.test", 2);
        await using var discovery = await StartAsync(_folder, broker.Url, _dns.Address);
        await WaitUntilAsync(() => discovery.IsReadyAsync().GetAwaiter().GetResult());
        Assert.Equal(before, Snapshot());
    }

    [Fact]
    public async Task Prometheus_is_reloaded_only_after_a_change_of_jobs_and_with_retries()
    {
        await using var broker = await ScriptedBroker.StartAsync(FeedOf(Project("demo", ("es", "opensearch"))));
        await using var prometheus = await ScriptedBroker.StartAsync("");
        prometheus.Fail(500);
        await using var discovery = await StartAsync(_folder, broker.Url, _dns.Address, options =>
            options.PrometheusReload.Add(prometheus.Url.ToString())
        );
        await WaitUntilAsync(() => prometheus.Requests.Count == 1);
        prometheus.SetHandler(context => context.Response.WriteAsync("ok"));
        await WaitUntilAsync(() => prometheus.Requests.Count == 2);
        Assert.All(prometheus.Requests, request => Assert.Equal("/-/reload", request.Path));

        _dns.SetAddresses("es.test", "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4");
        await WaitUntilAsync(() => discovery.Targets("demo")!.Length == 4);
        await WaitForSomeCyclesAsync();
        Assert.Equal(2, prometheus.Requests.Count);

        broker.SetFeed(FeedOf(Project("demo", ("es", "opensearch"), ("pg", "pg"))));
        await WaitUntilAsync(() => prometheus.Requests.Count == 3);
        Assert.Contains("aiven/demo/pg.test", discovery.Read("scrape_configs.yml"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_invalid_base_file_leaves_the_merged_file_unchanged_and_is_logged()
    {
        var path = Path.Combine(_folder, "base.yml");
        File.WriteAllText(path, "global: {scrape_interval: 15s}\n");
        await using var broker = await ScriptedBroker.StartAsync(FeedOf(Project("demo", ("es", "opensearch"))));
        await using var discovery = await StartAsync(Path.Combine(_folder, "out"), broker.Url, _dns.Address, options =>
            options.PrometheusBase = path
        );
        var merged = Path.Combine(_folder, "out", "prometheus.yml");
        await WaitUntilAsync(() => File.Exists(merged));
        var good = File.ReadAllText(merged);
        Assert.Contains("aiven/demo/es.test", good, StringComparison.Ordinal);
        File.WriteAllText(path, "scrape_configs:\n- job_name: aiven/demo/es.test\n");
        await WaitUntilAsync(() =>
            discovery.Log.Any(line => line.StartsWith("Error", StringComparison.Ordinal) && line.Contains(path, StringComparison.Ordinal))
        );
        Assert.Equal(good, File.ReadAllText(merged));
        File.WriteAllText(path, "global: {scrape_interval: 20s}\n");
        await WaitUntilAsync(() => File.ReadAllText(merged).Contains("20s", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_failed_write_is_retried()
    {
        File.WriteAllText(Path.Combine(_folder, "targets"), "in the way");
        await using var broker = await ScriptedBroker.StartAsync(FeedOf(Project("demo", ("es", "opensearch"))));
        await using var discovery = await StartAsync(_folder, broker.Url, _dns.Address);
        await WaitUntilAsync(() => discovery.Log.Any(line => line.Contains("Writing the files failed", StringComparison.Ordinal)));
        Assert.False(await discovery.IsReadyAsync());
        File.Delete(Path.Combine(_folder, "targets"));
        await WaitUntilAsync(() => discovery.Targets("demo")?.Length == 3);
    }

    [Fact]
    public async Task A_project_name_cannot_refer_to_another_folder()
    {
        var output = Path.Combine(_folder, "out");
        await using var broker = await ScriptedBroker.StartAsync(
            FeedOf(Project("../evil", ("es", "opensearch")), Project("..", ("pg", "pg")), Project("good", ("k", "kafka")))
        );
        await using var discovery = await StartAsync(output, broker.Url, _dns.Address);
        await WaitUntilAsync(() => discovery.Targets("good")?.Length == 1);
        Assert.Equal([output], Directory.EnumerateFileSystemEntries(_folder));
        Assert.Single(Directory.EnumerateFiles(Path.Combine(output, "targets")));
        Assert.Contains(discovery.Log, line => line.Contains("../evil", StringComparison.Ordinal));
    }

    [Fact]
    public async Task No_secret_is_logged()
    {
        await using var broker = await ScriptedBroker.StartAsync(FeedOf(Project("demo", ("es", "opensearch"))));
        await using var discovery = await StartAsync(_folder, broker.Url, _dns.Address);
        await WaitUntilAsync(() => discovery.Targets("demo")?.Length == 3);
        broker.SetFeed(
            """
            {"projects":[{"project":"demo","ready":true,
              "scrape_credentials":{"username":"u","password":"scrape-pass-word-9"},"services":7}]}
            """
        );
        await WaitUntilAsync(() => discovery.Log.Any(line => line.Contains("malformed", StringComparison.Ordinal)));
        Assert.DoesNotContain(discovery.Log, line =>
            line.Contains(Password, StringComparison.Ordinal) || line.Contains(Token, StringComparison.Ordinal)
        );
    }

    public async ValueTask DisposeAsync()
    {
        await _dns.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private Dictionary<string, string> Snapshot() =>
        Directory
            .GetFiles(_folder, "*", SearchOption.AllDirectories)
            .Where(file => !file.Contains("last-good", StringComparison.Ordinal))
            .ToDictionary(file => file, file => File.ReadAllText(file) + File.GetLastWriteTimeUtc(file).Ticks);
}
