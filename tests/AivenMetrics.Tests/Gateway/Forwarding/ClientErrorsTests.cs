using System.Net;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Testing.Gateway;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Forwarding;

/// <summary>A request of a tenant cannot make a healthy Prometheus count as failed. A hung Prometheus does not count as busy.</summary>
public sealed class ClientErrorsTests : DestinationPairTestBase
{
    private const string Target = "/api/v1/query?query=up";

    [Theory]
    [InlineData("deflate", "identity")]
    [InlineData("br, deflate;q=0.5", "identity")]
    [InlineData("gzip;q=0, deflate", "identity")]
    [InlineData("gzip, deflate, br", "gzip")]
    [InlineData("*", "gzip")]
    public async Task Only_encodings_that_the_gateway_can_decode_are_requested(string accepted, string requested)
    {
        await using var gateway = await RunningGateway.StartAsync(First.Url);
        using var response = await gateway.SendAsync(RunningGateway.TenantA, HttpMethod.Get, Target, null, ("Accept-Encoding", accepted));

        Assert.Equal(requested, First.SingleRequest.Headers["Accept-Encoding"].ToString());
    }

    [Fact]
    public async Task Selectors_too_long_for_a_URL_are_rejected_before_forwarding()
    {
        var ids = string.Join('|', Enumerable.Range(0, 50).Select(_ => Guid.NewGuid()));
        await using var gateway = await RunningGateway.StartAsync(
            [First.Url],
            RunningGateway.TenantsJson(
                RunningGateway.Tenant(RunningGateway.TenantA, $$"""[{"name":"service_instance_id","type":"=~","value":"{{ids}}"}]""")
            )
        );
        var many = string.Join('&', Enumerable.Repeat("match[]=a", 600));

        using var response = await gateway.GetAsync("/api/v1/label/job/values?" + many);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("Split the request", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(First.Requests);
        Assert.Equal(DestinationHealth.Healthy, gateway.Provider.GetRequiredService<DestinationPool>().Primary.Health);
    }

    [Theory]
    [InlineData("/api/v1/query_exemplars?query=1")]
    [InlineData("/api/v1/query_exemplars?query=info(up)")]
    public async Task A_response_without_content_is_forwarded(string target)
    {
        First.Respond = context =>
        {
            context.Response.StatusCode = 204;
            return Task.CompletedTask;
        };
        await using var gateway = await RunningGateway.StartAsync(First.Url, Second.Url);

        using var response = await gateway.SendAsync(RunningGateway.TenantA, HttpMethod.Get, target, null, ("Accept-Encoding", "gzip"));

        Assert.Equal(
            (HttpStatusCode.NoContent, "prometheus-1"),
            (response.StatusCode, response.Headers.GetValues("X-AivenMetrics-Instance").Single())
        );
        Assert.Empty(Second.Requests);
        Assert.Equal(DestinationHealth.Healthy, gateway.Provider.GetRequiredService<DestinationPool>().Primary.Health);
    }

    /// <summary>With a wrong path in its URL, or behind a login proxy, a server has none of these paths.</summary>
    [Theory]
    [InlineData("/api/v1/targets")]
    [InlineData("/api/v1/rules")]
    [InlineData("/api/v1/status/flags")]
    [InlineData("/api/v1/format_query?query=up")]
    [InlineData("/api/v1/query_exemplars?query=up")]
    public async Task An_optional_path_is_503_and_not_404_if_no_query_engine_answers(string target)
    {
        First.BuildInfo = "<html>please log in</html>";
        First.Respond = context => ScriptedPrometheus.WriteAsync(context, 404, "404 page not found", "text/plain");
        await using var gateway = await RunningGateway.StartAsync(First.Url);
        await gateway.WaitUntilAsync(
            () =>
                !gateway.Provider.GetRequiredService<DestinationPool>().AnyUsable
                && gateway.Log.Any(line => line.Contains("prometheus-1", StringComparison.Ordinal)),
            "the first probe"
        );

        using var response = await gateway.GetAsync(target);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
    }

    [Fact]
    public async Task A_hung_destination_is_replaced_within_the_request()
    {
        var time = new FakeTimeProvider();
        var hang = new TaskCompletionSource();
        First.Respond = _ => hang.Task;
        await using var gateway = await RunningGateway.StartAsync([First.Url, Second.Url], RunningGateway.DefaultTenants, time);
        await gateway.WaitUntilAsync(() => gateway.Provider.GetRequiredService<DestinationPool>().AnyUsable, "the first probes");

        var request = gateway.GetAsync(Target);
        await gateway.WaitUntilAsync(() => !First.Requests.IsEmpty, "the request at the first destination");
        First.Version = null;
        for (var i = 0; i < 10 && !request.IsCompleted; i++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(request, Task.Delay(200));
        }

        using var response = await request;
        hang.SetResult();
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("prometheus-2", response.Headers.GetValues("X-AivenMetrics-Instance").Single());
    }

    [Fact]
    public async Task A_heavy_query_on_a_healthy_destination_is_awaited()
    {
        var time = new FakeTimeProvider();
        var heavy = new TaskCompletionSource();
        var probes = 0;
        First.BeforeProbe = () =>
        {
            Interlocked.Increment(ref probes);
            return Task.CompletedTask;
        };
        First.Respond = async context =>
        {
            await heavy.Task;
            await ScriptedPrometheus.WriteAsync(context, 200, ScriptedPrometheus.EmptyVector);
        };
        await using var gateway = await RunningGateway.StartAsync(
            [First.Url, Second.Url],
            RunningGateway.DefaultTenants,
            time,
            TimeSpan.FromMinutes(1)
        );

        var request = gateway.GetAsync("/api/v1/query_range?query=up&start=1&end=2&step=1");
        await gateway.WaitUntilAsync(() => !First.Requests.IsEmpty, "the request at the first destination");
        for (var i = 0; i < 20; i++)
        {
            var before = Volatile.Read(ref probes);
            time.Advance(TimeSpan.FromSeconds(1));
            // A prober that starts its timer only after this step waits for the next second.
            var checks = 0;
            await gateway.WaitUntilAsync(() => Volatile.Read(ref probes) > before, "a probe of this second", AdvanceAgainAfterWaiting);

            void AdvanceAgainAfterWaiting()
            {
                if (++checks % 50 == 0)
                {
                    time.Advance(TimeSpan.FromSeconds(1));
                }
            }
        }

        heavy.SetResult();
        using var response = await request;
        Assert.Equal("prometheus-1", response.Headers.GetValues("X-AivenMetrics-Instance").Single());
        Assert.Empty(Second.Requests);
    }
}
