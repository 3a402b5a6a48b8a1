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

/// <summary>Gaps in the history of a server: their detection, the window of a query, and the order of destinations for it.</summary>
public sealed class HistoryMonitorTests
{
    private const long Minute = 60_000;

    [Theory]
    [InlineData("0 10 20 30", "")]
    [InlineData("0 0 0 30 40", "")] // a sample of age 20 counts
    [InlineData("0 0 0 0 0 50 60", "0..50")]
    [InlineData("- - 20", "-20..20")] // no sample before: the gap starts at least one lookback earlier
    [InlineData("0 10 - - - -", "10..60")] // the lookback ended: the gap starts with the sample before
    [InlineData("0 10 - -", "")] // an engine that hides its newest samples
    [InlineData("0 0 0 0 40 40 40 40 80", "0..40 40..80")]
    public void A_gap_starts_at_the_last_sample_before_it_and_ends_where_a_newer_one_is_seen(string grid, string gaps)
    {
        var newest = grid.Split(' ')
            .Select((sample, index) => (sample, At: index * 10L))
            .Where(p => p.sample != "-")
            .ToDictionary(p => p.At, p => long.Parse(p.sample, CultureInfo.InvariantCulture));
        var found = GapFinder.FindGaps(newest, 0, (grid.Split(' ').Length - 1) * 10, 10, 20);
        Assert.Equal(gaps, string.Join(' ', found.Select(gap => $"{gap.From}..{gap.To}")));
    }

    [Fact]
    public void A_gap_ends_at_the_first_sample_after_it()
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
    public void Gaps_can_be_merged_subtracted_and_measured()
    {
        var gaps = SampleGap.Union([new(50, 60), new(10, 20), new(15, 30)]);
        Assert.Equal([new(10, 30), new(50, 60)], gaps);
        Assert.Equal([new(10, 12), new(55, 60)], SampleGap.Subtract(gaps, new(12, 55)));
        Assert.Equal(TimeSpan.FromMilliseconds(15), SampleGap.MissingTime(gaps, new(20, 55)));
        Assert.Equal(TimeSpan.Zero, SampleGap.MissingTime(gaps, new(30, 49)));
        Assert.True(SampleGap.MissingTime(gaps, new(20, 20)) > TimeSpan.Zero);
    }

    [Fact]
    public void Gaps_common_to_all_destinations_make_no_difference()
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
    public void A_gap_makes_no_difference_where_the_other_histories_are_unknown()
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
    public void The_window_of_a_query_includes_its_ranges_and_offsets(string query, int? minutes)
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
    [InlineData(70, 80, "prometheus-1")] // after the gap of the first
    [InlineData(20, 80, "prometheus-2")] // across the gap of the first
    [InlineData(45, 45, "prometheus-2")] // an instant in the gap of the first
    [InlineData(95, 99, "prometheus-1")] // across the gap of the second
    [InlineData(20, 99, "prometheus-2")] // across both gaps: that of the second is smaller
    public void The_destination_with_the_smallest_gap_in_the_window_is_first(long from, long to, string expected)
    {
        using var destinations = CreateTwo();
        Assert.True(destinations.HaveDifferentGaps);
        Assert.Equal(expected, destinations.GetOrder(new(from * Minute, to * Minute))[0].Name);
    }

    [Theory]
    [InlineData(55, 58, "prometheus-2")] // the second is known to have samples
    [InlineData(42, 48, "prometheus-1")] // the history of the second is unknown
    [InlineData(20, 80, "prometheus-1")] // the second might have a gap of the same size
    [InlineData(48, 80, "prometheus-2")] // the second cannot have a gap of the same size
    public void A_destination_with_unknown_history_in_the_window_is_not_first(long from, long to, string expected)
    {
        using var destinations = CreateTwo();
        destinations.RecordGaps(destinations.All[1], [], [new(30 * Minute, 50 * Minute)]);
        Assert.Equal(expected, destinations.GetOrder(new(from * Minute, to * Minute))[0].Name);
    }

    [Fact]
    public void The_first_destination_stays_first_despite_unknown_history()
    {
        using var destinations = CreateTwo();
        destinations.RecordGaps(destinations.All[0], [], [new(0, 200 * Minute)]);
        Assert.Equal("prometheus-1", destinations.GetOrder(new(20 * Minute, 80 * Minute))[0].Name);
    }

