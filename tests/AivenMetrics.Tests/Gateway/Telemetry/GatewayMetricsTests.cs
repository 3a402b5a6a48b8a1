using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Testing.Gateway;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Telemetry;

public sealed class GatewayMetricsTests
{
    [Fact]
    public async Task Metrics_count_requests_refusals_attempts_and_tenants_without_names()
    {
        var seen = new ConcurrentQueue<string>();
        await using var failing = await ScriptedPrometheus.StartAsync();
        failing.Respond = context => ScriptedPrometheus.WriteAsync(context, 502, "", "text/plain");
        await using var prometheus = await ScriptedPrometheus.StartAsync();
        await using var gateway = await RunningGateway.StartAsync(failing.Url, prometheus.Url);
        using var listener = Listen(gateway.Provider, seen);

        using var good = await gateway.GetAsync("/api/v1/query?query=up");
        using var bad = await gateway.GetAsync("/api/v1/query?query=up%7B");
        using var unauthenticated = await gateway.SendAsync(null, HttpMethod.Get, "/api/v1/labels");
        using var unknown = await gateway.GetAsync("/secret-path");
        await gateway.WaitUntilAsync(
            () => gateway.Provider.GetRequiredService<DestinationPool>().All[0].NewestSampleAge is not null,
            "the age of the newest sample"
        );
        listener.RecordObservableInstruments();
        await gateway.WaitUntilAsync(() => seen.Contains("aivenmetrics_gateway_refusals_total{reason=not_found} 1"), "the last refusal");

        Assert.Contains("aivenmetrics_gateway_requests_total{route=/api/v1/query,status=200} 1", seen);
        Assert.Contains("aivenmetrics_gateway_requests_total{route=/api/v1/query,status=400} 1", seen);
        Assert.Contains("aivenmetrics_gateway_requests_total{route=/api/v1/labels,status=401} 1", seen);
        Assert.Contains("aivenmetrics_gateway_requests_total{route=none,status=404} 1", seen);
        Assert.Contains("aivenmetrics_gateway_refusals_total{reason=bad_data} 1", seen);
        Assert.Contains("aivenmetrics_gateway_refusals_total{reason=unauthenticated} 1", seen);
        Assert.Contains("aivenmetrics_gateway_upstream_attempts_total{destination=prometheus-1,outcome=status} 1", seen);
        Assert.Contains("aivenmetrics_gateway_upstream_attempts_total{destination=prometheus-2,outcome=answered} 1", seen);
        Assert.Contains("aivenmetrics_gateway_destination_first{destination=prometheus-1} 1", seen);
        Assert.Contains("aivenmetrics_gateway_destination_first{destination=prometheus-2} 0", seen);
        Assert.Contains("aivenmetrics_gateway_destination_gaps{destination=prometheus-2} 0", seen);
        Assert.Contains(seen, line =>
            line.StartsWith(
                "aivenmetrics_gateway_destination_newest_sample_age_seconds{destination=prometheus-1} 1",
                StringComparison.Ordinal
            )
        );
        Assert.Contains("aivenmetrics_gateway_switches_total{} 0", seen);
        Assert.Contains("aivenmetrics_gateway_detours_total{} 0", seen);
        Assert.Contains("aivenmetrics_gateway_hedges_total{} 0", seen);
        Assert.Contains("aivenmetrics_gateway_hedges_won_total{} 0", seen);
        Assert.Contains("aivenmetrics_gateway_credentials{} 2", seen);
        Assert.Contains(seen, line => line.StartsWith("aivenmetrics_gateway_tenants_age_seconds{} ", StringComparison.Ordinal));
        Assert.Contains(seen, line => line.StartsWith("aivenmetrics_gateway_rewrite_seconds{} ", StringComparison.Ordinal));
        Assert.DoesNotContain(seen, line =>
            line.Contains("tenant-a", StringComparison.Ordinal)
            || line.Contains("secret-path", StringComparison.Ordinal)
            || line.Contains("127.0.0.1", StringComparison.Ordinal)
        );
    }

    /// <summary>Listens only to the meters of this gateway, because other tests run other gateways at the same time.</summary>
    private static MeterListener Listen(IServiceProvider provider, ConcurrentQueue<string> seen)
    {
        var ours = provider.GetService(typeof(IMeterFactory));
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == "AivenMetrics.Gateway" && ReferenceEquals(instrument.Meter.Scope, ours))
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Record(instrument, value, tags));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Record(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Record(instrument, value, tags));
        listener.Start();
        return listener;

        void Record<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            seen.Enqueue($"{instrument.Name}{{{string.Join(',', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))}}} {value}");
    }
}
