using AivenMetrics.Testing.Discovery;
using AivenMetrics.Testing.Feed;
using Xunit;
using static AivenMetrics.Testing.Discovery.RunningDiscovery;

namespace AivenMetrics.Tests.Discovery;

/// <summary>Compares discovery with the reference implementation: each test covers one defect of the latter.</summary>
public sealed class ReferenceImplementationTests : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("reference-").FullName;
    private readonly ScriptedDns _dns = new();

    public ReferenceImplementationTests()
    {
        _dns.SetAddresses("es.test", "10.0.0.1", "10.0.0.2", "10.0.0.3");
        _dns.SetAddresses("pg.test", "10.0.1.1");
    }

    [Fact]
    public async Task A_new_service_becomes_a_target_within_2_seconds_instead_of_300()
    {
        await using var broker = await ScriptedBroker.StartAsync(FeedOf(Project("demo", ("es", "opensearch"))));
        // The interval has its maximum, so that only the change of the feed starts a cycle.
        await using var discovery = await StartAsync(_folder, broker.Url, _dns.Address, options =>
            options.ResolveInterval = TimeSpan.FromHours(1)
        );
        await WaitUntilAsync(() => discovery.Targets("demo")?.Length == 3);
        await WaitUntilAsync(() => broker.Requests.Count == 2);
        var started = TimeProvider.System.GetTimestamp();
        broker.SetFeed(FeedOf(Project("demo", ("es", "opensearch"), ("pg", "pg"))));
        await WaitUntilAsync(() => discovery.Targets("demo")!.Length == 4);
        Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task A_restart_changes_no_byte_instead_of_writing_an_empty_list_for_90_seconds()
    {
        Uri url;
        await using (var broker = await ScriptedBroker.StartAsync(FeedOf(Project("demo", ("es", "opensearch"), ("pg", "pg")))))
        {
            url = broker.Url;
            await using var first = await StartAsync(_folder, url, _dns.Address);
            await WaitUntilAsync(() => File.Exists(Path.Combine(_folder, "last-good", "plan.json")));
        }

        var before = Snapshot();
        _dns.SetNoResponse("es.test");
        _dns.SetResponseCode("pg.test", 2);
        await using var second = await StartAsync(_folder, url, _dns.Address);
        await WaitUntilAsync(() => second.IsReadyAsync().GetAwaiter().GetResult());
        await WaitForSomeCyclesAsync();
        Assert.Equal(before, Snapshot());
    }

    [Fact]
    public async Task A_restart_without_stored_state_never_writes_an_empty_list()
    {
        await using var broker = await ScriptedBroker.StartAsync(FeedOf(Project("demo", ("es", "opensearch"))));
        await using (await StartAsync(_folder, broker.Url, _dns.Address))
        {
            await WaitUntilAsync(() => File.Exists(Path.Combine(_folder, "last-good", "plan.json")));
        }
        Directory.Delete(Path.Combine(_folder, "last-good"), recursive: true);
        var before = Snapshot();
        broker.Fail(503);
        await using var second = await StartAsync(_folder, broker.Url, _dns.Address);
        await WaitForSomeCyclesAsync();
        Assert.Equal(before, Snapshot());
        Assert.False(await second.IsReadyAsync());
    }

    [Fact]
    public async Task A_service_is_kept_through_many_failed_DNS_lookups()
    {
        await using var broker = await ScriptedBroker.StartAsync(FeedOf(Project("demo", ("es", "opensearch"), ("pg", "pg"))));
        await using var discovery = await StartAsync(_folder, broker.Url, _dns.Address, options => options.HoldCycles = 0);
        await WaitUntilAsync(() => discovery.Targets("demo")?.Length == 4);
        _dns.SetResponseCode("pg.test", 2);
        _dns.SetNoResponse("es.test");
        await WaitForSomeCyclesAsync();
        Assert.Equal(4, discovery.Targets("demo")!.Length);
        _dns.SetAddresses("es.test", "10.0.0.1", "10.0.0.2", "10.0.0.3");
        _dns.SetAddresses("pg.test", "10.0.1.9");
        await WaitUntilAsync(() => discovery.Targets("demo")!.Contains("10.0.1.9:9273"));
        Assert.DoesNotContain("10.0.1.1:9273", discovery.Targets("demo")!);
    }

    [Fact]
    public async Task A_reader_never_sees_a_partial_file()
    {
        await using var broker = await ScriptedBroker.StartAsync(FeedOf(Project("demo", ("es", "opensearch"))));
        await using var discovery = await StartAsync(_folder, broker.Url, _dns.Address, options =>
            options.ResolveInterval = TimeSpan.FromMilliseconds(100)
        );
        await WaitUntilAsync(() => discovery.Targets("demo")?.Length == 3);
        for (var node = 4; node < 24; node++)
        {
            // Targets() parses the file each time and would throw for a partial file.
            _dns.SetAddresses("es.test", [.. Enumerable.Range(1, node).Select(i => $"10.0.0.{i}")]);
            await WaitUntilAsync(() => discovery.Targets("demo")!.Length == node);
        }

        Assert.Equal(
            [Path.Combine(_folder, "targets", "demo.json")],
            Directory.EnumerateFileSystemEntries(Path.Combine(_folder, "targets"))
        );
    }

    [Fact]
    public async Task TLS_verification_checks_the_name_of_every_host()
    {
        await using var broker = await ScriptedBroker.StartAsync(FeedOf(Project("demo", ("es", "opensearch"), ("pg", "pg"))));
        await using var discovery = await StartAsync(_folder, broker.Url, _dns.Address);
        await WaitUntilAsync(() => File.Exists(Path.Combine(_folder, "scrape_configs.yml")));
        var jobs = discovery.Read("scrape_configs.yml");
        Assert.DoesNotContain("insecure_skip_verify", jobs, StringComparison.Ordinal);
        Assert.Contains("server_name: 'es.test'", jobs, StringComparison.Ordinal);
        Assert.Contains("server_name: 'pg.test'", jobs, StringComparison.Ordinal);
        Assert.Equal(2, jobs.Split("ca_file:").Length - 1);
    }

    [Fact]
    public async Task Every_type_of_service_is_discovered()
    {
        string[] types = ["elasticsearch", "opensearch", "pg", "mysql", "kafka", "valkey", "a-type-of-next-year"];
        foreach (var type in types)
        {
            _dns.SetAddresses($"{type}.test", "10.0.0.1");
        }
        await using var broker = await ScriptedBroker.StartAsync(FeedOf(Project("demo", [.. types.Select(type => (type, type))])));
        await using var discovery = await StartAsync(_folder, broker.Url, _dns.Address);
        await WaitUntilAsync(() => discovery.Targets("demo")?.Length == types.Length);
        Assert.All(types, type =>
            Assert.Contains($"\"aiven_service_type\": \"{type}\"", discovery.Read("targets", "demo.json"), StringComparison.Ordinal)
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
