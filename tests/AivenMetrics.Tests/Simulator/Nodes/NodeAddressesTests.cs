using AivenMetrics.Simulator.Api;
using AivenMetrics.Simulator.Nodes;
using Xunit;

namespace AivenMetrics.Tests.Simulator.Nodes;

public class NodeAddressesTests
{
    [Fact]
    public void Auto_selects_different_networks_for_two_simulators()
    {
        using var first = NodeAddresses.Claim("auto");
        using var second = NodeAddresses.Claim("auto");
        Assert.NotEqual(first.Network, second.Network);
        Assert.NotEqual(first.Allocate(), second.Allocate());
    }

    [Fact]
    public void A_network_in_use_is_rejected_with_a_remedy()
    {
        using var first = NodeAddresses.Claim("auto");
        var fault = Assert.Throws<InvalidOperationException>(() => NodeAddresses.Claim(first.Network));
        Assert.Contains("choose another one, or 'auto'", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Addresses_are_reused_only_after_all_others_have_been_used()
    {
        using var addresses = NodeAddresses.Claim("auto");
        var first = addresses.Allocate();
        addresses.Release(first);
        for (var count = 0; count < 249; count++)
        {
            Assert.NotEqual(first, addresses.Allocate());
        }
        Assert.Equal(first, addresses.Allocate());
        Assert.Equal(503, Assert.Throws<AivenApiException>(addresses.Allocate).Status);
    }

    [Fact]
    public void A_slash_16_network_is_filled_by_slash_24_blocks_in_order()
    {
        using var addresses = NodeAddresses.Claim("127.119");
        Assert.Equal("127.119.0.0/16", addresses.Network);
        var taken = Enumerable.Range(0, 251).Select(_ => addresses.Allocate().ToString()).ToList();
        Assert.Equal(("127.119.0.1", "127.119.0.250", "127.119.1.1"), (taken[0], taken[249], taken[250]));
    }
}
