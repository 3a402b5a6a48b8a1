using System.Net;
using System.Text;
using AivenMetrics.Testing.Gateway;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Pipeline;

/// <summary>Requests over HTTP/2, where a body needs no length and only the end of the stream shows that a GET has no body.</summary>
public sealed class Http2Tests : IAsyncLifetime
{
    private static readonly HttpClient Http = new(new SocketsHttpHandler { UseProxy = false })
    {
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private ScriptedPrometheus _prometheus = null!;
    private RunningGateway _gateway = null!;

    public async ValueTask InitializeAsync()
    {
        _prometheus = await ScriptedPrometheus.StartAsync();
        _gateway = await RunningGateway.StartOverHttp2Async(_prometheus.Url);
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _prometheus.DisposeAsync();
    }

    [Fact]
    public async Task A_GET_is_answered()
    {
        using var response = await SendAsync(HttpMethod.Get, "/api/v1/query?query=up", null);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(HttpVersion.Version20, response.Version);
        Assert.Equal("up{space_id=\"a\"}", _prometheus.SingleRequest.Query);
    }

    [Fact]
    public async Task A_form_without_a_length_is_accepted()
    {
        using var form = new StreamContent(new MemoryStream("query=up"u8.ToArray()));
        form.Headers.ContentType = new("application/x-www-form-urlencoded");
        form.Headers.ContentLength = null;
        using var response = await SendAsync(HttpMethod.Post, "/api/v1/query", form);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("up{space_id=\"a\"}", _prometheus.SingleRequest.Query);
    }

    [Fact]
    public async Task A_GET_with_a_body_is_rejected()
    {
        using var form = new StringContent("query=up", Encoding.UTF8, "application/x-www-form-urlencoded");
        using var response = await SendAsync(HttpMethod.Get, "/api/v1/query?query=up", form);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Empty(_prometheus.Requests);
    }

    [Theory]
    [InlineData("/api/v1/../v1/status/config", 404)]
    [InlineData("/api/v1/%2e%2e/v1/query?query=up", 404)]
    [InlineData("/api/v1/status/config", 403)]
    public async Task Path_tricks_are_rejected(string target, int status)
    {
        using var response = await SendAsync(HttpMethod.Get, target, null);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Empty(_prometheus.Requests);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string target, HttpContent? content)
    {
        using var message = new HttpRequestMessage(
            method,
            new Uri(_gateway.Url + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true })
        )
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        message.Headers.Authorization = RunningGateway.Basic(RunningGateway.TenantA);
        return await Http.SendAsync(message);
    }
}
