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
    public void It_needs_another_server_and_a_share(int servers, double share, bool isOn) =>
        Assert.Equal(isOn, With(servers, share).IsEnabled);

    [Fact]
    public void In_the_long_run_one_light_request_in_twenty_may_be_asked_twice()
    {
        var hedging = With(2, 0.05);
        var atOnce = Take(hedging);
        Assert.Equal(100, atOnce);
        for (var i = 0; i < 1000; i++)
        {
            hedging.RecordDuration(TimeSpan.FromMilliseconds(1));
        }
        Assert.Equal(50, Take(hedging));
        Assert.Equal(150, hedging.HedgedRequests);
    }

    [Theory]
    [InlineData(1, 250)]
    [InlineData(100, 400)]
    [InlineData(5000, 1000)]
    public void An_answer_is_late_after_four_times_the_usual_within_bounds(int usualMilliseconds, int lateMilliseconds)
    {
        var hedging = With(2, 0.05);
        for (var i = 0; i < 500; i++)
        {
            hedging.RecordDuration(TimeSpan.FromMilliseconds(usualMilliseconds));
        }
        Assert.Equal(lateMilliseconds, hedging.Delay.TotalMilliseconds, 0.1);
    }

    private static int Take(HedgingBudget hedging)
    {
        var taken = 0;
        while (hedging.TryAcquire())
        {
            taken++;
        }
        return taken;
    }

    private static HedgingBudget With(int servers, double share) =>
        new(
            new GatewayOptions
            {
                Prometheus = [.. Enumerable.Repeat("http://x", servers)],
                Failover = new() { HedgeShare = share },
            }
        );
}
