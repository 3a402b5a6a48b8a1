using AivenMetrics.Gateway;
using AivenMetrics.Gateway.Failover;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Failover;

/// <summary>Who is asked first, as time goes by and contacts say this and that.</summary>
public sealed class SwitchingTests : IDisposable
{
    private readonly FakeTimeProvider time = new();
    private readonly Destinations destinations;
    private readonly Destination first;
    private readonly Destination second;

    public SwitchingTests()
    {
        destinations = new(new GatewayOptions { Prometheus = ["http://one", "http://two"] }, time, NullLogger<Destinations>.Instance);
        (first, second) = (destinations.Ordered()[0], destinations.Ordered()[1]);
        destinations.Probed(first);
        destinations.Probed(second);
    }

    public void Dispose() => destinations.Dispose();

    [Fact]
    public void The_usual_one_is_first_while_it_is_well() => Assert.Same(first, destinations.First);

    [Theory]
    [InlineData("Unreachable")]
    [InlineData("Hung")]
    [InlineData("NotReady")]
    [InlineData("Failing")]
    public void One_that_fails_a_probe_is_left_at_once(string trouble)
    {
        destinations.ProbeFailed(first, Enum.Parse<Trouble>(trouble), "");
        Assert.Same(second, destinations.First);
        Assert.Equal(1, destinations.Switches);
    }

    [Fact]
    public void One_that_refuses_a_connection_to_a_request_is_left_at_once()
    {
        destinations.Unreachable(first, "");
        Assert.Same(second, destinations.First);
    }

    [Fact]
    public void Requests_that_fail_otherwise_make_it_left_at_the_third_in_a_row_and_an_answer_between_them_counts_for_it()
    {
        destinations.Struck(first, "");
        destinations.Struck(first, "");
        first.Answered();
        destinations.Struck(first, "");
        destinations.Struck(first, "");
        Assert.Same(first, destinations.First);
        destinations.Struck(first, "");
        Assert.Same(second, destinations.First);
    }

    [Fact]
    public void It_gets_its_place_back_when_it_was_well_for_five_minutes()
    {
        destinations.ProbeFailed(first, Trouble.Unreachable, "");
        Pass(TimeSpan.FromMinutes(10), () => destinations.ProbeFailed(first, Trouble.Unreachable, ""));
        Pass(TimeSpan.FromMinutes(4.9), () => destinations.Probed(first));
        Assert.Same(second, destinations.First);
        Pass(TimeSpan.FromMinutes(0.2), () => destinations.Probed(first));
        Assert.Same(first, destinations.First);
        Assert.Equal(2, destinations.Switches);
    }

    [Fact]
    public void A_usual_one_that_flaps_for_an_hour_gives_one_switch()
    {
        for (var i = 0; i < 60; i++)
        {
            destinations.ProbeFailed(first, Trouble.Unreachable, "");
            Pass(TimeSpan.FromSeconds(30), () => destinations.ProbeFailed(first, Trouble.Unreachable, ""));
            Pass(TimeSpan.FromSeconds(30), () => destinations.Probed(first));
        }

        Assert.Same(second, destinations.First);
        Assert.Equal(1, destinations.Switches);
    }

    [Fact]
    public void The_present_one_that_fails_is_left_at_once_even_a_moment_after_a_switch()
    {
        destinations.ProbeFailed(first, Trouble.Unreachable, "");
        destinations.Probed(first);
        time.Advance(TimeSpan.FromSeconds(1));
        destinations.ProbeFailed(second, Trouble.Unreachable, "");
        Assert.Same(first, destinations.First);
        Assert.Equal(2, destinations.Switches);
    }

    [Fact]
    public void A_return_waits_until_the_last_switch_is_five_minutes_past()
    {
        destinations.ProbeFailed(first, Trouble.Unreachable, "");
        destinations.Probed(first);
        Pass(TimeSpan.FromMinutes(4), () => destinations.Probed(first));
        // The second one fails for a moment: the first takes over, and stays though the second is well again.
        destinations.ProbeFailed(second, Trouble.Unreachable, "");
        destinations.Probed(second);
        Pass(TimeSpan.FromMinutes(20), () => destinations.Probed(second));
        Assert.Same(first, destinations.First);
        Assert.Equal(2, destinations.Switches);
    }

    [Fact]
    public void When_both_fail_the_present_one_stays_first_and_the_first_to_recover_takes_over()
    {
        destinations.ProbeFailed(first, Trouble.Unreachable, "");
        destinations.ProbeFailed(second, Trouble.Hung, "");
        Assert.Same(second, destinations.First);
        destinations.Probed(first);
        Assert.Same(first, destinations.First);
    }

    [Fact]
    public void One_whose_newest_sample_is_too_old_is_left_for_one_that_has_a_newer()
    {
        destinations.Sampled(second, TimeSpan.FromSeconds(20));
        destinations.Sampled(first, TimeSpan.FromSeconds(170));
        Assert.Same(first, destinations.First);
        destinations.Sampled(first, TimeSpan.FromSeconds(190));
        Assert.Same(second, destinations.First);
    }

    [Fact]
    public void When_nobody_has_fresh_samples_the_usual_one_stays()
    {
        destinations.Sampled(first, null);
        destinations.Sampled(second, TimeSpan.FromMinutes(4));
        Assert.Same(first, destinations.First);
        Assert.Equal(0, destinations.Switches);
    }

    [Fact]
    public void One_that_is_stale_is_better_than_one_that_fails()
    {
        destinations.Sampled(second, null);
        destinations.ProbeFailed(first, Trouble.NotReady, "");
        Assert.Same(second, destinations.First);
    }

    [Fact]
    public void Three_servers_are_taken_in_their_order_and_the_failed_ones_come_last()
    {
        using var three = new Destinations(new GatewayOptions { Prometheus = ["http://one", "http://two", "http://three"] }, time, NullLogger<Destinations>.Instance);
        three.ProbeFailed(three.Ordered()[0], Trouble.Unreachable, "");
        Assert.Equal(["prometheus-2", "prometheus-3", "prometheus-1"], three.ToTry(null).Select(d => d.Name));
        three.ProbeFailed(three.Ordered()[1], Trouble.Unreachable, "");
        Assert.Equal(["prometheus-3", "prometheus-1", "prometheus-2"], three.ToTry(null).Select(d => d.Name));
    }

    [Fact]
    public void Why_none_answers_is_said_of_each_without_an_address()
    {
        destinations.ProbeFailed(first, Trouble.Hung, "http://one");
        destinations.ProbeFailed(second, Trouble.NotReady, "http://two");
        Assert.Equal("prometheus-1 does not answer, prometheus-2 is not ready", destinations.Reasons());
    }

    private void Pass(TimeSpan length, Action eachSecond)
    {
        for (var passed = TimeSpan.Zero; passed < length; passed += TimeSpan.FromSeconds(1))
        {
            eachSecond();
            time.Advance(TimeSpan.FromSeconds(1));
        }

        eachSecond();
    }
}
