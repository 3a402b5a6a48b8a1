using System.Buffers.Text;
using System.Net;
using System.Text;
using AivenMetrics.Testing.Gateway;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Authentication;

/// <summary>The token form of a credential: base64url, without padding, of <c>username:password</c>.</summary>
public sealed class BearerTokenTests : GatewayTestBase
{
    private const string Target = "/api/v1/query?query=up";

    [Theory]
    [InlineData("Bearer")]
    [InlineData("bearer")]
    public async Task The_token_of_a_credential_has_its_scope(string scheme)
    {
        using var response = await SendAsync($"{scheme} {Token("tenant-services:secret-of-services")}");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("up{service_instance_id=~\"one|two\\\\.x\"}", Prometheus.SingleRequest.Query);
    }

    [Theory]
    [InlineData("tenant-a:wrong")]
    [InlineData("tenant-a")]
    [InlineData(":secret-of-a:x")]
    [InlineData("nobody:secret-of-a:x")]
    [InlineData("tenant-services:secret-of-a:x")]
    [InlineData("")]
    public async Task A_wrong_token_is_401(string text)
    {
        using var response = await SendAsync("Bearer " + Token(text));
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Empty(Prometheus.Requests);
    }

    [Theory]
    [InlineData("Bearer !!!")]
    [InlineData("Bearer a")]
    [InlineData("Bearer")]
    [InlineData("Bearer //79")]
    public async Task A_malformed_token_is_401(string header)
    {
        using var response = await SendAsync(header);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task A_token_in_the_URL_is_401()
    {
        using var response = await Gateway.SendAsync(null, HttpMethod.Get, $"{Target}&access_token={Token("tenant-a:secret-of-a:x")}");
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task A_token_is_401_once_its_credential_has_expired_or_is_revoked()
    {
        using var before = await SendAsync("Bearer " + Token("tenant-a:secret-of-a:x"));
        await File.WriteAllTextAsync(
            Gateway.TenantsFile,
            RunningGateway.TenantsJson(
                RunningGateway.Tenant(RunningGateway.TenantA, """[{"name":"space_id","type":"=","value":"a"}]""", "2020-01-01T00:00:00Z")
            )
        );
        var written = TimeProvider.System.GetTimestamp();
        while (true)
        {
            using var expired = await SendAsync("Bearer " + Token("tenant-a:secret-of-a:x"));
            using var revoked = await SendAsync("Bearer " + Token("tenant-services:secret-of-services"));
            if ((expired.StatusCode, revoked.StatusCode) == (HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized))
            {
                break;
            }
            Assert.True(TimeProvider.System.GetElapsedTime(written) < TimeSpan.FromSeconds(5), "the list was not applied within 5 s");
        }

        Assert.Equal(HttpStatusCode.OK, before.StatusCode);
    }

    [Fact]
    public async Task Correct_credentials_are_not_delayed_by_wrong_ones_of_the_same_source()
    {
        var time = new FakeTimeProvider();
        await using var gateway = await RunningGateway.StartAsync([Prometheus.Url], RunningGateway.DefaultTenants, time);
        var wrong = Enumerable
            .Range(0, 6)
            .Select(_ => gateway.SendAsync(null, HttpMethod.Get, Target, null, ("Authorization", "Bearer " + Token("tenant-a:wrong"))))
            .ToArray();
        await gateway.WaitUntilAsync(() => wrong.Count(answer => answer.IsCompleted) == 3, "three failures without a delay");

        using var right = await gateway.GetAsync(Target);
        Assert.Equal(HttpStatusCode.OK, right.StatusCode);
        Assert.Equal(3, wrong.Count(answer => answer.IsCompleted));

        await gateway.WaitUntilAsync(
            () => wrong.All(answer => answer.IsCompleted),
            "the delayed responses",
            () => time.Advance(TimeSpan.FromMilliseconds(100))
        );
        foreach (var answer in wrong)
        {
            using var response = await answer;
            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        }
    }

    private static string Token(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    private Task<HttpResponseMessage> SendAsync(string authorization) =>
        Gateway.SendAsync(null, HttpMethod.Get, Target, null, ("Authorization", authorization));
}
