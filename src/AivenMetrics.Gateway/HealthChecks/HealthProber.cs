using System.Net;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.Forwarding;
using AivenMetrics.Gateway.Routing;
using Microsoft.Extensions.Hosting;

namespace AivenMetrics.Gateway.HealthChecks;

/// <summary>
/// Probes each destination twice a second for readiness, and at longer intervals for its version and the age of its newest sample. A probe
/// detects a server that accepts requests and does not respond, which a request cannot distinguish from a heavy query. It also restores a
/// recovered server, so that no client request is spent on that.
/// </summary>
internal sealed class HealthProber(DestinationPool destinations, HttpMessageInvoker invoker, GatewayOptions options, TimeProvider time)
    : BackgroundService
{
    /// <summary>The time without a response, to probes and requests, after which a destination counts as hung. 2 s.</summary>
    public static readonly TimeSpan HangTimeout = TimeSpan.FromSeconds(2);

    /// <summary>The same if no other destination is usable, because a late response is better than an error. 5 s.</summary>
    public static readonly TimeSpan HangTimeoutForLastDestination = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan FreshnessInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FreshnessTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan VersionInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxPollDelay = TimeSpan.FromMilliseconds(1500);
    private const int MaxResponseBytes = 64 << 10;
    private static readonly UpstreamRequest Ready = UpstreamRequest.Get(RouteTable.Ready, default);
    private static readonly UpstreamRequest BuildInfo = UpstreamRequest.Get(RouteTable.BuildInfo, default);

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var watches = destinations.All.Select(destination => WatchAsync(destination, stoppingToken));
        if (options.Failover.TracksSamples && destinations.All.Count > 1)
        {
            watches = watches.Concat(destinations.All.Select(destination => WatchSamplesAsync(destination, stoppingToken)));
        }
        return Task.WhenAll(watches);
    }

    private async Task WatchAsync(Destination destination, CancellationToken stoppingToken)
    {
        long? versionAt = null;
        try
        {
            while (true)
            {
                var isNew =
                    versionAt is not { } at
                    || !destination.IsUsable
                    || time.GetElapsedTime(at) >= (destination.Version is null ? HangTimeout : VersionInterval);
                if (await ProbeAsync(destination, isNew, stoppingToken) && isNew)
                {
                    versionAt = time.GetTimestamp();
                }
                await Task.Delay(Interval, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
    }

    /// <summary>
    /// Sends one probe for readiness and version. If the engine has no readiness path, or a proxy blocks it, an engine that reports its
    /// version is ready.
    /// </summary>
    /// <returns>Whether the probe succeeded.</returns>
    private async Task<bool> ProbeAsync(Destination destination, bool askVersion, CancellationToken stoppingToken)
    {
        var (ready, _, problem) = await SendProbeAsync(destination, Ready, stoppingToken);
        if (problem is null && ready == HttpStatusCode.ServiceUnavailable)
        {
            problem = (DestinationHealth.NotReady, "status 503");
        }
        if (problem is null && (askVersion || ready != HttpStatusCode.OK))
        {
            (var status, var reported, problem) = await SendProbeAsync(destination, BuildInfo, stoppingToken);
            if (problem is null && status == HttpStatusCode.OK)
            {
                problem = ReadBuildInfo(destination, reported);
            }
            else if (problem is null && ready != HttpStatusCode.OK)
            {
                problem = (DestinationHealth.Failing, $"status {(int)status}");
            }
        }

        if (problem is { } found)
        {
            destinations.RecordProbeFailure(destination, found.Trouble, found.Detail);
        }
        else
        {
            destinations.RecordProbeSuccess(destination);
        }
        return problem is null;
    }

    /// <summary>
    /// Records the reported version. A response that is not that of a query engine, such as a login page, is a failure.
    /// </summary>
    private (DestinationHealth, string)? ReadBuildInfo(Destination destination, byte[] buildInfo)
    {
        if (!ProbeResponses.IsJsonObject(buildInfo))
        {
            return (DestinationHealth.Failing, "its build information is not JSON");
        }
        if (ProbeResponses.ParseVersion(buildInfo) is { } version)
        {
            destination.SetVersion(version);
        }
        if (ProbeResponses.DetectEngine(buildInfo) is { } engine)
        {
            destinations.RecordEngine(destination, engine);
        }
        return null;
    }

    private async Task<(HttpStatusCode Status, byte[] Body, (DestinationHealth Trouble, string Detail)? NoResponse)> SendProbeAsync(
        Destination destination,
        UpstreamRequest request,
        CancellationToken stoppingToken
    )
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var sending = SendProbeAsync(destination, request, cancellation);
        try
        {
            await WaitForResponseAsync(destination, sending, cancellation, stoppingToken);
            var (status, body) = await sending;
            return (status, body, null);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            return (default, [], (DestinationHealth.Failing, e.Message));
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return (default, [], (DestinationHealth.Unreachable, e.Message));
        }
        catch (OperationCanceledException e) when (!stoppingToken.IsCancellationRequested)
        {
            return (default, [], (DestinationHealth.Hung, e.InnerException?.Message ?? "no response to a probe"));
        }
    }

    private async Task<(HttpStatusCode Status, byte[] Body)> SendProbeAsync(
        Destination destination,
        UpstreamRequest request,
        CancellationTokenSource cancellation
    )
    {
        using var message = request.CreateMessage(destination, ForwardedHeaders.None);
        using var response = await invoker.SendAsync(message, cancellation.Token);
        await response.Content.LoadIntoBufferAsync(MaxResponseBytes, cancellation.Token);
        return (response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancellation.Token));
    }

    /// <summary>
    /// Waits for a response, and cancels the wait when the destination has not responded for too long. A destination that responds to
    /// requests meanwhile is busy and not hung. If this process itself could not run in time, the time does not count.
    /// </summary>
    private async Task WaitForResponseAsync(
        Destination destination,
        Task sending,
        CancellationTokenSource cancellation,
        CancellationToken stoppingToken
    )
    {
        var noResponseSince = time.GetTimestamp();
        while (!sending.IsCompleted)
        {
            var polled = time.GetTimestamp();
            await sending.WaitAsync(PollInterval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (time.GetElapsedTime(polled) > MaxPollDelay)
            {
                noResponseSince = time.GetTimestamp();
            }
            var hangTimeout = destinations.AnyOtherUsable(destination) ? HangTimeout : HangTimeoutForLastDestination;
            if (!sending.IsCompleted && time.GetElapsedTime(Math.Max(noResponseSince, destination.LastResponseAt)) >= hangTimeout)
            {
                await cancellation.CancelAsync();
            }
        }
    }

    private async Task WatchSamplesAsync(Destination destination, CancellationToken stoppingToken)
    {
        var interval = options.Failover.StaleAfter / 3 < FreshnessInterval ? options.Failover.StaleAfter / 3 : FreshnessInterval;
        var query = HealthQueries.NewestSampleAge(options.Failover.FreshnessSelector);
        try
        {
            while (true)
            {
                if (destination.IsUsable)
                {
                    await QuerySampleAgeAsync(destination, query, stoppingToken);
                }
                await Task.Delay(destination.NewestSampleAge is null ? Interval : interval, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
    }

    /// <summary>Queries the age of the newest sample. If the query fails, the last known age stays.</summary>
    private async Task QuerySampleAgeAsync(Destination destination, UpstreamRequest query, CancellationToken stoppingToken)
    {
        using var timeout = new UpstreamTimeout(FreshnessTimeout, time, stoppingToken);
        try
        {
            using var message = query.CreateMessage(destination, ForwardedHeaders.None);
            using var response = await invoker.SendAsync(message, timeout.Token);
            await response.Content.LoadIntoBufferAsync(MaxResponseBytes, timeout.Token);
            if (
                response.IsSuccessStatusCode
                && ProbeResponses.ParseSampleAge(await response.Content.ReadAsByteArrayAsync(timeout.Token)) is { } reported
            )
            {
                destinations.RecordSampleAge(destination, reported.Age);
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && timeout.HasExpired))
        {
            // The readiness probe detects a failed destination.
            return;
        }
    }
}
