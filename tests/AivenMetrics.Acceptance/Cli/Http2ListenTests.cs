using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.Acceptance.Support;
using Xunit;

namespace AivenMetrics.Acceptance.Cli;

/// <summary>A configured address of the gateway accepts HTTP/2 from proxies. The usual address accepts HTTP/1.1.</summary>
public sealed class Http2ListenTests : TemporaryFolderTestBase
{
    [Theory]
    [InlineData("http://127.0.0.1:0")]
    [InlineData("")]
    public async Task The_gateway_accepts_HTTP2_at_its_configured_address_and_HTTP1_at_the_usual_one(string http2Listen)
    {
        var file = Path.Combine(Root, "addresses.json");
        await using var gateway = await StartAsync(file, http2Listen);
        var addresses = JsonNode.Parse(await File.ReadAllTextAsync(file))!;
        var listen = addresses["listen"]!.GetValue<string>();

        Assert.Equal(
            (HttpStatusCode.Unauthorized, HttpVersion.Version11),
            await GetAsync(listen + "/api/v1/query?query=up", HttpVersion.Version11)
        );
        Assert.Equal((HttpStatusCode.OK, HttpVersion.Version11), await GetAsync(addresses["internal"] + "/healthz", HttpVersion.Version11));
        await Assert.ThrowsAsync<HttpRequestException>(() => GetAsync(listen + "/api/v1/query?query=up", HttpVersion.Version20));
        if (http2Listen.Length == 0)
        {
            Assert.Null(addresses["http2_listen"]);
            return;
        }

        var http2 = addresses["http2_listen"]!.GetValue<string>();
        Assert.Equal(
            (HttpStatusCode.Unauthorized, HttpVersion.Version20),
            await GetAsync(http2 + "/api/v1/query?query=up", HttpVersion.Version20)
        );
        Assert.Equal((HttpStatusCode.NotFound, HttpVersion.Version20), await GetAsync(http2 + "/healthz", HttpVersion.Version20));
        Assert.Contains($"and, by HTTP/2, {http2}", gateway.Output, StringComparison.Ordinal);
    }

    private async Task<Executable> StartAsync(string addresses, string http2Listen)
    {
        var tenants = Path.Combine(Root, "tenants.json");
        await File.WriteAllTextAsync(tenants, """{"credentials":[]}""");
        var configuration = Path.Combine(Root, "gateway.json");
        var options = new
        {
            Listen = "http://127.0.0.1:0",
            InternalListen = "http://127.0.0.1:0",
            Http2Listen = http2Listen,
            TenantsFile = tenants,
            Prometheus = (string[])["http://127.0.0.1:9"],
        };
        await File.WriteAllTextAsync(configuration, JsonSerializer.Serialize(new { Gateway = options }));

        var gateway = Executable.Start(Root, "gateway", "--config", configuration, "--addresses-file", addresses);
        await Stack.WaitUntilAsync("it listens", () => Task.FromResult(File.Exists(addresses)));
        return gateway;
    }

    private static async Task<(HttpStatusCode Status, Version Version)> GetAsync(string url, Version version)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, url)
        {
            Version = version,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var response = await http.SendAsync(request);
        return (response.StatusCode, response.Version);
    }
}
