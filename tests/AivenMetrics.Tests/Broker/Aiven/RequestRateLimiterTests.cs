using AivenMetrics.Broker.Aiven;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace AivenMetrics.Tests.Broker.Aiven;

public sealed class RequestRateLimiterTests
{
    [Fact]
    public async Task A_fifth_is_allowed_at_once_and_no_minute_exceeds_the_budget()
    {
        var time = new FakeTimeProvider();
        var budget = new RequestRateLimiter(100, time);
        var turns = new List<DateTimeOffset>();
        var takers = Enumerable
            .Range(0, 300)
            .Select(async _ =>
            {
                await budget.AcquireAsync(CancellationToken.None);
                lock (turns)
                {
                    turns.Add(time.GetUtcNow());
                }
            })
            .ToList();
        Assert.Equal(20, turns.Count);

        for (var i = 0; i < 60_000 && takers.Any(taker => !taker.IsCompleted); i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(50));
        }
        await Task.WhenAll(takers);
        Assert.Equal(300, turns.Count);
        foreach (var turn in turns)
        {
            Assert.InRange(turns.Count(other => other >= turn && other < turn + TimeSpan.FromMinutes(1)), 1, 101);
        }
    }

    [Fact]
    public async Task Unused_requests_accumulate_only_up_to_the_burst()
    {
        var time = new FakeTimeProvider();
        var budget = new RequestRateLimiter(100, time);
        time.Advance(TimeSpan.FromHours(1));
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(TimeSpan.Zero, await budget.AcquireAsync(CancellationToken.None));
        }
        Assert.False(budget.AcquireAsync(CancellationToken.None).AsTask().IsCompleted);
    }

    [Fact]
    public async Task A_pause_delays_all_callers_until_it_ends()
    {
        var time = new FakeTimeProvider();
        var budget = new RequestRateLimiter(100, time);
        budget.Pause(TimeSpan.FromSeconds(28));
        var taker = budget.AcquireAsync(CancellationToken.None).AsTask();
        time.Advance(TimeSpan.FromSeconds(27));
        Assert.False(taker.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(TimeSpan.FromSeconds(28), await taker);
    }
}
