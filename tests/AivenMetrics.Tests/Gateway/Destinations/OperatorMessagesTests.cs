using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Testing.Gateway;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Destinations;

/// <summary>The log and the readiness check identify a failed destination, without its password.</summary>
public sealed class OperatorMessagesTests : DestinationPairTestBase
{
    private const string VictoriaMetricsBuildInfo = """{"status":"success","data":{"version":"2.24.0"}}""";
    private const string PrometheusBuildInfo = """
        {"status":"success","data":{"version":"3.5.3","revision":"r","branch":"b","buildUser":"u","buildDate":"d",
          "goVersion":"go1.27.1"}}
        """;

    [Theory]
    [InlineData(QueryEngine.Prometheus, VictoriaMetricsBuildInfo, QueryEngine.VictoriaMetrics)]
    [InlineData(QueryEngine.VictoriaMetrics, PrometheusBuildInfo, QueryEngine.Prometheus)]
    public async Task A_server_of_another_engine_than_configured_is_logged_once_with_the_option(
        QueryEngine configured,
        string buildInfo,
        QueryEngine right
    )
    {
        Second.BuildInfo = buildInfo;
        var probes = 0;
        Second.BeforeProbe = () =>
        {
            Interlocked.Increment(ref probes);
            return Task.CompletedTask;
        };
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var gateway = await RunningGateway.StartAsync(
            file => new GatewayOptions
            {
                Prometheus = [First.Url, Second.Url],
                Engine = configured,
                TenantsFile = file,
            },
            time
        );

        // Enough probes for several requests of the version.
        await gateway.WaitUntilAsync(
            () => Volatile.Read(ref probes) > 40,
            "the probes",
            () => time.Advance(TimeSpan.FromMilliseconds(500))
        );

        Assert.Equal(
            $"Warning: prometheus-2 ({Second.Url}) reports the engine {right}, but Gateway:Engine is {configured}. "
                + $"Set Gateway:Engine={right} or name another server",
            Assert.Single(gateway.Log, line => line.Contains("reports the engine", StringComparison.Ordinal)).TrimEnd()
        );
    }

    [Theory]
    [InlineData(QueryEngine.Prometheus, PrometheusBuildInfo)]
    [InlineData(QueryEngine.VictoriaMetrics, VictoriaMetricsBuildInfo)]
    public async Task A_server_of_the_configured_engine_is_not_logged(QueryEngine configured, string buildInfo)
    {
        First.BuildInfo = buildInfo;
        await using var gateway = await RunningGateway.StartAsync(file => new GatewayOptions
        {
            Prometheus = [First.Url],
            Engine = configured,
            TenantsFile = file,
        });
        await gateway.WaitUntilReadyAsync();

        Assert.DoesNotContain(gateway.Log, line => line.Contains("Gateway:Engine", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_destination_that_fails_is_logged_with_its_URL_and_without_its_password()
    {
        First.Version = null;
        await using var gateway = await RunningGateway.StartAsync(WithPassword(First.Url) + "/prefix/");
        await gateway.WaitUntilAsync(
            () => gateway.Log.Any(line => line.Contains("is not ready", StringComparison.Ordinal)),
            "the log line"
        );

        Assert.Contains(gateway.Log, line =>
            line.TrimEnd() == $"Warning: Destination prometheus-1 is not ready: status 503 ({First.Url}/prefix)"
        );
        Assert.DoesNotContain(gateway.Log, line => line.Contains("hunter2", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Readiness_lists_unusable_destinations_with_the_reasons()
    {
        First.Version = null;
        await using var gateway = await RunningGateway.StartAsync(WithPassword(First.Url), Second.Url);
        await gateway.WaitUntilReadyAsync();
        await gateway.WaitUntilAsync(
            () => gateway.Log.Any(line => line.Contains("is not ready", StringComparison.Ordinal)),
            "the first probe of the other"
        );
        var report = await ReadinessAsync(gateway);
        Assert.Equal((HealthStatus.Healthy, $"prometheus-1 is not ready: status 503 ({First.Url})"), (report.Status, report.Description));

        Second.Version = null;
        await gateway.WaitUntilAsync(
            () => gateway.Log.Any(line => line.Contains("prometheus-2 is not ready", StringComparison.Ordinal)),
            "the failure of the second"
        );
        report = await ReadinessAsync(gateway);
        Assert.Equal(
            (
                HealthStatus.Unhealthy,
                $"no Prometheus is usable: prometheus-1 is not ready: status 503 ({First.Url}), prometheus-2 is not ready: "
                    + $"status 503 ({Second.Url})"
            ),
            (report.Status, report.Description)
        );
    }

    [Fact]
    public async Task Readiness_has_no_description_if_all_destinations_are_usable()
    {
        await using var gateway = await RunningGateway.StartAsync(First.Url);
        await gateway.WaitUntilReadyAsync();
        await gateway.WaitUntilAsync(() => ReadinessAsync(gateway).Result.Status == HealthStatus.Healthy, "readiness");

        Assert.Equal("", (await ReadinessAsync(gateway)).Description);
    }

    private static string WithPassword(string url) => url.Replace("http://", "http://user:hunter2@", StringComparison.Ordinal);

    private static async Task<HealthReportEntry> ReadinessAsync(RunningGateway gateway) =>
        (await gateway.Provider.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries["gateway"];
}
