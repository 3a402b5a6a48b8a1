using System.Net;
using AivenMetrics.Acceptance.State;
using AivenMetrics.Acceptance.Support;
using AivenMetrics.Simulator;
using AivenMetrics.Testing.Programs;
using Xunit;

namespace AivenMetrics.Acceptance.Reference;

/// <summary>
/// The last paragraph of the design: what the reference implementation gets wrong, one test a sentence, with the real programs.
/// That nothing is ever empty after a restart is in <see cref="RestartReferenceTests"/>, that nothing is posted twice in
/// <see cref="RepostReferenceTests"/>.
/// </summary>
public sealed class ReferenceImplementationTests(TwoBoundTenants stack) : IClassFixture<TwoBoundTenants>, IAsyncLifetime
{
    private static readonly TimeSpan SeveralCycles = TimeSpan.FromSeconds(6);

    private Stack Stack => stack.Stack;

    [Fact]
    public async Task From_a_new_service_to_its_target_it_takes_seconds_and_not_five_minutes()
    {
        DemoService created = await Stack.Simulator.CreateService(Seed.Beacons, "redis");
        string address = Assert.Single(await Stack.Simulator.Addresses(created.Name));

        TimeSpan took = await Stack.Until(
            "it is a target", () => Task.FromResult(TargetFile.Addresses(Stack.TargetsFile).Contains(address)), TimeSpan.FromSeconds(30));

        TestContext.Current.TestOutputHelper?.WriteLine($"a target after {took.TotalSeconds:0.0} s");
    }

