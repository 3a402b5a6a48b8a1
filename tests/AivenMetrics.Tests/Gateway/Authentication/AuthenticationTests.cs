using System.Net;
using System.Text;
using AivenMetrics.Testing.Gateway;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Authentication;

public sealed class AuthenticationTests : GatewayTestBase
{
    private const string Target = "/api/v1/query?query=up";

    [Theory]
    [InlineData(null)]
    [InlineData("Basic")]
    [InlineData("Basic ")]
    [InlineData("Basic !!!")]
    [InlineData("Basic OnNlY3JldC1vZi1hOng=")]
    [InlineData("Bearer secret-of-a:x")]
    [InlineData("Digest username=\"tenant-a\"")]
    public async Task A_missing_or_malformed_Authorization_header_is_401(string? header)
    {
        using var response = await SendAsync(header);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Contains("\"errorType\":\"unauthorized\"", await response.Content.ReadAsStringAsync());
        Assert.Empty(Prometheus.Requests);
    }

    [Theory]
    [InlineData("tenant-a:wrong")]
    [InlineData("tenant-a:")]
    [InlineData("tenant-a")]
    [InlineData("tenant-a:secret-of-a")]
    [InlineData("TENANT-A:secret-of-a:x")]
    [InlineData("tenant-services:secret-of-a:x")]
    [InlineData("nobody:secret-of-a:x")]
    [InlineData(":secret-of-a:x")]
    [InlineData("tenant-a:secret-of-a:x\n")]
    public async Task Wrong_credentials_are_401(string userAndPassword)
    {
        using var response = await SendAsync("Basic " + Encode(userAndPassword));
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Empty(Prometheus.Requests);
    }

    [Theory]
    [InlineData("Basic")]
    [InlineData("basic")]
    [InlineData("BASIC")]
    public async Task The_scheme_is_case_insensitive(string scheme)
    {
        using var response = await SendAsync($"{scheme} {Encode("tenant-a:secret-of-a:x")}");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task The_hash_is_not_accepted_as_the_password()
    {
        using var response = await SendAsync("Basic " + Encode($"tenant-a:{RunningGateway.Hash("secret-of-a:x")}"));
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task Two_Authorization_headers_are_401()
    {
        var raw = await Gateway.SendRawAsync(
            Encoding.ASCII.GetBytes(
                $"GET {Target} HTTP/1.1\r\nHost: g\r\nConnection: close\r\nAuthorization: Basic "
                    + $"{Encode("tenant-a:secret-of-a:x")}\r\nAuthorization: Basic {Encode("x:y")}\r\n\r\n"
            )
        );
        Assert.StartsWith("HTTP/1.1 401", raw);
    }

    [Theory]
    [InlineData("Basic ", "Accept", "application/json")]
    [InlineData("Basic ", "User-Agent", "Wget/1.21.3")]
    [InlineData("Basic ", "Sec-Fetch-Mode", "navigate")]
    [InlineData("Basic ", "Accept", "text/html,application/xhtml+xml")]
    [InlineData("xBasic ", "Sec-Fetch-Mode", "cors")]
    [InlineData("xBasic ", "Sec-Fetch-Mode", "same-origin")]
    [InlineData("xBasic ", "X-Requested-With", "XMLHttpRequest")]
    [InlineData("xBasic ", "User-Agent", "Grafana/12.1.0")]
    [InlineData("xBasic ", "X-Grafana-Org-Id", "1")]
    public async Task Every_client_gets_a_basic_challenge_except_Grafana_and_scripts_of_a_page(
        string challenge,
        string header,
        string value
    )
    {
        using var response = await Gateway.SendAsync(null, HttpMethod.Get, Target, null, (header, value));
        Assert.StartsWith(challenge, response.Headers.WwwAuthenticate.ToString());
    }

    [Fact]
    public async Task A_standard_client_logs_in_after_the_challenge()
    {
        using var handler = new SocketsHttpHandler { Credentials = new NetworkCredential("tenant-a", "secret-of-a:x") };
        using var client = new HttpClient(handler) { BaseAddress = new Uri(Gateway.Url) };
        using var response = await client.GetAsync(new Uri(Target, UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Requests_without_credentials_are_not_delayed_and_do_not_count_as_failed_logins()
    {
        // The clock stands still: a delay would never end.
        await using var gateway = await RunningGateway.StartAsync([Prometheus.Url], RunningGateway.DefaultTenants, new FakeTimeProvider());
        for (var i = 0; i < 20; i++)
        {
            using var response = await gateway.SendAsync(null, HttpMethod.Get, Target).WaitAsync(TimeSpan.FromSeconds(20));
            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
            Assert.Contains("The request has no credentials.", await response.Content.ReadAsStringAsync());
        }

        using var wrong = await gateway
            .SendAsync(null, HttpMethod.Get, Target, null, ("Authorization", "Basic " + Encode("tenant-a:wrong")))
            .WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
    }

    [Fact]
    public async Task An_expired_credential_is_reported_only_with_its_password()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 12, 10, 0, TimeSpan.Zero));
        await using var gateway = await StartWithExpiringCredentialAsync(time);

        using var right = await gateway.GetAsync(Target);
        using var wrong = await gateway.SendAsync(
            null,
            HttpMethod.Get,
            Target,
            null,
            ("Authorization", "Basic " + Encode("tenant-a:wrong"))
        );

        Assert.Equal(HttpStatusCode.Unauthorized, right.StatusCode);
        Assert.Contains("they have expired", await right.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        Assert.DoesNotContain("expired", await wrong.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_credential_expires_at_its_time()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
        await using var gateway = await StartWithExpiringCredentialAsync(time);

        using var before = await gateway.GetAsync(Target);
        time.Advance(TimeSpan.FromMinutes(10));
        using var after = await gateway.GetAsync(Target);

        Assert.Equal(HttpStatusCode.OK, before.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, after.StatusCode);
    }

    [Fact]
    public async Task No_log_line_contains_a_password_or_a_query()
    {
        using var good = await Gateway.GetAsync("/api/v1/query?query=very_private_metric");
        using var bad = await SendAsync("Basic " + Encode("tenant-a:a-typo-of-the-secret"));
        using var unparsable = await Gateway.GetAsync("/api/v1/query?query=very_private_metric{");
        await Gateway.WaitUntilAsync(
            () => Gateway.Log.Count(line => line.Contains("/api/v1/query", StringComparison.Ordinal)) == 3,
            "three log lines"
        );

        var log = string.Join('\n', Gateway.Log);
        Assert.Contains("GET /api/v1/query 200 for tenant-a", log);
        Assert.Contains("(unauthenticated) for -", log);
        Assert.DoesNotContain("secret", log);
        Assert.DoesNotContain(Encode("tenant-a:secret-of-a:x"), log);
        Assert.DoesNotContain("very_private_metric", log);
    }

    /// <summary>Starts a gateway whose only credential expires on 2026-11-23 at 12:10 UTC.</summary>
    private Task<RunningGateway> StartWithExpiringCredentialAsync(TimeProvider time) =>
        RunningGateway.StartAsync(
            [Prometheus.Url],
            RunningGateway.TenantsJson(
                RunningGateway.Tenant(RunningGateway.TenantA, """[{"name":"space_id","type":"=","value":"a"}]""", "2026-11-23T12:10:00Z")
            ),
            time
        );

    private static string Encode(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private Task<HttpResponseMessage> SendAsync(string? authorization) =>
        authorization is null
            ? Gateway.SendAsync(null, HttpMethod.Get, Target)
            : Gateway.SendAsync(null, HttpMethod.Get, Target, null, ("Authorization", authorization));
}
