using System.Net;
using AivenMetrics.Feed;
using AivenMetrics.Lab.Demo;
using AivenMetrics.Testing.Discovery;
using AivenMetrics.Testing.Feed;
using AivenMetrics.Testing.Programs;
using Xunit;
using static AivenMetrics.Testing.Discovery.RunningDiscovery;

namespace AivenMetrics.Acceptance.Discovery;

/// <summary>Discovery's files in a real Prometheus that scrapes real TLS listeners by address.</summary>
public sealed class VerifiedScrapeTests : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("scrape-").FullName;
    private readonly ScriptedDns _dns = new();
    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _stranger = new();

    [Fact]
    public async Task Every_node_is_scraped_by_address_and_only_if_its_certificate_names_its_host()
    {
        await using var first = await NodeAsync("127.0.0.1", _authority, "good.test");
        await using var second = await NodeAsync("127.0.0.2", _authority, "good.test", first.Port);
        await using var misnamed = await NodeAsync("127.0.0.1", _authority, "other.test");
        await using var foreign = await NodeAsync("127.0.0.1", _stranger, "foreign.test");
        _dns.SetAddresses("good.test", "127.0.0.1", "127.0.0.2");
        _dns.SetAddresses("misnamed.test", "127.0.0.1");
        _dns.SetAddresses("foreign.test", "127.0.0.1");
        await using var broker = await ScriptedBroker.StartAsync(FeedOf(Project(Service("good", first.Port))));
        var port = FreePorts.Take(1)[0];
        await using var discovery = await StartDiscoveryAsync(broker.Url, port);
        await using var prometheus = await PrometheusServer.StartAsync(
            Path.Combine(_folder, "out", "prometheus.yml"),
            Path.Combine(_folder, "prometheus"),
            port
        );

        var good = await WaitAsync(prometheus, "up{aiven_hostname='good.test'} == 1", 2);
        Assert.Equal(["127.0.0.1", "127.0.0.2"], good.Select(labels => labels["instance"].Split(':')[0]).Order());

        // Prometheus reads new jobs after the reload that discovery requests.
        broker.SetFeed(FeedOf(Project(Service("good", first.Port), Service("misnamed", misnamed.Port), Service("foreign", foreign.Port))));
        await WaitAsync(prometheus, "up{aiven_hostname=~'misnamed.test|foreign.test'} == 0", 2);
        var errors = await PrometheusResponses.ScrapeErrorsAsync(prometheus.Http);
        Assert.Contains("not misnamed.test", errors["misnamed.test"], StringComparison.Ordinal);
        Assert.Contains("certificate signed by unknown authority", errors["foreign.test"], StringComparison.Ordinal);
        await WaitAsync(prometheus, "up{aiven_hostname='good.test'} == 1", 2);
    }

    [Fact]
    public async Task An_exporter_cannot_forge_a_label_that_scopes_tenants()
    {
        await using var node = await NodeAsync("127.0.0.1", _authority, "owned.test");
        await using var other = await NodeAsync("127.0.0.1", _authority, "ownerless.test");
        _dns.SetAddresses("owned.test", "127.0.0.1");
        _dns.SetAddresses("ownerless.test", "127.0.0.1");
        var owned = Service("owned", node.Port, ("space_id", "s-1"), ("organization_id", "o-1"), ("service_instance_id", "i-1"));
        await using var broker = await ScriptedBroker.StartAsync(FeedOf(Project(owned, Service("ownerless", other.Port))));
        var port = FreePorts.Take(1)[0];
        await using var discovery = await StartDiscoveryAsync(broker.Url, port);
        await using var prometheus = await PrometheusServer.StartAsync(
            Path.Combine(_folder, "out", "prometheus.yml"),
            Path.Combine(_folder, "prometheus"),
            port
        );

        var claims = await WaitAsync(prometheus, "claim", 2);
        var ours = claims.Single(labels => labels["aiven_hostname"] == "owned.test");
        Assert.Equal(("s-1", "o-1", "i-1", "aiven"), (ours["space_id"], ours["organization_id"], ours["service_instance_id"], ours["job"]));
        var nobodys = claims.Single(labels => labels["aiven_hostname"] == "ownerless.test");
        Assert.DoesNotContain(nobodys.Keys, name => name is "space_id" or "organization_id" or "service_instance_id");
        Assert.Empty(await PrometheusResponses.QueryAsync(prometheus.Http, "{space_id='victim'}"));
    }

    public async ValueTask DisposeAsync()
    {
        await _dns.DisposeAsync();
        _authority.Dispose();
        _stranger.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static Task<TlsNode> NodeAsync(string address, TestAuthority authority, string name, int port = 0) =>
        TlsNode.StartAsync(IPAddress.Parse(address), authority.Issue(name), "prometheus", Password, port);

    private static ServiceTargets Service(string name, int port, params (string Name, string Value)[] labels) =>
        new(name, [new($"{name}.test", port, "/metrics")], labels.ToDictionary(label => label.Name, label => label.Value));

    private static async Task<IReadOnlyList<IReadOnlyDictionary<string, string>>> WaitAsync(
        PrometheusServer prometheus,
        string query,
        int count
    )
    {
        for (var attempt = 0; attempt < 600; attempt++)
        {
            var found = await PrometheusResponses.QueryAsync(prometheus.Http, query);
            if (found.Count == count)
            {
                return [.. found.Select(sample => sample.Labels)];
            }
            await Task.Delay(50);
        }

        Assert.Fail($"Prometheus did not answer {query} with {count} series in 30 s.");
        return [];
    }

    private ProjectTargets Project(params ServiceTargets[] services) =>
        new("demo", true, _authority.Pem, new("prometheus", Password), services);

    private async Task<RunningDiscovery> StartDiscoveryAsync(Uri broker, int prometheus)
    {
        var basePath = Path.Combine(_folder, "base.yml");
        File.WriteAllText(basePath, "global: {scrape_interval: 1s}\n");
        var discovery = await RunningDiscovery.StartAsync(Path.Combine(_folder, "out"), broker, _dns.Address, options =>
        {
            options.PrometheusBase = basePath;
            options.PrometheusReload.Add($"http://127.0.0.1:{prometheus}");
        });
        await WaitUntilAsync(() => File.Exists(Path.Combine(_folder, "out", "prometheus.yml")));
        return discovery;
    }
}
