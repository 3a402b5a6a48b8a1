using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Forwarding;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Forwarding;

public sealed class HedgingBudgetTests
{
    [Theory]
    [InlineData(2, 0.05, true)]
    [InlineData(1, 0.05, false)]
    [InlineData(2, 0, false)]
    public void Hedging_requires_a_second_server_and_a_share(int servers, double share, bool isOn) =>
        Assert.Equal(isOn, Create(servers, share).IsEnabled);

    [Fact]
    public void After_a_burst_the_configured_share_of_light_requests_may_be_hedged()
    {
        var hedging = Create(2, 0.05);
        var burst = CountAcquired(hedging);
        Assert.Equal(100, burst);
        for (var i = 0; i < 1000; i++)
        {
            hedging.RecordDuration(TimeSpan.FromMilliseconds(1));
        }
        Assert.Equal(50, CountAcquired(hedging));
        Assert.Equal(150, hedging.HedgedRequests);
    }

    [Theory]
    [InlineData(1, 250)]
    [InlineData(100, 400)]
    [InlineData(5000, 1000)]
    public void The_delay_is_four_times_the_usual_duration_within_bounds(int usualMilliseconds, int lateMilliseconds)
    {
        var hedging = Create(2, 0.05);
        for (var i = 0; i < 500; i++)
        {
            hedging.RecordDuration(TimeSpan.FromMilliseconds(usualMilliseconds));
        }
        Assert.Equal(lateMilliseconds, hedging.Delay.TotalMilliseconds, 0.1);
    }

    private static int CountAcquired(HedgingBudget hedging)
    {
        var count = 0;
        while (hedging.TryAcquire())
        {
            count++;
        }
        return count;
    }

    private static HedgingBudget Create(int servers, double share) =>
        new(
            new GatewayOptions
            {
                Prometheus = [.. Enumerable.Repeat("http://x", servers)],
                Failover = new() { HedgeShare = share },
            }
        );
}