    [Fact]
    public void Times_before_the_checked_history_count_as_available()
    {
        using var destinations = CreateTwo();
        destinations.RecordGaps(destinations.All[0], [new(-60 * 24 * 60 * Minute, 60 * Minute)], []);
        Assert.Equal("prometheus-1", destinations.GetOrder(new(-50 * 24 * 60 * Minute, -40 * 24 * 60 * Minute))[0].Name);
        Assert.Equal("prometheus-2", destinations.GetOrder(new(-50 * 24 * 60 * Minute, 0))[0].Name);
    }

    [Fact]
    public void A_destination_with_a_known_history_precedes_one_with_a_partly_unknown_one()
    {
        using var destinations = Create(3);
        destinations.RecordGaps(destinations.All[0], [new(40 * Minute, 60 * Minute)], []);
        destinations.RecordGaps(destinations.All[1], [], [new(55 * Minute, 60 * Minute)]);
        Assert.Equal("prometheus-3", destinations.GetOrder(new(40 * Minute, 60 * Minute))[0].Name);
        destinations.RecordGaps(destinations.All[2], [], [new(40 * Minute, 60 * Minute)]);
        Assert.Equal("prometheus-2", destinations.GetOrder(new(40 * Minute, 60 * Minute))[0].Name);
    }

    [Fact]
    public void A_failed_part_of_the_history_is_retried_last_and_after_growing_pauses()
    {
        var time = new FakeTimeProvider();
        var unsearched = new UnsearchedHistory(10, time);
        unsearched.Add(new(0, 25));
        unsearched.MarkFailed(Next(15, 25));
        unsearched.Add(new(25, 30)); // a newer part
        unsearched.MarkKnown(Next(25, 30));
        unsearched.MarkKnown(Next(5, 15));
        unsearched.MarkKnown(Next(0, 5));
        Assert.Null(unsearched.NextPart());
        Assert.Equal([new(15, 25)], unsearched.Unknown);

        time.Advance(TimeSpan.FromMinutes(1));
        unsearched.MarkFailed(Next(15, 25));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(unsearched.NextPart());
        time.Advance(TimeSpan.FromMinutes(1));
        unsearched.MarkFailed(Next(15, 25));

        unsearched.RetryAll(); // the server was unreachable: no pause
        unsearched.DropBefore(20);
        unsearched.MarkKnown(Next(20, 25));
        Assert.True(unsearched.IsEmpty);

        SampleGap Next(long from, long to)
        {
            Assert.Equal(new SampleGap(from, to), unsearched.NextPart());
            return new(from, to);
        }
    }

    [Fact]
    public void A_failed_destination_is_not_first_despite_its_history()
    {
        using var destinations = CreateTwo();
        destinations.RecordProbeFailure(destinations.All[1], DestinationHealth.Unreachable, "");
        Assert.Equal("prometheus-1", destinations.GetOrder(new(20 * Minute, 80 * Minute))[0].Name);
    }

    [Fact]
    public void Without_a_window_or_gaps_every_request_gets_the_same_order_object()
    {
        using var destinations = CreateTwo();
        Assert.Same(destinations.GetOrder(null), destinations.GetOrder(new(70 * Minute, 80 * Minute)));
        Assert.Equal(0, destinations.Detours);
    }

    [Fact]
    public async Task A_query_across_a_gap_of_the_first_destination_goes_to_the_second()
    {
        await using var first = await ScriptedPrometheus.StartAsync();
        await using var second = await ScriptedPrometheus.StartAsync();
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        first.HasSamplesAt = at => at < now - 3600 || at > now - 1800;
        await using var gateway = await RunningGateway.StartAsync(first.Url, second.Url);
        var destinations = gateway.Provider.GetRequiredService<DestinationPool>();
        await gateway.WaitUntilAsync(() => destinations.HaveDifferentGaps, "the gap");

        Assert.Equal("prometheus-2", await GetInstanceAsync(gateway, $"/api/v1/query_range?query=up&start={now - 5000}&end={now}&step=60"));
        Assert.Equal("prometheus-1", await GetInstanceAsync(gateway, $"/api/v1/query_range?query=up&start={now - 1000}&end={now}&step=60"));
        Assert.Equal(
            "prometheus-2",
            await GetInstanceAsync(gateway, $"/api/v1/query_range?query=rate(x[1h])&start={now - 1000}&end={now}&step=60")
        );
        Assert.Equal("prometheus-2", await GetInstanceAsync(gateway, $"/api/v1/query?query=up&time={now - 2700}"));
        Assert.Equal(
            "prometheus-2",
            await GetInstanceAsync(
                gateway,
                $"/api/v1/query?query=up&time={DateTimeOffset.FromUnixTimeSeconds(now - 2700):yyyy-MM-ddTHH:mm:ss}Z"
            )
        );
        Assert.Equal("prometheus-2", await GetInstanceAsync(gateway, "/api/v1/query?query=increase(x[2h])"));
        Assert.Equal("prometheus-1", await GetInstanceAsync(gateway, "/api/v1/query?query=up"));

        var gap = Assert.Single(destinations.All[0].Gaps, g => g.To > (now - 3000) * 1000);
        Assert.InRange(gap.From / 1000, now - 3600 - 20, now - 3600 + 20);
        Assert.InRange(gap.To / 1000, now - 1800 - 20, now - 1800 + 20);
    }

