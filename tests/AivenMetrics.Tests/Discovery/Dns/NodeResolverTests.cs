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

    private readonly ScriptedDns dns = new();
    private readonly FakeTimeProvider time = new();
    private readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly NodeResolver resolver;

    public NodeResolverTests()
    {
        var options = new DiscoveryOptions { DnsServer = dns.Address, DnsTimeout = TimeSpan.FromMilliseconds(300) };
        resolver = new(DnsQuestion.To(options).Ask, TimeSpan.FromSeconds(90), time, NullLogger<NodeResolver>.Instance,
            new(services.GetRequiredService<IMeterFactory>()));
    }

    [Fact]
    public async Task All_nodes_of_a_host_are_found_in_numerical_order()
    {
        dns.Answer(Host, "10.0.0.10", "10.0.0.9", "9.1.1.1", "10.0.0.10");
        Assert.Equal(["9.1.1.1", "10.0.0.9", "10.0.0.10"], await Resolve());
    }

    [Fact]
    public async Task A_replaced_node_is_seen_at_the_next_look()
    {
        dns.Answer(Host, "10.0.0.1", "10.0.0.2");
        await Resolve();
        dns.Answer(Host, "10.0.0.2", "10.0.0.3");
        Assert.Equal(["10.0.0.2", "10.0.0.3"], await Resolve());
    }

    [Theory]
    [InlineData(2)] // SERVFAIL
    [InlineData(5)] // REFUSED
    [InlineData(-1)] // no answer
    public async Task A_failed_look_up_keeps_the_last_good_addresses_however_long_it_lasts(int code)
    {
        dns.Answer(Host, "10.0.0.1");
        await Resolve();
        dns.Fail(Host, code);
        for (var cycle = 0; cycle < 5; cycle++)
        {
            time.Advance(TimeSpan.FromMinutes(10));
            Assert.Equal(["10.0.0.1"], await Resolve());
        }
    }

    [Fact]
    public async Task A_host_that_exists_no_more_is_gone_only_after_the_hold_time()
    {
        dns.Answer(Host, "10.0.0.1");
        await Resolve();
        dns.Forget(Host);
        Assert.Equal(["10.0.0.1"], await Resolve());
        time.Advance(TimeSpan.FromSeconds(89));
        Assert.Equal(["10.0.0.1"], await Resolve());
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([], await Resolve());
        dns.Answer(Host, "10.0.0.4");
        Assert.Equal(["10.0.0.4"], await Resolve());
    }

    [Fact]
    public async Task A_host_without_an_A_record_counts_as_one_that_does_not_exist()
    {
        dns.Answer(Host, "10.0.0.1");
        await Resolve();
        dns.Answer(Host);
        Assert.Equal(["10.0.0.1"], await Resolve());
        time.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal([], await Resolve());
    }

    [Fact]
    public async Task Any_other_answer_in_between_starts_the_hold_time_again()
    {
        dns.Answer(Host, "10.0.0.1");
        await Resolve();
        dns.Forget(Host);
        await Resolve();
        dns.Fail(Host, 2);
        time.Advance(TimeSpan.FromSeconds(60));
        await Resolve();
        dns.Forget(Host);
        time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(["10.0.0.1"], await Resolve());
    }

    [Fact]
    public async Task A_host_of_which_dns_never_said_anything_is_unknown_and_not_empty()
    {
        dns.Fail(Host, 2);
        Assert.False((await resolver.Resolve([Host], default)).ContainsKey(Host));
        dns.Forget(Host);
        Assert.Empty((await resolver.Resolve([Host], default))[Host]);
    }

    [Fact]
    public async Task The_addresses_of_the_last_run_serve_while_dns_is_down()
    {
        resolver.Remember(Host, ["10.0.0.2", "10.0.0.1"]);
        dns.Silence(Host);
        Assert.Equal(["10.0.0.1", "10.0.0.2"], await Resolve());
    }

    [Fact]
    public async Task One_host_in_trouble_touches_no_other()
    {
        var hosts = Enumerable.Range(0, 100).Select(i => $"h{i}.test").ToList();
        foreach (var host in hosts) dns.Answer(host, "10.0.0.1");
        dns.Silence("h50.test");
        var addresses = await resolver.Resolve(hosts, default);
        Assert.Equal(99, addresses.Count);
        Assert.All(addresses.Values, known => Assert.Equal(["10.0.0.1"], known));
    }

    [Fact]
    public async Task A_host_under_two_services_is_asked_once()
    {
        dns.Answer(Host, "10.0.0.1");
        await resolver.Resolve([Host, Host.ToUpperInvariant()], default);
        Assert.Single(dns.Questions);
    }

    [Theory]
    [InlineData("127.0.0.1:5353", "127.0.0.1:5353")]
    [InlineData("10.1.2.3", "10.1.2.3:53")]
    [InlineData("[::1]:53", "[::1]:53")]
    public void The_dns_server_may_be_named_with_or_without_its_port(string text, string expected)
    {
        Assert.True(new DiscoveryOptions { DnsServer = text }.TryDnsServer(out var server));
        Assert.Equal(expected, server.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        await dns.DisposeAsync();
        await services.DisposeAsync();
    }

    private async Task<IReadOnlyList<string>> Resolve() => (await resolver.Resolve([Host], default))[Host];
}
