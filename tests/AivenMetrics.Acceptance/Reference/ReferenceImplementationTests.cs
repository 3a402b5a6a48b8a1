using System.Net;
using AivenMetrics.Acceptance.State;
using AivenMetrics.Acceptance.Support;
using AivenMetrics.Testing.Programs;
using Xunit;

namespace AivenMetrics.Acceptance.Reference;

/// <summary>
/// The defects of the reference implementation, one test for each, with the real programs. <see cref="RestartReferenceTests"/> covers
/// empty files after a restart, and <see cref="RepostReferenceTests"/> repeated posts.
/// </summary>
public sealed class ReferenceImplementationTests(TwoTenantStack stack) : IClassFixture<TwoTenantStack>, IAsyncLifetime
{
    // More than the hold time, which is three cycles.
    private const int SeveralCycles = 5;

    private Stack Stack => stack.Stack;

    [Fact]
    public async Task A_new_service_becomes_a_target_within_seconds_and_not_five_minutes()
    {
        var created = await Stack.Simulator.CreateServiceAsync(SeededServices.Beacons, "redis");
        var address = Assert.Single(await Stack.Simulator.AddressesAsync(created.Name));

        var took = await Stack.WaitUntilAsync(
            "it is a target",
            () => Task.FromResult(TargetFileReader.Addresses(Stack.TargetsFile).Contains(address)),
            TimeSpan.FromSeconds(30)
        );

        TestContext.Current.TestOutputHelper?.WriteLine($"a target after {took.TotalSeconds:0.0} s");
    }

    [Theory]
    [InlineData("servfail", 1000)]
    [InlineData("refused", 1000)]
    [InlineData("timeout", 1000)]
    [InlineData("nxdomain", 1)]
    [InlineData("empty", 1)]
    public async Task No_target_is_dropped_because_of_a_short_DNS_failure(string kind, int answers)
    {
        var search = SeededServices.Service("forecast-search");
        var host = (await Stack.Simulator.ServiceAsync(search.Name))["host"]!.GetValue<string>();
        (var bytes, var changed) = (await File.ReadAllBytesAsync(Stack.TargetsFile), File.GetLastWriteTimeUtc(Stack.TargetsFile));

        await Stack.Simulator.DnsFaultAsync(host, kind, answers);
        await Stack.DiscoveryCyclesAsync(SeveralCycles);

        // "No such host" would be accepted after the hold time of three cycles, hence it occurs only once. Other errors are never accepted.
        // All of them occurred.
        var spoilt = answers - await Stack.Simulator.RemainingDnsFaultsAsync();
        Assert.InRange(spoilt, Math.Min(answers, 2), answers);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(Stack.TargetsFile));
        Assert.Equal(changed, File.GetLastWriteTimeUtc(Stack.TargetsFile));
        await Stack.WaitUntilAsync("all its nodes deliver", async () =>
            await stack.Forecast.CountUpNodesAsync($"up{{aiven_service_name=\"{search.Name}\"}}") == 3
        );
    }

    [Fact]
    public async Task A_file_is_replaced_as_a_whole_and_never_overwritten_in_place()
    {
        var targets = TargetFileReader.Addresses(Stack.TargetsFile).Length;
        var before = await File.ReadAllTextAsync(Stack.TargetsFile);
        // A reader that has the file open reads the old content to its end.
        using var reader = new StreamReader(Stack.TargetsFile);
        string[] addresses = [];

        await TargetFileReader.AssertNeverBelowAsync(Stack.TargetsFile, targets, async () =>
        {
            for (var round = 0; round < 4; round++)
            {
                var created = await Stack.Simulator.CreateServiceAsync(SeededServices.Beacons, "opensearch", "business-4");
                addresses = await Stack.Simulator.AddressesAsync(created.Name);
                await Stack.WaitUntilAsync("it is in the file", () =>
                    Task.FromResult(!addresses.Except(TargetFileReader.Addresses(Stack.TargetsFile)).Any())
                );
            }
        });

        Assert.Equal(before, await reader.ReadToEndAsync());
        Assert.Equal(["demo.json"], Directory.GetFiles(Path.GetDirectoryName(Stack.TargetsFile)!).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("other-authority")]
    [InlineData("other-host")]
    [InlineData("expired")]
    public async Task A_node_with_a_wrong_certificate_is_not_scraped_while_its_siblings_are(string certificate)
    {
        var search = SeededServices.Service("forecast-search");
        var address = (await Stack.Simulator.AddressesAsync(search.Name))[0];
        await Stack.Simulator.SetCertificateAsync(search, "1", certificate);
        using var prometheus = Stack.Prometheus();

        await Stack.WaitUntilAsync("the node is refused", async () =>
            (await prometheus.InstantAsync($"up{{instance=\"{address}:9273\"}} == 0")).Count == 1
            && (await prometheus.InstantAsync($"up{{aiven_service_name=\"{search.Name}\"}} == 1")).Count == 2
        );
        // A scrape between the two certificates finds the port closed; the next one sees the new certificate.
        await Stack.WaitUntilAsync("the certificate is rejected", async () =>
            (await LastErrorAsync(prometheus, address)).Contains("x509", StringComparison.Ordinal)
        );

        await Stack.Simulator.SetCertificateAsync(search, "1", "project");
        await Stack.WaitUntilAsync("the node is scraped again", async () =>
            (await prometheus.InstantAsync($"up{{instance=\"{address}:9273\"}} == 1")).Count == 1
        );
    }

    [Fact]
    public async Task Every_type_of_service_with_metrics_is_scraped()
    {
        string[] expected =
        [
            "cassandra",
            "clickhouse",
            "dragonfly",
            "elasticsearch",
            "kafka",
            "kafka_connect",
            "mysql",
            "opensearch",
            "pg",
            "redis",
            "valkey",
        ];
        foreach (var type in expected)
        {
            await Stack.Simulator.CreateServiceAsync(SeededServices.Beacons, type);
        }

        await Stack.WaitUntilAsync("the tenant sees them all", async () =>
            (await stack.Beacons.Query.ValuesOfAsync("aiven_service_type", "min by (aiven_service_type) (up) == 1")).SequenceEqual(expected)
        );
    }

    [Fact]
    public async Task Each_tenant_sees_only_its_own_services()
    {
        using var prometheus = Stack.Prometheus();
        using var anonymous = new QueryClient(Stack.Configuration.GatewayUrl);

        string[] both = [SeededServices.Forecast.Id, SeededServices.Beacons.Id];
        Assert.Equal(both, await prometheus.ValuesOfAsync("space_id", "up{space_id!=\"\"}"));
        Assert.Equal([SeededServices.Forecast.Id], await stack.Forecast.Query.ValuesOfAsync("space_id", "up"));
        Assert.Equal([SeededServices.Beacons.Id], await stack.Beacons.Query.ValuesOfAsync("space_id", "up"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await anonymous.GetAsync("/api/v1/query?query=up")).Status);
    }

    private static async Task<string> LastErrorAsync(QueryClient prometheus, string address) =>
        (await prometheus.GetAsync("/api/v1/targets?state=active")).Json["data"]!["activeTargets"]!
            .AsArray()
            .Single(target => target!["scrapeUrl"]!.GetValue<string>().Contains($"//{address}:", StringComparison.Ordinal))![
            "lastError"
        ]!.GetValue<string>();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>A fault left by a failed test would fail the next tests.</summary>
    public async ValueTask DisposeAsync()
    {
        await Stack.Simulator.ClearDnsFaultsAsync();
        await Stack.Simulator.SetCertificateAsync(SeededServices.Service("forecast-search"), "1", "project");
    }
}

