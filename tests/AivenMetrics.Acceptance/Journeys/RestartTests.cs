using System.Net;
using AivenMetrics.Acceptance.Support;
using Xunit;

namespace AivenMetrics.Acceptance.Journeys;

/// <summary>Any program may stop and restart at any time; the others keep working with their last good data.</summary>
[Collection(nameof(RestartCollection))]
public sealed class RestartTests(TwoTenantStack stack)
{
    // More than the stacks' hold time, which is three cycles.
    private const int SeveralCycles = 4;

    private Stack Stack => stack.Stack;

    [Theory]
    [InlineData("KILL")]
    [InlineData("TERM")]
    public async Task Discovery_restarted_with_the_broker_down_changes_no_file_and_Prometheus_continues(string signal)
    {
        await SettledAsync();
        var before = Files();
        await Stack.KillAsync("broker");

        await (signal == "KILL" ? Stack.KillAsync("discovery") : Stack.StopAsync("discovery"));
        Assert.Equal(before, Files());
        await Stack.RestartAsync("discovery");
        await Stack.DiscoveryCyclesAsync(SeveralCycles);

        Assert.Equal(before, Files());
        await AssertScrapesAreFreshAsync();
        await Stack.RestartAsync("broker");
        await Stack.DiscoveryCyclesAsync(SeveralCycles);
        Assert.Equal(before, Files());
    }

    [Fact]
    public async Task No_restart_gives_Prometheus_an_empty_or_partial_list()
    {
        await SettledAsync();
        var targets = TargetFileReader.Addresses(Stack.TargetsFile).Length;

        var readings = await TargetFileReader.AssertNeverBelowAsync(Stack.TargetsFile, targets, async () =>
        {
            await Stack.KillAsync("broker");
            await Stack.RestartAsync("broker");
            await Stack.KillAsync("discovery");
            await Stack.RestartAsync("discovery");
            await Stack.StopAsync("broker");
            await Stack.StopAsync("discovery");
            await Stack.RestartAsync("discovery");
            await Stack.RestartAsync("broker");
            await Stack.DiscoveryCyclesAsync(SeveralCycles);
        });

        TestContext.Current.TestOutputHelper?.WriteLine($"{readings} readings of {targets} targets");
        Assert.InRange(readings, 200, int.MaxValue);
        await AssertScrapesAreFreshAsync();
    }

    [Fact]
    public async Task A_gateway_restarted_with_the_broker_down_serves_only_the_last_good_tenants()
    {
        await Stack.KillAsync("broker");
        await Stack.KillAsync("gateway");
        await Stack.RestartAsync("gateway");

        Assert.NotEmpty(await stack.Forecast.Query.InstantAsync("up"));
        Assert.Equal([SeededServices.Beacons.Id], await stack.Beacons.Query.ValuesOfAsync("space_id", "up"));
        using var stranger = new QueryClient(
            Stack.Configuration.GatewayUrl,
            stack.Forecast.Credentials.Username,
            stack.Beacons.Credentials.Password
        );
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync("/api/v1/query?query=up")).Status);
        await Stack.RestartAsync("broker");
    }

    private async Task SettledAsync()
    {
        await stack.Forecast.WaitUntilAllAreUpAsync();
        await stack.Beacons.WaitUntilAllAreUpAsync();
        await Stack.DiscoveryCyclesAsync(SeveralCycles);
    }

    /// <summary>What Prometheus reads: names, bytes and times of the last change.</summary>
    private string[] Files() =>
        [
            .. ((string[])["targets/demo.json", "tls/demo.ca.pem", "secrets/demo.password", "scrape_configs.yml", "prometheus.yml"])
                .Select(name => Stack.Folder.Path("prometheus", name))
                .Select(path => $"{path} {File.GetLastWriteTimeUtc(path):O}\n{File.ReadAllText(path)}"),
        ];

    private async Task AssertScrapesAreFreshAsync()
    {
        var expected = TargetFileReader.Addresses(Stack.TargetsFile).Length;
        using var prometheus = Stack.Prometheus();
        await Stack.WaitUntilAsync("every target was scraped within the last three seconds", async () =>
            (await prometheus.InstantAsync("(time() - timestamp(up{job=~\"aiven.*\"} == 1)) < 3")).Count == expected
        );
    }
}
