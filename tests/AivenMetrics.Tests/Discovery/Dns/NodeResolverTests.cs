using System.Diagnostics.Metrics;
using AivenMetrics.Discovery;
using AivenMetrics.Discovery.Dns;
using AivenMetrics.Testing.Discovery;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace AivenMetrics.Tests.Discovery.Dns;

public sealed class NodeResolverTests : IAsyncDisposable
{
    private const string Host = "es.a.aivencloud.test";

    private readonly ScriptedDns _dns = new();
    private readonly FakeTimeProvider _time = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly NodeResolver _resolver;

    public NodeResolverTests()
    {
        var options = new DiscoveryOptions { DnsServer = _dns.Address, DnsTimeout = TimeSpan.FromMilliseconds(300) };
        _resolver = new(
            HostLookup.Create(options).LookupAsync,
            TimeSpan.FromSeconds(90),
            _time,
            NullLogger<NodeResolver>.Instance,
            new(_services.GetRequiredService<IMeterFactory>())
        );
    }

    [Fact]
    public async Task All_nodes_of_a_host_are_returned_in_numerical_order()
    {
        _dns.SetAddresses(Host, "10.0.0.10", "10.0.0.9", "9.1.1.1", "10.0.0.10");
        Assert.Equal(["9.1.1.1", "10.0.0.9", "10.0.0.10"], await ResolveAsync());
    }

    [Fact]
    public async Task A_replaced_node_is_found_by_the_next_lookup()
    {
        _dns.SetAddresses(Host, "10.0.0.1", "10.0.0.2");
        await ResolveAsync();
        _dns.SetAddresses(Host, "10.0.0.2", "10.0.0.3");
        Assert.Equal(["10.0.0.2", "10.0.0.3"], await ResolveAsync());
    }

    [Theory]
    [InlineData(2)] // SERVFAIL
    [InlineData(5)] // REFUSED
    [InlineData(-1)] // no answer
    public async Task A_failed_lookup_keeps_the_last_good_addresses_without_limit(int code)
    {
        _dns.SetAddresses(Host, "10.0.0.1");
        await ResolveAsync();
        _dns.SetResponseCode(Host, code);
        for (var cycle = 0; cycle < 5; cycle++)
        {
            _time.Advance(TimeSpan.FromMinutes(10));
            Assert.Equal(["10.0.0.1"], await ResolveAsync());
        }
    }

    [Fact]
    public async Task A_nonexistent_host_is_removed_only_after_the_hold_time()
    {
        _dns.SetAddresses(Host, "10.0.0.1");
        await ResolveAsync();
        _dns.Remove(Host);
        Assert.Equal(["10.0.0.1"], await ResolveAsync());
        _time.Advance(TimeSpan.FromSeconds(89));
        Assert.Equal(["10.0.0.1"], await ResolveAsync());
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([], await ResolveAsync());
        _dns.SetAddresses(Host, "10.0.0.4");
        Assert.Equal(["10.0.0.4"], await ResolveAsync());
    }

    [Fact]
    public async Task A_host_without_an_A_record_is_treated_as_nonexistent()
    {
        _dns.SetAddresses(Host, "10.0.0.1");
        await ResolveAsync();
        _dns.SetAddresses(Host);
        Assert.Equal(["10.0.0.1"], await ResolveAsync());
        _time.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal([], await ResolveAsync());
    }

    [Fact]
    public async Task Any_other_response_restarts_the_hold_time()
    {
        _dns.SetAddresses(Host, "10.0.0.1");
        await ResolveAsync();
        _dns.Remove(Host);
        await ResolveAsync();
        _dns.SetResponseCode(Host, 2);
        _time.Advance(TimeSpan.FromSeconds(60));
        await ResolveAsync();
        _dns.Remove(Host);
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(["10.0.0.1"], await ResolveAsync());
    }

    [Fact]
    public async Task A_host_without_any_DNS_response_is_unknown_and_not_empty()
    {
        _dns.SetResponseCode(Host, 2);
        Assert.False((await _resolver.ResolveAsync([Host], default)).ContainsKey(Host));
        _dns.Remove(Host);
        Assert.Empty((await _resolver.ResolveAsync([Host], default))[Host]);
    }

    [Fact]
    public async Task The_addresses_of_the_last_run_are_used_while_DNS_is_down()
    {
        _resolver.Restore(Host, ["10.0.0.2", "10.0.0.1"]);
        _dns.SetNoResponse(Host);
        Assert.Equal(["10.0.0.1", "10.0.0.2"], await ResolveAsync());
    }

    [Fact]
    public async Task A_failing_host_does_not_affect_others()
    {
        var hosts = Enumerable.Range(0, 100).Select(i => $"h{i}.test").ToList();
        foreach (var host in hosts)
        {
            _dns.SetAddresses(host, "10.0.0.1");
        }
        _dns.SetNoResponse("h50.test");
        var addresses = await _resolver.ResolveAsync(hosts, default);
        Assert.Equal(99, addresses.Count);
        Assert.All(addresses.Values, known => Assert.Equal(["10.0.0.1"], known));
    }

    [Fact]
    public async Task A_host_of_two_services_is_queried_once()
    {
        _dns.SetAddresses(Host, "10.0.0.1");
        await _resolver.ResolveAsync([Host, Host.ToUpperInvariant()], default);
        Assert.Single(_dns.Queries);
    }

    [Theory]
    [InlineData("127.0.0.1:5353", "127.0.0.1:5353")]
    [InlineData("10.1.2.3", "10.1.2.3:53")]
    [InlineData("[::1]:53", "[::1]:53")]
    public void The_DNS_server_is_valid_with_or_without_a_port(string text, string expected)
    {
        Assert.True(new DiscoveryOptions { DnsServer = text }.TryParseDnsServer(out var server));
        Assert.Equal(expected, server.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        await _dns.DisposeAsync();
        await _services.DisposeAsync();
    }

    private async Task<IReadOnlyList<string>> ResolveAsync() => (await _resolver.ResolveAsync([Host], default))[Host];
}