    [Theory]
    [InlineData("servfail", 1000)]
    [InlineData("refused", 1000)]
    [InlineData("timeout", 1000)]
    [InlineData("nxdomain", 1)]
    [InlineData("empty", 1)]
    public async Task No_target_is_dropped_because_DNS_had_a_bad_moment(string kind, int answers)
    {
        DemoService search = Seed.Service("forecast-search");
        string host = (await Stack.Simulator.Service(search.Name))["host"]!.GetValue<string>();
        (byte[] bytes, DateTime changed) = (await File.ReadAllBytesAsync(Stack.TargetsFile), File.GetLastWriteTimeUtc(Stack.TargetsFile));

        await Stack.Simulator.DnsFault(host, kind, answers);
        await Task.Delay(SeveralCycles);

        // "No such host" would be believed after the hold time of three cycles, hence once; the others never are. All were met.
        int spoilt = answers - await Stack.Simulator.RemainingDnsFaults();
        Assert.InRange(spoilt, Math.Min(answers, 2), answers);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(Stack.TargetsFile));
        Assert.Equal(changed, File.GetLastWriteTimeUtc(Stack.TargetsFile));
        Assert.Equal(3, await stack.Forecast.UpNodes($"up{{aiven_service_name=\"{search.Name}\"}}"));
    }

    [Fact]
    public async Task A_file_is_replaced_as_a_whole_and_never_overwritten_in_place()
    {
        int targets = TargetFile.Addresses(Stack.TargetsFile).Length;
        string before = await File.ReadAllTextAsync(Stack.TargetsFile);
        // Who has the file open reads the old one to its end, whatever happens to the name.
        using var reader = new StreamReader(Stack.TargetsFile);
        string[] addresses = [];

        await TargetFile.WhileNeverBelow(Stack.TargetsFile, targets, async () =>
        {
            for (int round = 0; round < 4; round++)
            {
                DemoService created = await Stack.Simulator.CreateService(Seed.Beacons, "opensearch", "business-4");
                addresses = await Stack.Simulator.Addresses(created.Name);
                await Stack.Until("it is in the file", () => Task.FromResult(!addresses.Except(TargetFile.Addresses(Stack.TargetsFile)).Any()));
            }
        });

        Assert.Equal(before, await reader.ReadToEndAsync());
        Assert.Equal(["demo.json"], Directory.GetFiles(Path.GetDirectoryName(Stack.TargetsFile)!).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("other-authority")]
    [InlineData("other-host")]
    [InlineData("expired")]
    public async Task A_node_that_cannot_prove_who_it_is_is_not_scraped_while_its_siblings_are(string certificate)
    {
        DemoService search = Seed.Service("forecast-search");
        string address = (await Stack.Simulator.Addresses(search.Name))[0];
        await Stack.Simulator.SetCertificate(search, "1", certificate);
        using QueryClient prometheus = Stack.Prometheus();

        await Stack.Until("the node is refused", async () =>
            (await prometheus.Instant($"up{{instance=\"{address}:9273\"}} == 0")).Count == 1
            && (await prometheus.Instant($"up{{aiven_service_name=\"{search.Name}\"}} == 1")).Count == 2);
        string why = (await prometheus.Get("/api/v1/targets?state=active")).Json["data"]!["activeTargets"]!.AsArray()
            .Single(target => target!["scrapeUrl"]!.GetValue<string>().Contains($"//{address}:", StringComparison.Ordinal))!["lastError"]!.GetValue<string>();
        Assert.Contains("x509", why, StringComparison.Ordinal);

        await Stack.Simulator.SetCertificate(search, "1", "project");
        await Stack.Until("the node is scraped again", async () => (await prometheus.Instant($"up{{instance=\"{address}:9273\"}} == 1")).Count == 1);
    }

    [Fact]
    public async Task Every_type_of_service_that_has_metrics_is_scraped_and_not_one_alone()
    {
        string[] expected = ["cassandra", "clickhouse", "dragonfly", "elasticsearch", "kafka", "kafka_connect", "mysql", "opensearch", "pg", "redis", "valkey"];
        foreach (string type in expected)
        {
            await Stack.Simulator.CreateService(Seed.Beacons, type);
        }

        await Stack.Until("the tenant sees them all", async () =>
            (await stack.Beacons.Query.ValuesOf("aiven_service_type", "min by (aiven_service_type) (up) == 1")).SequenceEqual(expected));
    }

    [Fact]
    public async Task There_are_tenants_and_each_has_its_own_only()
    {
        using QueryClient prometheus = Stack.Prometheus();
        using var nobody = new QueryClient(Stack.At.GatewayUrl);

        string[] both = [Seed.Forecast.Id, Seed.Beacons.Id];
        Assert.Equal(both, await prometheus.ValuesOf("space_id", "up{space_id!=\"\"}"));
        Assert.Equal([Seed.Forecast.Id], await stack.Forecast.Query.ValuesOf("space_id", "up"));
        Assert.Equal([Seed.Beacons.Id], await stack.Beacons.Query.ValuesOf("space_id", "up"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.Get("/api/v1/query?query=up")).Status);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>A fault that outlives a failed test would fail the next ones.</summary>
    public async ValueTask DisposeAsync()
    {
        await Stack.Simulator.ClearDnsFaults();
        await Stack.Simulator.SetCertificate(Seed.Service("forecast-search"), "1", "project");
    }
}

/// <summary>"Writes an empty target list for about 90 s after each restart."</summary>
public sealed class RestartReferenceTests(TwoBoundTenants stack) : IClassFixture<TwoBoundTenants>
{
    [Fact]
    public async Task A_restart_writes_no_empty_list_even_when_the_feed_is_away_and_the_directory_is_all_there_is()
    {
        int targets = TargetFile.Addresses(stack.Stack.TargetsFile).Length;

        await TargetFile.WhileNeverBelow(stack.Stack.TargetsFile, targets, async () =>
        {
            await stack.Stack.Kill("broker");
            await stack.Stack.Kill("discovery");
            await stack.Stack.Restart("discovery");
            await Task.Delay(TimeSpan.FromSeconds(5));
            await stack.Stack.Restart("broker");
            await Task.Delay(TimeSpan.FromSeconds(3));
        });
    }
}

/// <summary>"Re-posts integrations every 15 s from every instance."</summary>
public sealed class RepostReferenceTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task An_integration_is_posted_once_however_many_instances_and_cycles_there_are()
    {
        await using Stack stack = await Stack.Start(new StackOptions { Database = await postgres.NewDatabase(), Brokers = 2, ReadPath = false });
        using Platform second = stack.PlatformOf(1);
        DemoService[] services = Seed.Scraped(Seed.Forecast);

        string instance = await stack.Platform.Provision(Seed.Forecast.OrganizationId, Seed.Forecast.Id);
        await Task.WhenAll(stack.Platform.Bind(instance), second.Bind(instance), stack.Platform.Bind(instance), second.Bind(instance));
        await stack.Simulator.ForgetCalls();
        await Task.Delay(TimeSpan.FromSeconds(5));
        await stack.Kill("broker");
        await Task.Delay(TimeSpan.FromSeconds(5));

        Assert.InRange(await stack.Simulator.Calls("GET", "/v1/project/demo/service"), 5, 100);
        Assert.Equal(0, await stack.Simulator.Calls("POST", "*"));
        Assert.Equal(services.Length, (await stack.Simulator.Integrations(services)).Length);
    }
}