/// <summary>"Writes an empty target list for about 90 s after each restart."</summary>
[Collection(nameof(RestartCollection))]
public sealed class RestartReferenceTests(TwoTenantStack stack)
{
    [Fact]
    public async Task A_restart_writes_no_empty_list_even_without_the_feed()
    {
        var targets = TargetFileReader.Addresses(stack.Stack.TargetsFile).Length;

        await TargetFileReader.AssertNeverBelowAsync(stack.Stack.TargetsFile, targets, async () =>
        {
            await stack.Stack.KillAsync("broker");
            await stack.Stack.KillAsync("discovery");
            await stack.Stack.RestartAsync("discovery");
            await stack.Stack.DiscoveryCyclesAsync(4);
            await stack.Stack.RestartAsync("broker");
            await stack.Stack.DiscoveryCyclesAsync(3);
        });
    }
}

/// <summary>"Re-posts integrations every 15 s from every instance."</summary>
public sealed class RepostReferenceTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task An_integration_is_posted_once_regardless_of_instances_and_cycles()
    {
        await using var stack = await Stack.StartAsync(
            new StackOptions
            {
                Database = await postgres.NewDatabaseAsync(),
                Brokers = 2,
                ReadPath = false,
            }
        );
        using var second = stack.PlatformOf(1);
        var services = SeededServices.Scraped(SeededServices.Forecast);

        var instance = await stack.Platform.ProvisionAsync(SeededServices.Forecast.OrganizationId, SeededServices.Forecast.Id);
        await Task.WhenAll(
            stack.Platform.BindAsync(instance),
            second.BindAsync(instance),
            stack.Platform.BindAsync(instance),
            second.BindAsync(instance)
        );
        await stack.Simulator.ClearCallsAsync();
        await stack.BrokerCyclesAsync(4);
        await stack.KillAsync("broker");
        await stack.BrokerCyclesAsync(4, broker: 1);

        Assert.InRange(await stack.Simulator.CallsAsync("GET", "/v1/project/demo/service"), 5, 100);
        Assert.Equal(0, await stack.Simulator.CallsAsync("POST", "*"));
        Assert.Equal(services.Length, (await stack.Simulator.IntegrationsAsync(services)).Length);
    }
}
