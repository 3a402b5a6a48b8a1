using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Xunit;

namespace AivenMetrics.Tests.Simulator.Nodes;

public class NodeListenerTests
{
    private const string Host = "search-1-demo.a.aivencloud.com";

    [Fact]
    public async Task The_port_opens_one_minute_after_the_integration_is_created_and_closes_when_it_is_deleted()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("search-1");
        var address = (await simulator.GetAddressesAsync("search-1")).Single();
        var created = await simulator.CreateIntegrationAsync("search-1", await simulator.CreateEndpointAsync());
        await simulator.AdvanceTimeAsync(TimeSpan.FromSeconds(59));
        await IsClosedAsync(simulator, address);
        await simulator.AdvanceTimeAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.OK, (await simulator.ScrapeAsync(address, Host)).StatusCode);
        await simulator.CallApiAsync("DELETE", "/project/demo/integration/" + created["service_integration"]["service_integration_id"]);
        await simulator.AdvanceTimeAsync(TimeSpan.Zero);
        await IsClosedAsync(simulator, address);
    }

    [Fact]
    public async Task The_port_opens_by_timer_without_an_admin_call()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateServiceAsync("search-1");
        var address = (await simulator.GetAddressesAsync("search-1")).Single();
        await simulator.CreateIntegrationAsync("search-1", await simulator.CreateEndpointAsync());
        simulator.Time.Advance(TimeSpan.FromSeconds(60));
        for (var tries = 0; ; tries++)
        {
            try
            {
                Assert.Equal(HttpStatusCode.OK, (await simulator.ScrapeAsync(address, Host)).StatusCode);
                return;
            }
            catch (HttpRequestException) when (tries < 100)
            {
                simulator.Time.Advance(TimeSpan.FromMilliseconds(250));
                await Task.Delay(20);
            }
        }
    }

    [Fact]
    public async Task The_certificate_is_valid_for_the_host_names_and_not_for_the_address()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateScrapedServiceAsync("search-1");
        var address = (await simulator.GetAddressesAsync("search-1")).Single();
        Assert.Equal(HttpStatusCode.OK, (await simulator.ScrapeAsync(address, Host)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await simulator.ScrapeAsync(address, "replica-" + Host)).StatusCode);
        await Assert.ThrowsAsync<HttpRequestException>(() => simulator.ScrapeAsync(address, address));
        await Assert.ThrowsAsync<HttpRequestException>(() => simulator.ScrapeAsync(address, "other-demo.a.aivencloud.com"));
    }

    [Theory]
    [InlineData("other-authority")]
    [InlineData("other-host")]
    [InlineData("expired")]
    public async Task A_client_that_verifies_certificates_rejects_an_invalid_certificate(string kind)
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateScrapedServiceAsync("search-1");
        var address = (await simulator.GetAddressesAsync("search-1")).Single();
        const string path = "/projects/demo/services/search-1/nodes/1/certificate";
        await simulator.CallAdminAsync("PUT", path, new JsonObject { ["kind"] = kind });
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => simulator.ScrapeAsync(address, Host));
        Assert.Equal(HttpRequestError.SecureConnectionError, refused.HttpRequestError);
        await simulator.CallAdminAsync("PUT", path, new JsonObject { ["kind"] = "project" });
        Assert.Equal(HttpStatusCode.OK, (await simulator.ScrapeAsync(address, Host)).StatusCode);
    }

    [Theory]
    [InlineData("prom1234", "wrong-password", "/metrics")]
    [InlineData("prom5678", "secret-password", "/metrics")]
    [InlineData("prom1234", "wrong-password", "/")]
    public async Task Wrong_credentials_are_401(string user, string password, string path)
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateScrapedServiceAsync("search-1");
        var response = await simulator.ScrapeAsync((await simulator.GetAddressesAsync("search-1")).Single(), Host, user, password, path);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal([new AuthenticationHeaderValue("Basic", "realm=\"prometheus\"")], response.Headers.WwwAuthenticate);
    }

    [Fact]
    public async Task The_port_accepts_only_the_new_credentials_after_the_endpoint_changes()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateScrapedServiceAsync("search-1");
        var address = (await simulator.GetAddressesAsync("search-1")).Single();
        var endpoint = (string)(await simulator.GetServiceAsync("search-1"))["integrations"]![0]!["endpoint_id"]!;
        await simulator.CallApiAsync(
            "PUT",
            "/project/demo/integration_endpoint/" + endpoint,
            new JsonObject
            {
                ["user_config"] = new JsonObject { ["basic_auth_username"] = "prom5678", ["basic_auth_password"] = "rotated-password" },
            }
        );
        Assert.Equal(HttpStatusCode.Unauthorized, (await simulator.ScrapeAsync(address, Host)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await simulator.ScrapeAsync(address, Host, "prom5678", "rotated-password")).StatusCode);
    }

    [Fact]
    public async Task The_page_has_the_content_type_of_text_format_0_0_4()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateScrapedServiceAsync("search-1");
        var address = (await simulator.GetAddressesAsync("search-1")).Single();
        var response = await simulator.ScrapeAsync(address, Host);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.Contains("elasticsearch_cluster_health_status_code{", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await simulator.ScrapeAsync(address, Host, path: "/")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await simulator.ScrapeAsync(address, Host, path: "/other")).StatusCode);
    }

    [Fact]
    public async Task Every_node_listens_on_its_own_address()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateScrapedServiceAsync("db-1", "pg", "business-4");
        var addresses = await simulator.GetAddressesAsync("db-1");
        Assert.Equal(2, addresses.Length);
        for (var node = 0; node < 2; node++)
        {
            var page = await (await simulator.ScrapeAsync(addresses[node], "db-1-demo.a.aivencloud.com")).Content.ReadAsStringAsync();
            Assert.Contains($"host=\"db-1-{node + 1}\"", page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_port_can_be_closed_and_opened_again()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateScrapedServiceAsync("search-1", plan: "business-4");
        var addresses = await simulator.GetAddressesAsync("search-1");
        await simulator.CallAdminAsync("PUT", "/projects/demo/services/search-1/nodes/2/port", new JsonObject { ["open"] = false });
        await IsClosedAsync(simulator, addresses[1]);
        Assert.Equal(HttpStatusCode.OK, (await simulator.ScrapeAsync(addresses[0], Host)).StatusCode);
        await simulator.CallAdminAsync("PUT", "/projects/demo/services/search-1/nodes/2/port", new JsonObject { ["open"] = true });
        Assert.Equal(HttpStatusCode.OK, (await simulator.ScrapeAsync(addresses[1], Host)).StatusCode);
    }

    [Fact]
    public async Task A_replaced_node_listens_until_it_leaves_and_its_successor_listens_once_it_joins()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateScrapedServiceAsync("search-1");
        var old = (await simulator.GetAddressesAsync("search-1")).Single();
        var replaced = await simulator.ReplaceNodeAsync("search-1", 1, leaveSeconds: 10);
        var added = (string)replaced["new"]["address"]!;
        Assert.Equal(HttpStatusCode.OK, (await simulator.ScrapeAsync(old, Host)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await simulator.ScrapeAsync(added, Host)).StatusCode);
        await simulator.AdvanceTimeAsync(TimeSpan.FromSeconds(10));
        await IsClosedAsync(simulator, old);
        Assert.Equal(HttpStatusCode.OK, (await simulator.ScrapeAsync(added, Host)).StatusCode);
    }

    [Fact]
    public async Task Powering_off_closes_the_port_and_powering_on_opens_it_on_the_new_node()
    {
        await using var simulator = await SimulatorHost.StartAsync();
        await simulator.CreateScrapedServiceAsync("search-1");
        var old = (await simulator.GetAddressesAsync("search-1")).Single();
        await simulator.CallAdminAsync("POST", "/projects/demo/services/search-1/power-off");
        await IsClosedAsync(simulator, old);
        await simulator.CallAdminAsync("POST", "/projects/demo/services/search-1/power-on");
        var added = (await simulator.GetAddressesAsync("search-1")).Single();
        Assert.NotEqual(old, added);
        Assert.Equal(HttpStatusCode.OK, (await simulator.ScrapeAsync(added, Host)).StatusCode);
    }

    private static async Task IsClosedAsync(SimulatorHost simulator, string address)
    {
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => simulator.ScrapeAsync(address, Host));
        Assert.Equal(SocketError.ConnectionRefused, Assert.IsType<SocketException>(refused.InnerException).SocketErrorCode);
    }
}
