using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Destinations;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Destinations;

/// <summary>Tests the choice of the primary destination as time passes and probes and requests succeed or fail.</summary>
public sealed class PrimarySelectionTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly DestinationPool _destinations;
    private readonly Destination _first;
    private readonly Destination _second;

    public PrimarySelectionTests()
    {
        _destinations = new(new GatewayOptions { Prometheus = ["http://one", "http://two"] }, _time, NullLogger<DestinationPool>.Instance);
        (_first, _second) = (_destinations.All[0], _destinations.All[1]);
        _destinations.RecordProbeSuccess(_first);
        _destinations.RecordProbeSuccess(_second);
    }

    public void Dispose() => _destinations.Dispose();

    [Fact]
    public void The_usual_one_is_first_while_it_is_well() => Assert.Same(_first, _destinations.Primary);

    [Theory]
    [InlineData("Unreachable")]
    [InlineData("Hung")]
    [InlineData("NotReady")]
    [InlineData("Failing")]
    public void One_that_fails_a_probe_is_left_at_once(string trouble)
    {
        _destinations.RecordProbeFailure(_first, Enum.Parse<DestinationHealth>(trouble), "");
        Assert.Same(_second, _destinations.Primary);
        Assert.Equal(1, _destinations.Switches);
    }

    [Fact]
    public void One_that_refuses_a_connection_to_a_request_is_left_at_once()
    {
        _destinations.RecordUnreachable(_first, "");
        Assert.Same(_second, _destinations.Primary);
    }

    [Fact]
    public void Requests_that_fail_otherwise_make_it_left_at_the_third_in_a_row_and_an_answer_between_them_counts_for_it()
    {
        _destinations.RecordFailure(_first, "");
        _destinations.RecordFailure(_first, "");
        _first.RecordSuccess();
        _destinations.RecordFailure(_first, "");
        _destinations.RecordFailure(_first, "");
        Assert.Same(_first, _destinations.Primary);
        _destinations.RecordFailure(_first, "");
        Assert.Same(_second, _destinations.Primary);
    }

    [Fact]
    public void It_gets_its_place_back_when_it_was_well_for_five_minutes()
    {
        _destinations.RecordProbeFailure(_first, DestinationHealth.Unreachable, "");
        Pass(TimeSpan.FromMinutes(10), () => _destinations.RecordProbeFailure(_first, DestinationHealth.Unreachable, ""));
        Pass(TimeSpan.FromMinutes(4.9), () => _destinations.RecordProbeSuccess(_first));
        Assert.Same(_second, _destinations.Primary);
        Pass(TimeSpan.FromMinutes(0.2), () => _destinations.RecordProbeSuccess(_first));
        Assert.Same(_first, _destinations.Primary);
        Assert.Equal(2, _destinations.Switches);
    }

    [Fact]
    public void A_usual_one_that_flaps_for_an_hour_gives_one_switch()
    {
        for (var i = 0; i < 60; i++)
        {
            _destinations.RecordProbeFailure(_first, DestinationHealth.Unreachable, "");
            Pass(TimeSpan.FromSeconds(30), () => _destinations.RecordProbeFailure(_first, DestinationHealth.Unreachable, ""));
            Pass(TimeSpan.FromSeconds(30), () => _destinations.RecordProbeSuccess(_first));
        }

        Assert.Same(_second, _destinations.Primary);
        Assert.Equal(1, _destinations.Switches);
    }

    [Fact]
    public void The_present_one_that_fails_is_left_at_once_even_a_moment_after_a_switch()
    {
        _destinations.RecordProbeFailure(_first, DestinationHealth.Unreachable, "");
        _destinations.RecordProbeSuccess(_first);
        _time.Advance(TimeSpan.FromSeconds(1));
        _destinations.RecordProbeFailure(_second, DestinationHealth.Unreachable, "");
        Assert.Same(_first, _destinations.Primary);
        Assert.Equal(2, _destinations.Switches);
    }

    [Fact]
    public void A_return_waits_until_the_last_switch_is_five_minutes_past()
    {
        _destinations.RecordProbeFailure(_first, DestinationHealth.Unreachable, "");
        _destinations.RecordProbeSuccess(_first);
        Pass(TimeSpan.FromMinutes(4), () => _destinations.RecordProbeSuccess(_first));
        // The second one fails for a moment: the first takes over, and stays though the second is well again.
        _destinations.RecordProbeFailure(_second, DestinationHealth.Unreachable, "");
        _destinations.RecordProbeSuccess(_second);
        Pass(TimeSpan.FromMinutes(20), () => _destinations.RecordProbeSuccess(_second));
        Assert.Same(_first, _destinations.Primary);
        Assert.Equal(2, _destinations.Switches);
    }

    [Fact]
    public void When_both_fail_the_present_one_stays_first_and_the_first_to_recover_takes_over()
    {
        _destinations.RecordProbeFailure(_first, DestinationHealth.Unreachable, "");
        _destinations.RecordProbeFailure(_second, DestinationHealth.Hung, "");
        Assert.Same(_second, _destinations.Primary);
        _destinations.RecordProbeSuccess(_first);
        Assert.Same(_first, _destinations.Primary);
    }

    [Fact]
    public void One_whose_newest_sample_is_too_old_is_left_for_one_that_has_a_newer()
    {
        _destinations.RecordSampleAge(_second, TimeSpan.FromSeconds(20));
        _destinations.RecordSampleAge(_first, TimeSpan.FromSeconds(170));
        Assert.Same(_first, _destinations.Primary);
        _destinations.RecordSampleAge(_first, TimeSpan.FromSeconds(190));
        Assert.Same(_second, _destinations.Primary);
    }

    [Fact]
    public void When_nobody_has_fresh_samples_the_usual_one_stays()
    {
        _destinations.RecordSampleAge(_first, null);
        _destinations.RecordSampleAge(_second, TimeSpan.FromMinutes(4));
        Assert.Same(_first, _destinations.Primary);
        Assert.Equal(0, _destinations.Switches);
    }

    [Fact]
    public void One_that_is_stale_is_better_than_one_that_fails()
    {
        _destinations.RecordSampleAge(_second, null);
        _destinations.RecordProbeFailure(_first, DestinationHealth.NotReady, "");
        Assert.Same(_second, _destinations.Primary);
    }

    [Fact]
    public void Three_servers_are_taken_in_their_order_and_the_failed_ones_come_last()
    {
        using var three = new DestinationPool(
            new GatewayOptions { Prometheus = ["http://one", "http://two", "http://three"] },
            _time,
            NullLogger<DestinationPool>.Instance
        );
        three.RecordProbeFailure(three.All[0], DestinationHealth.Unreachable, "");
        Assert.Equal(["prometheus-2", "prometheus-3", "prometheus-1"], three.GetOrder(null).Select(d => d.Name));
        three.RecordProbeFailure(three.All[1], DestinationHealth.Unreachable, "");
        Assert.Equal(["prometheus-3", "prometheus-1", "prometheus-2"], three.GetOrder(null).Select(d => d.Name));
    }

    [Fact]
    public void Why_none_answers_is_said_of_each_without_an_address()
    {
        _destinations.RecordProbeFailure(_first, DestinationHealth.Hung, "http://one");
        _destinations.RecordProbeFailure(_second, DestinationHealth.NotReady, "http://two");
        Assert.Equal("prometheus-1 does not respond, prometheus-2 is not ready", _destinations.DescribeForTenants());
    }

    private void Pass(TimeSpan length, Action eachSecond)
    {
        for (var passed = TimeSpan.Zero; passed < length; passed += TimeSpan.FromSeconds(1))
        {
            eachSecond();
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        eachSecond();
    }
}
