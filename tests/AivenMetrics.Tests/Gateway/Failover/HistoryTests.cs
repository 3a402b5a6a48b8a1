using System.Globalization;
using AivenMetrics.Gateway;
using AivenMetrics.Gateway.Failover;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Failover;

/// <summary>Holes in a server's history: how they are found, what a query asks about, and who is asked then.</summary>
public sealed class HistoryTests
{
    private const long Minute = 60_000;

    [Theory]
    [InlineData("0 10 20 30", "")]
    [InlineData("0 0 0 30 40", "")] // a sample of 20 ago counts
    [InlineData("0 0 0 0 0 50 60", "0..50")]
    [InlineData("- - 20", "-20..20")] // none was seen: it began at the least a reach before
    [InlineData("0 10 - - - -", "10..60")] // the look back ended: it began with the one before
    [InlineData("0 10 - -", "")] // an engine that hides its newest samples
    [InlineData("0 0 0 0 40 40 40 40 80", "0..40 40..80")]
    public void A_hole_begins_with_the_last_sample_before_it_and_ends_where_a_newer_one_is_seen(string grid, string holes)
    {
        var newest = grid.Split(' ').Select((sample, index) => (sample, At: index * 10L)).Where(p => p.sample != "-")
            .ToDictionary(p => p.At, p => long.Parse(p.sample, CultureInfo.InvariantCulture));
        var found = HistoryGrid.Holes(newest, 0, (grid.Split(' ').Length - 1) * 10, 10, 20);
        Assert.Equal(holes, string.Join(' ', found.Select(gap => $"{gap.From}..{gap.To}")));
    }

    [Fact]
    public void A_hole_ends_with_the_first_sample_behind_it()
    {
        Assert.Equal(17, HistoryGrid.FirstBehind(new() { [10] = 3, [20] = 17, [30] = 29 }, 3));
        Assert.Null(HistoryGrid.FirstBehind(new() { [10] = 3 }, 3));
    }

    [Fact]
    public void Gaps_unite_are_cut_and_measured()
    {
        var gaps = Gap.Union([new(50, 60), new(10, 20), new(15, 30)]);
        Assert.Equal([new(10, 30), new(50, 60)], gaps);
        Assert.Equal([new(10, 12), new(55, 60)], Gap.Without(gaps, new(12, 55)));
        Assert.Equal(TimeSpan.FromMilliseconds(15), Gap.Missing(gaps, new(20, 55)));
        Assert.Equal(TimeSpan.Zero, Gap.Missing(gaps, new(30, 49)));
        Assert.True(Gap.Missing(gaps, new(20, 20)) > TimeSpan.Zero);
    }

    [Fact]
    public void Gaps_that_all_have_are_no_choice()
    {
        Gap[] beginning = [new(0, 100 * Minute)];
        Assert.False(Gap.Differ([beginning, beginning], TimeSpan.FromMinutes(1)));
        Assert.False(Gap.Differ([beginning, [new(0, (100 * Minute) + 5000)]], TimeSpan.FromMinutes(1)));
        Assert.True(Gap.Differ([beginning, [new(0, 200 * Minute)]], TimeSpan.FromMinutes(1)));
        Assert.True(Gap.Differ([[], [new(5 * Minute, 9 * Minute)]], TimeSpan.FromMinutes(1)));
    }

    [Theory]
    [InlineData("up", 0)]
    [InlineData("rate(x[5m])", 5)]
    [InlineData("rate(x[5m] offset 1h)", 65)]
    [InlineData("x offset 2m + on () group_left () rate(y[1m])", 2)]
    [InlineData("max_over_time(rate(x[5m])[1h:1m])", 65)]
    [InlineData("max_over_time(rate(x[5m])[1h:1m] offset 10m)", 75)]
    [InlineData("topk(scalar(count(y offset 30m)), x)", 30)]
    [InlineData("x @ 99940", 1)]
    [InlineData("x offset -5m", 0)]
    [InlineData("sum(x[5m", null)]
    public void A_query_asks_about_its_time_and_what_its_ranges_and_offsets_reach_back(string query, int? minutes)
    {
        const long At = 100_000_000;
        var window = QueryWindows.Reaching(query, At, At + 5);
        Assert.Equal(minutes is { } back ? new QueryWindow(At - (back * Minute), At + 5) : null, window);
    }