    [Fact]
    public async Task A_new_gap_is_detected_while_the_lookback_is_running()
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
            "the gap",
            () => time.Advance(TimeSpan.FromSeconds(1))
        );

        Assert.InRange(Assert.Single(destinations.All[0].Gaps).From / 1000, start + 8, start + 12);
        Assert.True(
            SampleGap.MissingTime(destinations.All[0].History.PossibleGaps, new(0, start * 1000)) > TimeSpan.FromDays(1),
            "the lookback has ended"
        );
        await gateway.WaitUntilAsync(
            () => destinations.HaveDifferentGaps,
            "the history of the second",
            () => time.Advance(TimeSpan.FromSeconds(1))
        );
        Assert.Equal(
            "prometheus-2",
            await GetInstanceAsync(gateway, $"/api/v1/query_range?query=up&start={start + 5}&end={start + 22}&step=1")
        );
    }

    [Theory]
    [InlineData("failing")]
    [InlineData("away")]
    public async Task An_unavailable_history_makes_no_difference_and_is_requested_again(string failure)
    {
        await using var first = await ScriptedPrometheus.StartAsync();
        await using var second = await ScriptedPrometheus.StartAsync();
        var time = new FakeTimeProvider();
        var start = time.GetUtcNow().ToUnixTimeSeconds();
        first.HasSamplesAt = at => at > start - 7200 && (at < start - 3000 || at > start - 2000);
        second.HasSamplesAt = at => at > start - 3600;
        second.HistoryStatus = failure == "failing" ? 500 : 200;
        second.Version = failure == "away" ? null : second.Version;
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
        Assert.Equal("prometheus-1", await GetInstanceAsync(gateway, $"/api/v1/query?query=up&time={start - 18000}"));
        Assert.Equal("prometheus-1", await GetInstanceAsync(gateway, $"/api/v1/query?query=up&time={start - 2500}"));

        (second.HistoryStatus, second.Version) = (200, "2.42.0");
        await UntilKnownAsync(1);
        Assert.Equal("prometheus-1", await GetInstanceAsync(gateway, $"/api/v1/query?query=up&time={start - 18000}"));
        Assert.Equal("prometheus-1", await GetInstanceAsync(gateway, $"/api/v1/query?query=up&time={start - 5000}"));
        Assert.Equal("prometheus-2", await GetInstanceAsync(gateway, $"/api/v1/query?query=up&time={start - 2500}"));
        Assert.Single(gateway.Log, IsWait);

        Task UntilKnownAsync(int index) =>
            gateway.WaitUntilAsync(
                () => destinations.All[index] is { Gaps.Length: > 0 } one && one.History.PossibleGaps.SequenceEqual(one.Gaps),
                "the whole history",
                () => time.Advance(TimeSpan.FromSeconds(1))
            );

        static bool IsWait(string line) => line.Contains("history of prometheus-2 is not available", StringComparison.Ordinal);
    }

    private static async Task<string> GetInstanceAsync(RunningGateway gateway, string target)
    {
        using var response = await gateway.GetAsync(target);
        return response.Headers.GetValues("X-AivenMetrics-Instance").Single();
    }

    /// <summary>Creates two destinations. The first has a gap from minute 40 to 60, the second from minute 90 to 98.</summary>
    private static DestinationPool CreateTwo()
    {
        var destinations = Create(2);
        destinations.RecordGaps(destinations.All[0], [new(40 * Minute, 60 * Minute)], []);
        destinations.RecordGaps(destinations.All[1], [new(90 * Minute, 98 * Minute)], []);
        return destinations;
    }

    private static DestinationPool Create(int count) =>
        new(
            new GatewayOptions { Prometheus = [.. Enumerable.Range(1, count).Select(i => $"http://{i}")] },
            new FakeTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(100 * Minute)),
            NullLogger<DestinationPool>.Instance
        );
}
