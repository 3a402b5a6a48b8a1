using System.Globalization;
using System.Text;
using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.HealthChecks;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.Gateway.Requests;
using AivenMetrics.Gateway.Routing;
using AivenMetrics.Gateway.Scoping;
using AivenMetrics.PromQL;
using AivenMetrics.Testing.Gateway;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace AivenMetrics.Tests.Gateway.HealthChecks;

/// <summary>Holes in a server's history: how they are found, what a query asks about, and who is asked then.</summary>
public sealed class HistoryMonitorTests
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
        var newest = grid.Split(' ')
            .Select((sample, index) => (sample, At: index * 10L))
            .Where(p => p.sample != "-")
            .ToDictionary(p => p.At, p => long.Parse(p.sample, CultureInfo.InvariantCulture));
        var found = GapFinder.FindGaps(newest, 0, (grid.Split(' ').Length - 1) * 10, 10, 20);
        Assert.Equal(holes, string.Join(' ', found.Select(gap => $"{gap.From}..{gap.To}")));
    }

    [Fact]
    public void A_hole_ends_with_the_first_sample_behind_it()
    {
        Assert.Equal(
            17,
            GapFinder.FirstSampleAfter(
                new()
                {
                    [10] = 3,
                    [20] = 17,
                    [30] = 29,
                },
                3
            )
        );
        Assert.Null(GapFinder.FirstSampleAfter(new() { [10] = 3 }, 3));
    }

    [Fact]
    public void Gaps_unite_are_cut_and_measured()
    {
        var gaps = SampleGap.Union([new(50, 60), new(10, 20), new(15, 30)]);
        Assert.Equal([new(10, 30), new(50, 60)], gaps);
        Assert.Equal([new(10, 12), new(55, 60)], SampleGap.Subtract(gaps, new(12, 55)));
        Assert.Equal(TimeSpan.FromMilliseconds(15), SampleGap.MissingTime(gaps, new(20, 55)));
        Assert.Equal(TimeSpan.Zero, SampleGap.MissingTime(gaps, new(30, 49)));
        Assert.True(SampleGap.MissingTime(gaps, new(20, 20)) > TimeSpan.Zero);
    }

    [Fact]
    public void Gaps_that_all_have_are_no_choice()
    {
        SampleGap[] beginning = [new(0, 100 * Minute)];
        Assert.False(Differ(beginning, beginning));
        Assert.False(Differ(beginning, [new(0, (100 * Minute) + 5000)]));
        Assert.True(Differ(beginning, [new(0, 200 * Minute)]));
        Assert.True(Differ([], [new(5 * Minute, 9 * Minute)]));

        static bool Differ(SampleGap[] one, SampleGap[] other) =>
            SampleGap.Differ([new(one, one), new(other, other)], 0, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void A_gap_where_nothing_is_known_of_the_others_is_no_choice()
    {
        SampleGap[] gap = [new(0, 100 * Minute)];
        Assert.False(SampleGap.Differ([new(gap, gap), new([], gap)], 0, TimeSpan.FromMinutes(1)));
        Assert.True(SampleGap.Differ([new(gap, gap), new([], [new(0, 50 * Minute)])], 0, TimeSpan.FromMinutes(1)));
        Assert.False(SampleGap.Differ([new(gap, gap), new([], [new(50 * Minute, 100 * Minute)])], 50 * Minute, TimeSpan.FromMinutes(1)));
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
        const long at = 100_000_000;
        var tenant = new Tenant("a", "space", "a", null);
        var usage = new TenantUsage(tenant, new TenantAccount(new TenantLimits("space"), TimeProvider.System), TimeProvider.System);
        var credential = new Credential("a", [], TenantScope.Nothing, "", "space", null, tenant);
        var request = new GatewayRequest(RouteTable.RangeQuery, null, credential, usage) { Times = new(at, at + 5) };
        Assert.Null(request.Parameters.DecodeBody(Encoding.UTF8.GetBytes($"query={Uri.EscapeDataString(query)}")));

        var window = QueryWindowFinder.Find(request, TimeProvider.System);

        Assert.Equal(minutes is { } back ? new QueryWindow(at - (back * Minute), at + 5) : null, window);
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
        Assert.True(destinations.HaveDifferentGaps);
        Assert.Equal(asked, destinations.GetOrder(new(from * Minute, to * Minute))[0].Name);
    }

    [Theory]
    [InlineData(55, 58, "prometheus-2")] // it is known to have that
    [InlineData(42, 48, "prometheus-1")] // nothing is known of the second's
    [InlineData(20, 80, "prometheus-1")] // it might lack as much
    [InlineData(48, 80, "prometheus-2")] // it cannot lack as much
    public void One_is_not_asked_first_for_a_time_of_which_nothing_is_known(long from, long to, string asked)
    {
        using var destinations = Two();
        destinations.RecordGaps(destinations.All[1], [], [new(30 * Minute, 50 * Minute)]);
        Assert.Equal(asked, destinations.GetOrder(new(from * Minute, to * Minute))[0].Name);
    }

    [Fact]
    public void The_first_is_not_left_for_what_is_not_known_of_it()
    {
        using var destinations = Two();
        destinations.RecordGaps(destinations.All[0], [], [new(0, 200 * Minute)]);
        Assert.Equal("prometheus-1", destinations.GetOrder(new(20 * Minute, 80 * Minute))[0].Name);
    }

    [Fact]
    public void What_is_older_than_the_history_that_was_looked_at_is_taken_to_be_there()
    {
        using var destinations = Two();
        destinations.RecordGaps(destinations.All[0], [new(-60 * 24 * 60 * Minute, 60 * Minute)], []);
        Assert.Equal("prometheus-1", destinations.GetOrder(new(-50 * 24 * 60 * Minute, -40 * 24 * 60 * Minute))[0].Name);
        Assert.Equal("prometheus-2", destinations.GetOrder(new(-50 * 24 * 60 * Minute, 0))[0].Name);
    }

    [Fact]
    public void One_that_is_known_to_have_a_time_comes_before_one_of_which_a_part_is_unknown()
    {
        using var destinations = Some(3);
        destinations.RecordGaps(destinations.All[0], [new(40 * Minute, 60 * Minute)], []);
        destinations.RecordGaps(destinations.All[1], [], [new(55 * Minute, 60 * Minute)]);
        Assert.Equal("prometheus-3", destinations.GetOrder(new(40 * Minute, 60 * Minute))[0].Name);
        destinations.RecordGaps(destinations.All[2], [], [new(40 * Minute, 60 * Minute)]);
        Assert.Equal("prometheus-2", destinations.GetOrder(new(40 * Minute, 60 * Minute))[0].Name);
    }

    [Fact]
    public void What_was_asked_about_in_vain_is_asked_about_again_after_the_rest_and_a_pause_that_grows()
    {
        var time = new FakeTimeProvider();
        var backlog = new HistoryBacklog(10, time);
        backlog.Add(new(0, 25));
        backlog.MarkFailed(Next(15, 25));
        backlog.Add(new(25, 30)); // something new
        backlog.MarkKnown(Next(25, 30));
        backlog.MarkKnown(Next(5, 15));
        backlog.MarkKnown(Next(0, 5));
        Assert.Null(backlog.NextPart());
        Assert.Equal([new(15, 25)], backlog.Unknown);

        time.Advance(TimeSpan.FromMinutes(1));
        backlog.MarkFailed(Next(15, 25));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(backlog.NextPart());
        time.Advance(TimeSpan.FromMinutes(1));
        backlog.MarkFailed(Next(15, 25));

        backlog.RetryAll(); // it was away: no pause
        backlog.DropBefore(20);
        backlog.MarkKnown(Next(20, 25));
        Assert.True(backlog.IsEmpty);

        SampleGap Next(long from, long to)
        {
            Assert.Equal(new SampleGap(from, to), backlog.NextPart());
            return new(from, to);
        }
    }

    [Fact]
    public void One_that_fails_is_not_asked_first_for_its_history()
    {
        using var destinations = Two();
        destinations.RecordProbeFailure(destinations.All[1], DestinationHealth.Unreachable, "");
        Assert.Equal("prometheus-1", destinations.GetOrder(new(20 * Minute, 80 * Minute))[0].Name);
    }

    [Fact]
    public void Without_a_known_time_or_gaps_the_order_is_the_same_object_for_every_request()
    {
        using var destinations = Two();
        Assert.Same(destinations.GetOrder(null), destinations.GetOrder(new(70 * Minute, 80 * Minute)));
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
        var destinations = gateway.Provider.GetRequiredService<DestinationPool>();
        await gateway.WaitUntilAsync(() => destinations.HaveDifferentGaps, "the hole");

        Assert.Equal("prometheus-2", await AskAsync(gateway, $"/api/v1/query_range?query=up&start={now - 5000}&end={now}&step=60"));
        Assert.Equal("prometheus-1", await AskAsync(gateway, $"/api/v1/query_range?query=up&start={now - 1000}&end={now}&step=60"));
        Assert.Equal(
            "prometheus-2",
            await AskAsync(gateway, $"/api/v1/query_range?query=rate(x[1h])&start={now - 1000}&end={now}&step=60")
        );
        Assert.Equal("prometheus-2", await AskAsync(gateway, $"/api/v1/query?query=up&time={now - 2700}"));
        Assert.Equal(
            "prometheus-2",
            await AskAsync(gateway, $"/api/v1/query?query=up&time={DateTimeOffset.FromUnixTimeSeconds(now - 2700):yyyy-MM-ddTHH:mm:ss}Z")
        );
        Assert.Equal("prometheus-2", await AskAsync(gateway, "/api/v1/query?query=increase(x[2h])"));
        Assert.Equal("prometheus-1", await AskAsync(gateway, "/api/v1/query?query=up"));

        var gap = Assert.Single(destinations.All[0].Gaps, g => g.To > (now - 3000) * 1000);
        Assert.InRange(gap.From / 1000, now - 3600 - 20, now - 3600 + 20);
        Assert.InRange(gap.To / 1000, now - 1800 - 20, now - 1800 + 20);
    }

    [Fact]
    public async Task A_new_hole_is_known_while_the_look_back_still_runs()
    {
        await using var first = await ScriptedPrometheus.StartAsync();
        await using var second = await ScriptedPrometheus.StartAsync();
        var time = new FakeTimeProvider();
        var start = time.GetUtcNow().ToUnixTimeSeconds();
        first.HasSamplesAt = at => at < start + 10 || at > start + 20;
        await using var gateway = await RunningGateway.StartAsync(
            file =>
                new()
                {
                    Prometheus = [first.Url, second.Url],
                    TenantsFile = file,
                    Failover = new() { StaleAfter = TimeSpan.FromSeconds(2) },
                },
            time
        );
        var destinations = gateway.Provider.GetRequiredService<DestinationPool>();

        await gateway.WaitUntilAsync(
            () => destinations.All[0].Gaps.Any(gap => gap.To / 1000 >= start + 20 && time.GetUtcNow().ToUnixTimeSeconds() > start + 25),
            "the hole",
            () => time.Advance(TimeSpan.FromSeconds(1))
        );

        Assert.InRange(Assert.Single(destinations.All[0].Gaps).From / 1000, start + 8, start + 12);
        Assert.True(
            SampleGap.MissingTime(destinations.All[0].History.PossibleGaps, new(0, start * 1000)) > TimeSpan.FromDays(1),
            "the look back ended"
        );
        await gateway.WaitUntilAsync(
            () => destinations.HaveDifferentGaps,
            "what the second has",
            () => time.Advance(TimeSpan.FromSeconds(1))
        );
        Assert.Equal("prometheus-2", await AskAsync(gateway, $"/api/v1/query_range?query=up&start={start + 5}&end={start + 22}&step=1"));
    }

    [Theory]
    [InlineData("failing")]
    [InlineData("away")]
    public async Task A_history_that_cannot_be_had_speaks_for_nobody_and_is_asked_for_again(string trouble)
    {
        await using var first = await ScriptedPrometheus.StartAsync();
        await using var second = await ScriptedPrometheus.StartAsync();
        var time = new FakeTimeProvider();
        var start = time.GetUtcNow().ToUnixTimeSeconds();
        first.HasSamplesAt = at => at > start - 7200 && (at < start - 3000 || at > start - 2000);
        second.HasSamplesAt = at => at > start - 3600;
        second.HistoryStatus = trouble == "failing" ? 500 : 200;
        second.Version = trouble == "away" ? null : second.Version;
        await using var gateway = await RunningGateway.StartAsync(
            file =>
                new()
                {
                    Prometheus = [first.Url, second.Url],
                    TenantsFile = file,
                    Failover = new() { HistoryWindow = TimeSpan.FromDays(2) },
                },
            time
        );
        var destinations = gateway.Provider.GetRequiredService<DestinationPool>();
        await UntilKnownAsync(0);
        await gateway.WaitUntilAsync(() => gateway.Log.Any(IsWait), "the log line", () => time.Advance(TimeSpan.FromSeconds(1)));

        Assert.False(destinations.HaveDifferentGaps);
        Assert.Equal("prometheus-1", await AskAsync(gateway, $"/api/v1/query?query=up&time={start - 18000}"));
        Assert.Equal("prometheus-1", await AskAsync(gateway, $"/api/v1/query?query=up&time={start - 2500}"));

        (second.HistoryStatus, second.Version) = (200, "2.42.0");
        await UntilKnownAsync(1);
        Assert.Equal("prometheus-1", await AskAsync(gateway, $"/api/v1/query?query=up&time={start - 18000}"));
        Assert.Equal("prometheus-1", await AskAsync(gateway, $"/api/v1/query?query=up&time={start - 5000}"));
        Assert.Equal("prometheus-2", await AskAsync(gateway, $"/api/v1/query?query=up&time={start - 2500}"));
        Assert.Single(gateway.Log, IsWait);

        Task UntilKnownAsync(int index) =>
            gateway.WaitUntilAsync(
                () => destinations.All[index] is { Gaps.Length: > 0 } one && one.History.PossibleGaps.SequenceEqual(one.Gaps),
                "all of a history",
                () => time.Advance(TimeSpan.FromSeconds(1))
            );

        static bool IsWait(string line) => line.Contains("history of prometheus-2 is not available", StringComparison.Ordinal);
    }

    private static async Task<string> AskAsync(RunningGateway gateway, string target)
    {
        using var response = await gateway.GetAsync(target);
        return response.Headers.GetValues("X-AivenMetrics-Instance").Single();
    }

    /// <summary>The first lacks minutes 40 to 60, the second minutes 90 to 98.</summary>
    private static DestinationPool Two()
    {
        var destinations = Some(2);
        destinations.RecordGaps(destinations.All[0], [new(40 * Minute, 60 * Minute)], []);
        destinations.RecordGaps(destinations.All[1], [new(90 * Minute, 98 * Minute)], []);
        return destinations;
    }

    private static DestinationPool Some(int count) =>
        new(
            new GatewayOptions { Prometheus = [.. Enumerable.Range(1, count).Select(i => $"http://{i}")] },
            new FakeTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(100 * Minute)),
            NullLogger<DestinationPool>.Instance
        );
}