    [Theory]
    [InlineData(70, 80, "prometheus-1")] // behind the hole of the first
    [InlineData(20, 80, "prometheus-2")] // over it
    [InlineData(45, 45, "prometheus-2")] // a moment in it
    [InlineData(95, 99, "prometheus-1")] // over the second's only
    [InlineData(20, 99, "prometheus-2")] // over both: the smaller one
    public void Who_has_the_time_that_is_asked_about_is_asked_first(long from, long to, string asked)
    {
        using var destinations = Two();
        Assert.True(destinations.GapsDiffer);
        Assert.Equal(asked, destinations.ToTry(new(from * Minute, to * Minute))[0].Name);
    }

    [Fact]
    public void One_that_fails_is_not_asked_first_for_its_history()
    {
        using var destinations = Two();
        destinations.ProbeFailed(destinations.Ordered()[1], Trouble.Unreachable, "");
        Assert.Equal("prometheus-1", destinations.ToTry(new(20 * Minute, 80 * Minute))[0].Name);
    }

    [Fact]
    public void Without_a_known_time_or_gaps_the_order_is_the_same_object_for_every_request()
    {
        using var destinations = Two();
        Assert.Same(destinations.ToTry(null), destinations.ToTry(new(70 * Minute, 80 * Minute)));
        Assert.Equal(0, destinations.Detours);
    }

    [Fact]
    public async Task A_graph_over_a_time_that_the_usual_one_missed_comes_from_the_one_that_has_it()
    {
        await using var first = await ScriptedPrometheus.StartAsync();
        await using var second = await ScriptedPrometheus.StartAsync();
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        first.HasSamplesAt = at => at < now - 3600 || at > now - 1800;
        await using var gateway = await RunningGateway.StartAsync(first.Url, second.Url);
        var destinations = gateway.Provider.GetRequiredService<Destinations>();
        await gateway.UntilAsync(() => destinations.GapsDiffer, "the hole");

        Assert.Equal("prometheus-2", await AskAsync(gateway, $"/api/v1/query_range?query=up&start={now - 5000}&end={now}&step=60"));
        Assert.Equal("prometheus-1", await AskAsync(gateway, $"/api/v1/query_range?query=up&start={now - 1000}&end={now}&step=60"));
        Assert.Equal("prometheus-2", await AskAsync(gateway, $"/api/v1/query_range?query=rate(x[1h])&start={now - 1000}&end={now}&step=60"));
        Assert.Equal("prometheus-2", await AskAsync(gateway, $"/api/v1/query?query=up&time={now - 2700}"));
        Assert.Equal("prometheus-2", await AskAsync(gateway, $"/api/v1/query?query=up&time={DateTimeOffset.FromUnixTimeSeconds(now - 2700).ToString("O", CultureInfo.InvariantCulture)[..19]}Z"));
        Assert.Equal("prometheus-2", await AskAsync(gateway, "/api/v1/query?query=increase(x[2h])"));
        Assert.Equal("prometheus-1", await AskAsync(gateway, "/api/v1/query?query=up"));

        var gap = Assert.Single(destinations.Ordered()[0].Gaps, g => g.To > (now - 3000) * 1000);
        Assert.InRange(gap.From / 1000, now - 3600 - 20, now - 3600 + 20);
        Assert.InRange(gap.To / 1000, now - 1800 - 20, now - 1800 + 20);
    }

    private static async Task<string> AskAsync(RunningGateway gateway, string target)
    {
        using var response = await gateway.GetAsync(target);
        return response.Headers.GetValues("X-AivenMetrics-Instance").Single();
    }

    /// <summary>The first lacks minutes 40 to 60, the second minutes 90 to 98.</summary>
    private static Destinations Two()
    {
        var destinations = new Destinations(new GatewayOptions { Prometheus = ["http://one", "http://two"] }, TimeProvider.System, NullLogger<Destinations>.Instance);
        destinations.Lacks(destinations.Ordered()[0], [new(40 * Minute, 60 * Minute)]);
        destinations.Lacks(destinations.Ordered()[1], [new(90 * Minute, 98 * Minute)]);
        return destinations;
    }
}
