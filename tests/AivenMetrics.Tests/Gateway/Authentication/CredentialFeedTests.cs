using System.Net;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Testing.Feed;
using AivenMetrics.Testing.Gateway;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Authentication;

public sealed class CredentialFeedTests : IAsyncLifetime
{
    private const string Target = "/api/v1/query?query=up";
    private readonly string _folder = Directory.CreateTempSubdirectory("gateway-feed-").FullName;
    private ScriptedPrometheus _prometheus = null!;
    private ScriptedBroker _broker = null!;

    public async ValueTask InitializeAsync()
    {
        _prometheus = await ScriptedPrometheus.StartAsync();
        _broker = await ScriptedBroker.StartAsync(RunningGateway.DefaultTenants);
    }

    public async ValueTask DisposeAsync()
    {
        await _broker.DisposeAsync();
        await _prometheus.DisposeAsync();
    }

    [Fact]
    public async Task Tenants_of_the_feed_are_served_and_a_change_applies_at_once()
    {
        await using var gateway = await StartAsync();
        await UntilStatusAsync(gateway, HttpStatusCode.OK);
        _broker.SetFeed(RunningGateway.TenantsJson());
        await UntilStatusAsync(gateway, HttpStatusCode.Unauthorized);
        Assert.All(_broker.Requests, request => Assert.Equal(("/feed/v1/credentials", "Bearer feed-token"), (request.Path, request.Token)));
        Assert.DoesNotContain("feed-token", string.Join('\n', gateway.Log));
    }

    [Fact]
    public async Task The_gateway_reports_the_version_of_Prometheus_to_the_broker()
    {
        await using var gateway = await StartAsync();
        await gateway.WaitUntilAsync(
            () =>
            {
                _broker.SetFeed(RunningGateway.DefaultTenants);
                return _broker.Requests.Any(request => request.Version == "2.42.0");
            },
            "a request with the version"
        );
    }

    [Fact]
    public async Task A_gateway_sends_its_id_and_the_tag_of_the_applied_version()
    {
        await using var gateway = await StartAsync();
        await gateway.WaitUntilAsync(() => _broker.Requests.Any(request => request.IfNoneMatch is not null), "the second poll");
        using var response = await gateway.GetAsync(Target);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await using var other = await StartAsync();
        await gateway.WaitUntilAsync(
            () => _broker.Requests.Select(request => request.Gateway).Distinct().Count() == 2,
            "the other gateway"
        );
        Assert.All(_broker.Requests, request => Assert.Matches("^[0-9a-f]{32}$", request.Gateway));
    }

    [Fact]
    public async Task A_failing_feed_keeps_the_credentials()
    {
        await using var gateway = await StartAsync();
        await UntilStatusAsync(gateway, HttpStatusCode.OK);
        _broker.Fail(500);
        await gateway.WaitUntilAsync(
            () => gateway.Log.Any(line => line.Contains("credentials feed failed", StringComparison.Ordinal)),
            "the failure"
        );
        await UntilStatusAsync(gateway, HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_gateway_that_starts_without_its_broker_serves_the_last_good_tenants()
    {
        await using (var before = await StartAsync())
        {
            await UntilStatusAsync(before, HttpStatusCode.OK);
        }
        _broker.Fail(503);
        await using var after = await StartAsync();
        await UntilStatusAsync(after, HttpStatusCode.OK);
    }

    [Fact]
    public async Task Without_any_credentials_queries_are_503_and_the_gateway_is_not_ready()
    {
        _broker.Fail(503);
        await using var gateway = await StartAsync();
        using var query = await gateway.GetAsync(Target);
        using var ready = await gateway.SendAsync(null, HttpMethod.Get, "/-/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, query.StatusCode);
        Assert.NotNull(query.Headers.RetryAfter);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
    }

    private Task<RunningGateway> StartAsync() =>
        RunningGateway.StartAsync(
            new GatewayOptions
            {
                Prometheus = [_prometheus.Url],
                FeedUrl = _broker.Url.ToString(),
                FeedToken = "feed-token",
                LastGoodFile = Path.Combine(_folder, "credentials.json"),
            },
            Directory.CreateTempSubdirectory("gateway-test-").FullName
        );

    private static async Task UntilStatusAsync(RunningGateway gateway, HttpStatusCode expected)
    {
        var last = default(HttpStatusCode);
        for (var i = 0; i < 400 && last != expected; i++)
        {
            using var response = await gateway.GetAsync(Target);
            last = response.StatusCode;
            if (last != expected)
            {
                await Task.Delay(25);
            }
        }

        Assert.Equal(expected, last);
    }
}
