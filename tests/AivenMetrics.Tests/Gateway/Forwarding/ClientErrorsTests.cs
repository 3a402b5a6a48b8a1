using System.Net;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Testing.Gateway;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Forwarding;

/// <summary>What a tenant sends must not make a healthy Prometheus look dead, and a dead one must not look like a heavy query.</summary>
public sealed class ClientErrorsTests : DestinationPairTestBase
{
    private const string Target = "/api/v1/query?query=up";

    [Theory]
    [InlineData("deflate", "identity")]
    [InlineData("br, deflate;q=0.5", "identity")]
    [InlineData("gzip;q=0, deflate", "identity")]
    [InlineData("gzip, deflate, br", "gzip")]
    [InlineData("*", "gzip")]
    public async Task Only_an_encoding_that_the_gateway_can_read_is_asked_for(string accepted, string asked)
    {
        await using var gateway = await RunningGateway.StartAsync(First.Url);
        using var response = await gateway.SendAsync(RunningGateway.TenantA, HttpMethod.Get, Target, null, ("Accept-Encoding", accepted));

        Assert.Equal(asked, First.SingleRequest.Headers["Accept-Encoding"].ToString());
    }

    [Fact]
    public async Task Selectors_that_would_not_fit_into_a_URL_are_refused_before_Prometheus_refuses_them()
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
    public async Task An_answer_without_content_is_the_engines_own_where_there_is_nothing_to_show(string target)
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

    /// <summary>A wrong path in the URL, or a proxy that wants a login: both lack every path.</summary>
    [Theory]
    [InlineData("/api/v1/targets")]
    [InlineData("/api/v1/rules")]
    [InlineData("/api/v1/status/flags")]
    [InlineData("/api/v1/format_query?query=up")]
    [InlineData("/api/v1/query_exemplars?query=up")]
    public async Task Where_no_query_engine_answers_a_path_that_some_lack_is_not_missing_but_unavailable(string target)
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
    public async Task A_usual_instance_that_hangs_is_left_within_the_request()
    {
        var time = new FakeTimeProvider();
        var hang = new TaskCompletionSource();
        First.Respond = _ => hang.Task;
        await using var gateway = await RunningGateway.StartAsync([First.Url, Second.Url], RunningGateway.DefaultTenants, time);
        await gateway.WaitUntilAsync(() => gateway.Provider.GetRequiredService<DestinationPool>().AnyUsable, "the first probes");

        var asking = gateway.GetAsync(Target);
        await gateway.WaitUntilAsync(() => !First.Requests.IsEmpty, "the request at the usual instance");
        First.Version = null;
        for (var i = 0; i < 10 && !asking.IsCompleted; i++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(asking, Task.Delay(200));
        }

        using var response = await asking;
        hang.SetResult();
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("prometheus-2", response.Headers.GetValues("X-AivenMetrics-Instance").Single());
    }

    [Fact]
    public async Task A_heavy_query_on_an_instance_that_lives_is_waited_for()
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

        var asking = gateway.GetAsync("/api/v1/query_range?query=up&start=1&end=2&step=1");
        await gateway.WaitUntilAsync(() => !First.Requests.IsEmpty, "the request at the usual instance");
        for (var i = 0; i < 20; i++)
        {
            var before = Volatile.Read(ref probes);
            time.Advance(TimeSpan.FromSeconds(1));
            await gateway.WaitUntilAsync(() => Volatile.Read(ref probes) > before, "a probe of this second");
            await Task.Delay(20);
        }

        heavy.SetResult();
        using var response = await asking;
        Assert.Equal("prometheus-1", response.Headers.GetValues("X-AivenMetrics-Instance").Single());
        Assert.Empty(Second.Requests);
    }
}
