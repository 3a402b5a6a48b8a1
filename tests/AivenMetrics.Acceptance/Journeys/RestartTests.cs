using System.Net;
using AivenMetrics.Acceptance.Support;
using Xunit;

namespace AivenMetrics.Acceptance.Journeys;

/// <summary>Each program can go away and come back at any time; what the others have goes on.</summary>
public sealed class RestartTests(TwoBoundTenants stack) : IClassFixture<TwoBoundTenants>
{
    // Several times the stacks' resolve interval, hold time and scrape interval.
    private static readonly TimeSpan SeveralCycles = TimeSpan.FromSeconds(5);

    private Stack Stack => stack.Stack;

    [Theory]
    [InlineData("KILL")]
    [InlineData("TERM")]
    public async Task Discovery_restarted_with_the_broker_down_leaves_every_file_as_it_was_and_Prometheus_goes_on(string signal)
    {
        await Settled();
        var before = Files();
        await Stack.Kill("broker");

        await (signal == "KILL" ? Stack.Kill("discovery") : Stack.Stop("discovery"));
        Assert.Equal(before, Files());
        await Stack.Restart("discovery");
        await Task.Delay(SeveralCycles);

        Assert.Equal(before, Files());
        await AssertScrapesAreFresh();
        await Stack.Restart("broker");
        await Task.Delay(SeveralCycles);
        Assert.Equal(before, Files());
    }

    [Fact]
    public async Task No_restart_of_anything_shows_Prometheus_a_list_that_is_empty_or_partial()
    {
        await Settled();
        int targets = TargetFile.Addresses(Stack.TargetsFile).Length;

        int readings = await TargetFile.WhileNeverBelow(Stack.TargetsFile, targets, async () =>
        {
            await Stack.Kill("broker");
            await Stack.Restart("broker");
            await Stack.Kill("discovery");
            await Stack.Restart("discovery");
            await Stack.Stop("broker");
            await Stack.Stop("discovery");
            await Stack.Restart("discovery");
            await Stack.Restart("broker");
            await Task.Delay(SeveralCycles);
        });

        TestContext.Current.TestOutputHelper?.WriteLine($"{readings} readings of {targets} targets");
        Assert.InRange(readings, 200, int.MaxValue);
        await AssertScrapesAreFresh();
    }

    [Fact]
    public async Task A_gateway_restarted_with_the_broker_down_serves_the_last_good_tenants_and_nobody_else()
    {
        await Stack.Kill("broker");
        await Stack.Kill("gateway");
        await Stack.Restart("gateway");

        Assert.NotEmpty(await stack.Forecast.Query.Instant("up"));
        Assert.Equal([Seed.Beacons.Id], await stack.Beacons.Query.ValuesOf("space_id", "up"));
        using var stranger = new QueryClient(Stack.At.GatewayUrl, stack.Forecast.Credentials.Username, stack.Beacons.Credentials.Password);
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.Get("/api/v1/query?query=up")).Status);
        await Stack.Restart("broker");
    }

    private async Task Settled()
    {
        await stack.Forecast.UntilAllAreUp();
        await stack.Beacons.UntilAllAreUp();
        await Task.Delay(SeveralCycles);
    }

    /// <summary>What Prometheus reads: names, bytes and times of the last change.</summary>
    private string[] Files() =>
    [
        .. ((string[])["targets/demo.json", "tls/demo.ca.pem", "secrets/demo.password", "scrape_configs.yml", "prometheus.yml"])
            .Select(name => Stack.Folder.Path("prometheus", name))
            .Select(path => $"{path} {File.GetLastWriteTimeUtc(path):O}\n{File.ReadAllText(path)}"),
    ];

    private async Task AssertScrapesAreFresh()
    {
        int expected = TargetFile.Addresses(Stack.TargetsFile).Length;
        using QueryClient prometheus = Stack.Prometheus();
        await Stack.Until("every target was scraped within the last three seconds", async () =>
            (await prometheus.Instant("(time() - timestamp(up{job=~\"aiven.*\"} == 1)) < 3")).Count == expected);
    }
}
