using System.Net;
using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Testing.Gateway;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Authentication;

/// <summary>Credentials that expire or are revoked while a response is being sent.</summary>
public sealed class RevocationTests : GatewayTestBase
{
    private const string SpaceA = """[{"name":"space_id","type":"=","value":"a"}]""";
    private const string Query = "/api/v1/query?query=up";

    /// <summary>The gateway edits this response while it is sent, because the plan limits its list.</summary>
    private const string Edited = "/api/v1/series?match[]=up";

    private static readonly DateTimeOffset Start = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(Start);
    private readonly TaskCompletionSource _rest = new();

    protected override Task<RunningGateway> StartGatewayAsync()
    {
        Prometheus.Respond = async context =>
        {
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync("{\"status\":\"success\",\"data\":[");
            await context.Response.Body.FlushAsync();
            await _rest.Task;
            await context.Response.WriteAsync("]}");
        };
        return RunningGateway.StartAsync(
            [Prometheus.Url],
            RunningGateway.TenantsJson(RunningGateway.Tenant(RunningGateway.TenantA, SpaceA, "2026-11-01T00:00:10Z")),
            _time
        );
    }

    public override ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        _rest.TrySetResult();
        return base.DisposeAsync();
    }

    [Theory]
    [InlineData(Query)]
    [InlineData(Edited)]
    public async Task A_response_is_aborted_if_its_credential_is_revoked(string target)
    {
        using var response = await Gateway.GetAsync(target);
        Replace(RunningGateway.TenantsJson());
        await AssertAbortedAsync(response);
    }

    [Fact]
    public async Task A_response_is_aborted_if_its_credential_expires()
    {
        using var response = await Gateway.GetAsync(Query);
        _time.Advance(TimeSpan.FromSeconds(10));
        await AssertAbortedAsync(response);
    }

    [Fact]
    public async Task A_response_is_aborted_if_its_password_is_replaced()
    {
        using var response = await Gateway.GetAsync(Query);
        Replace(RunningGateway.TenantsJson(RunningGateway.Tenant((RunningGateway.TenantA.Username, "another"), SpaceA)));
        await AssertAbortedAsync(response);
    }

    /// <summary>A wider scope or another plan does not abort requests in progress.</summary>
    [Fact]
    public async Task A_response_continues_if_its_credential_only_changes()
    {
        using var response = await Gateway.GetAsync(Query);
        Replace(
            RunningGateway.TenantsJson(
                RunningGateway
                    .Tenant(RunningGateway.TenantA, """[{"name":"space_id","type":"=~","value":"a|b"}]""")
                    .Replace("\"space\"", "\"large\"", StringComparison.Ordinal)
            )
        );
        _rest.SetResult();
        Assert.EndsWith("]}", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Query)]
    [InlineData("/api/v1/alerts")]
    public async Task A_response_that_has_not_started_is_401(string target)
    {
        var received = new TaskCompletionSource();
        Prometheus.Respond = async context =>
        {
            received.SetResult();
            await _rest.Task;
            await ScriptedPrometheus.WriteAsync(context, 200, """{"status":"success","data":{"alerts":[]}}""");
        };
        var sending = Gateway.GetAsync(target);
        await received.Task.WaitAsync(TimeSpan.FromSeconds(10));
        Replace(RunningGateway.TenantsJson());
        _rest.SetResult();
        using var response = await sending;
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    private async Task AssertAbortedAsync(HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        _rest.SetResult();
        await Assert.ThrowsAnyAsync<Exception>(() => response.Content.ReadAsStringAsync());
        await Gateway.WaitUntilAsync(
            () =>
                Gateway.Log.Any(line =>
                    line.Contains("the credential of its request was revoked or has expired", StringComparison.Ordinal)
                ),
            "the log line"
        );
    }

    private void Replace(string json)
    {
        File.WriteAllText(Gateway.TenantsFile, json);
        Gateway
            .Provider.GetRequiredService<CredentialStore>()
            .Replace(CredentialFileSource.Read(Gateway.TenantsFile).Snapshot!, "the test", NullLogger.Instance);
    }
}
