using AivenMetrics.Simulator.Api;
using AivenMetrics.Simulator.Nodes;
using Xunit;

namespace AivenMetrics.Tests.Simulator.Nodes;

public class NodeAddressesTests
{
    [Fact]
    public void Auto_never_gives_two_simulators_the_same_network()
    {
        using var first = NodeAddresses.Claim("auto");
        using var second = NodeAddresses.Claim("auto");
        Assert.NotEqual(first.Network, second.Network);
        Assert.NotEqual(first.Allocate(), second.Allocate());
    }

    [Fact]
    public void A_network_in_use_is_refused_with_advice()
    {
        using var first = NodeAddresses.Claim("auto");
        var fault = Assert.Throws<InvalidOperationException>(() => NodeAddresses.Claim(first.Network));
        Assert.Contains("choose another one, or 'auto'", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Addresses_are_used_again_only_when_all_others_were()
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
    public void A_wide_network_fills_block_after_block()
    {
        using var addresses = NodeAddresses.Claim("127.119");
        Assert.Equal("127.119.0.0/16", addresses.Network);
        var taken = Enumerable.Range(0, 251).Select(_ => addresses.Allocate().ToString()).ToList();
        Assert.Equal(("127.119.0.1", "127.119.0.250", "127.119.1.1"), (taken[0], taken[249], taken[250]));
    }
}
