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
    public void The_first_destination_is_primary_while_it_is_healthy() => Assert.Same(_first, _destinations.Primary);

    [Theory]
    [InlineData("Unreachable")]
    [InlineData("Hung")]
    [InlineData("NotReady")]
    [InlineData("Failing")]
    public void A_failed_probe_switches_the_primary_at_once(string health)
    {
        _destinations.RecordProbeFailure(_first, Enum.Parse<DestinationHealth>(health), "");
        Assert.Same(_second, _destinations.Primary);
        Assert.Equal(1, _destinations.Switches);
    }

    [Fact]
    public void A_refused_connection_switches_the_primary_at_once()
    {
        _destinations.RecordUnreachable(_first, "");
        Assert.Same(_second, _destinations.Primary);
    }

    [Fact]
    public void Three_consecutive_failed_requests_switch_the_primary()
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
    public void A_recovered_destination_becomes_primary_again_after_five_minutes()
    {
        _destinations.RecordProbeFailure(_first, DestinationHealth.Unreachable, "");
        Advance(TimeSpan.FromMinutes(10), () => _destinations.RecordProbeFailure(_first, DestinationHealth.Unreachable, ""));
        Advance(TimeSpan.FromMinutes(4.9), () => _destinations.RecordProbeSuccess(_first));
        Assert.Same(_second, _destinations.Primary);
        Advance(TimeSpan.FromMinutes(0.2), () => _destinations.RecordProbeSuccess(_first));
        Assert.Same(_first, _destinations.Primary);
        Assert.Equal(2, _destinations.Switches);
    }

    [Fact]
    public void A_destination_that_flaps_for_an_hour_causes_one_switch()
    {
        for (var i = 0; i < 60; i++)
        {
            _destinations.RecordProbeFailure(_first, DestinationHealth.Unreachable, "");
            Advance(TimeSpan.FromSeconds(30), () => _destinations.RecordProbeFailure(_first, DestinationHealth.Unreachable, ""));
            Advance(TimeSpan.FromSeconds(30), () => _destinations.RecordProbeSuccess(_first));
        }

        Assert.Same(_second, _destinations.Primary);
        Assert.Equal(1, _destinations.Switches);
    }

    [Fact]
    public void A_failed_primary_is_replaced_at_once_even_right_after_a_switch()
    {
        _destinations.RecordProbeFailure(_first, DestinationHealth.Unreachable, "");
        _destinations.RecordProbeSuccess(_first);
        _time.Advance(TimeSpan.FromSeconds(1));
        _destinations.RecordProbeFailure(_second, DestinationHealth.Unreachable, "");
        Assert.Same(_first, _destinations.Primary);
        Assert.Equal(2, _destinations.Switches);
    }

    [Fact]
    public void A_return_waits_until_five_minutes_after_the_last_switch()
    {
        _destinations.RecordProbeFailure(_first, DestinationHealth.Unreachable, "");
        _destinations.RecordProbeSuccess(_first);
        Advance(TimeSpan.FromMinutes(4), () => _destinations.RecordProbeSuccess(_first));
        // The second destination fails briefly. The first becomes primary and remains so after the second recovers.
        _destinations.RecordProbeFailure(_second, DestinationHealth.Unreachable, "");
        _destinations.RecordProbeSuccess(_second);
        Advance(TimeSpan.FromMinutes(20), () => _destinations.RecordProbeSuccess(_second));
        Assert.Same(_first, _destinations.Primary);
        Assert.Equal(2, _destinations.Switches);
    }

    [Fact]
    public void If_both_fail_the_primary_stays_and_the_first_to_recover_becomes_primary()
    {
        _destinations.RecordProbeFailure(_first, DestinationHealth.Unreachable, "");
        _destinations.RecordProbeFailure(_second, DestinationHealth.Hung, "");
        Assert.Same(_second, _destinations.Primary);
        _destinations.RecordProbeSuccess(_first);
        Assert.Same(_first, _destinations.Primary);
    }

    [Fact]
    public void A_destination_with_stale_samples_is_replaced_by_a_fresh_one()
    {
        _destinations.RecordSampleAge(_second, TimeSpan.FromSeconds(20));
        _destinations.RecordSampleAge(_first, TimeSpan.FromSeconds(170));
        Assert.Same(_first, _destinations.Primary);
        _destinations.RecordSampleAge(_first, TimeSpan.FromSeconds(190));
        Assert.Same(_second, _destinations.Primary);
    }

    [Fact]
    public void If_no_destination_has_fresh_samples_the_first_stays_primary()
    {
        _destinations.RecordSampleAge(_first, null);
        _destinations.RecordSampleAge(_second, TimeSpan.FromMinutes(4));
        Assert.Same(_first, _destinations.Primary);
        Assert.Equal(0, _destinations.Switches);
    }

    [Fact]
    public void A_stale_destination_is_preferred_to_a_failed_one()
    {
        _destinations.RecordSampleAge(_second, null);
        _destinations.RecordProbeFailure(_first, DestinationHealth.NotReady, "");
        Assert.Same(_second, _destinations.Primary);
    }

    [Fact]
    public void Destinations_are_ordered_as_configured_with_failed_ones_last()
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
    public void The_description_for_tenants_has_a_reason_for_each_destination_and_no_address()
    {
        _destinations.RecordProbeFailure(_first, DestinationHealth.Hung, "http://one");
        _destinations.RecordProbeFailure(_second, DestinationHealth.NotReady, "http://two");
        Assert.Equal("prometheus-1 does not respond, prometheus-2 is not ready", _destinations.DescribeForTenants());
    }

    private void Advance(TimeSpan length, Action eachSecond)
    {
        for (var passed = TimeSpan.Zero; passed < length; passed += TimeSpan.FromSeconds(1))
        {
            eachSecond();
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        eachSecond();
    }
}
