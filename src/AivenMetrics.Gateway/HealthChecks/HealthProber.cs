using System.Net;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.Forwarding;
using Microsoft.Extensions.Hosting;

namespace AivenMetrics.Gateway.HealthChecks;

/// <summary>
/// Asks each destination twice a second whether it is ready, and now and then for its version and for the age of its newest sample: to
/// find one that hangs (it takes requests and answers none, which a request alone cannot tell from a heavy query), and to give it its
/// place back. No client's request is spent on that.
/// </summary>
internal sealed class HealthProber(DestinationPool destinations, HttpMessageInvoker invoker, GatewayOptions options, TimeProvider time)
    : BackgroundService
{
    /// <summary>How long a destination may be silent, to probes and requests alike, until it is taken to hang.</summary>
    public static readonly TimeSpan HangTimeout = TimeSpan.FromSeconds(2);

    /// <summary>The same where nobody else could be asked: an error is no better than an answer that is late.</summary>
    public static readonly TimeSpan HangTimeoutForLastDestination = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan FreshnessInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FreshnessTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan VersionInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxPollDelay = TimeSpan.FromMilliseconds(1500);
    private const int MaxResponseBytes = 64 << 10;
    private static readonly UpstreamRequest Ready = UpstreamRequest.Get("/-/ready", default);
    private static readonly UpstreamRequest BuildInfo = UpstreamRequest.Get("/api/v1/status/buildinfo", default);

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var watches = destinations.All().Select(destination => WatchAsync(destination, stoppingToken));
        if (options.Failover.TracksSamples && destinations.All().Count > 1)
        {
            watches = watches.Concat(destinations.All().Select(destination => WatchSamplesAsync(destination, stoppingToken)));
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
    /// One probe: is it ready, and which version is it. Where readiness is no path of the engine, or not let through, an engine that
    /// tells its version is ready.
    /// </summary>
    /// <returns>It is well.</returns>
    private async Task<bool> ProbeAsync(Destination destination, bool askVersion, CancellationToken stoppingToken)
    {
        var (ready, _, silence) = await SendProbeAsync(destination, Ready, stoppingToken);
        if (silence is null && ready == HttpStatusCode.ServiceUnavailable)
        {
            silence = (DestinationHealth.NotReady, "status 503");
        }
        if (silence is null && (askVersion || ready != HttpStatusCode.OK))
        {
            (var status, var said, silence) = await SendProbeAsync(destination, BuildInfo, stoppingToken);
            if (silence is null && status == HttpStatusCode.OK)
            {
                silence = ReadBuildInfo(destination, said);
            }
            else if (silence is null && ready != HttpStatusCode.OK)
            {
                silence = (DestinationHealth.Failing, $"status {(int)status}");
            }
        }

        if (silence is { } found)
        {
            destinations.RecordProbeFailure(destination, found.Trouble, found.Detail);
        }
        else
        {
            destinations.RecordProbeSuccess(destination);
        }
        return silence is null;
    }

    /// <summary>Takes over the version. What is no answer of a query engine, such as a page to log in at, is trouble.</summary>
    private (DestinationHealth, string)? ReadBuildInfo(Destination destination, byte[] buildInfo)
    {
        if (!ProbeResponses.IsJsonObject(buildInfo))
        {
            return (DestinationHealth.Failing, "its build information is no JSON");
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

    private async Task<(HttpStatusCode Status, byte[] Body, (DestinationHealth Trouble, string Detail)? Silence)> SendProbeAsync(
        Destination destination,
        UpstreamRequest request,
        CancellationToken stoppingToken
    )
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var asking = SendProbeAsync(destination, request, giveUp);
        try
        {
            await WaitForResponseAsync(destination, asking, giveUp, stoppingToken);
            var (status, body) = await asking;
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
            return (default, [], (DestinationHealth.Hung, e.InnerException?.Message ?? "no answer to a probe"));
        }
    }

    private async Task<(HttpStatusCode Status, byte[] Body)> SendProbeAsync(
        Destination destination,
        UpstreamRequest request,
        CancellationTokenSource giveUp
    )
    {
        using var message = request.CreateMessage(destination, ForwardedHeaders.None);
        using var response = await invoker.SendAsync(message, giveUp.Token);
        await response.Content.LoadIntoBufferAsync(MaxResponseBytes, giveUp.Token);
        return (response.StatusCode, await response.Content.ReadAsByteArrayAsync(giveUp.Token));
    }

    /// <summary>
    /// Waits for an answer, and cancels the wait when the destination was silent for too long. One that answers requests meanwhile is
    /// busy and not hung; and where this process itself could not run in time, the silence is its own.
    /// </summary>
    private async Task WaitForResponseAsync(
        Destination destination,
        Task asking,
        CancellationTokenSource giveUp,
        CancellationToken stoppingToken
    )
    {
        var silentSince = time.GetTimestamp();
        while (!asking.IsCompleted)
        {
            var glanced = time.GetTimestamp();
            await asking.WaitAsync(PollInterval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (time.GetElapsedTime(glanced) > MaxPollDelay)
            {
                silentSince = time.GetTimestamp();
            }
            var patience = destinations.AnyOtherUsable(destination) ? HangTimeout : HangTimeoutForLastDestination;
            if (!asking.IsCompleted && time.GetElapsedTime(Math.Max(silentSince, destination.LastResponseAt)) >= patience)
            {
                await giveUp.CancelAsync();
            }
        }
    }

    private async Task WatchSamplesAsync(Destination destination, CancellationToken stoppingToken)
    {
        var interval = options.Failover.StaleAfter / 3 < FreshnessInterval ? options.Failover.StaleAfter / 3 : FreshnessInterval;
        var question = HealthQueries.NewestSampleAge(options.Failover.FreshnessSelector);
        try
        {
            while (true)
            {
                if (destination.IsUsable)
                {
                    await QuerySampleAgeAsync(destination, question, stoppingToken);
                }
                await Task.Delay(destination.NewestSampleAge is null ? Interval : interval, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
    }

    /// <summary>One that cannot say how old its samples are keeps what it said last.</summary>
    private async Task QuerySampleAgeAsync(Destination destination, UpstreamRequest question, CancellationToken stoppingToken)
    {
        using var deadline = new UpstreamTimeout(FreshnessTimeout, time, stoppingToken);
        try
        {
            using var message = question.CreateMessage(destination, ForwardedHeaders.None);
            using var response = await invoker.SendAsync(message, deadline.Token);
            await response.Content.LoadIntoBufferAsync(MaxResponseBytes, deadline.Token);
            if (
                response.IsSuccessStatusCode
                && ProbeResponses.ParseSampleAge(await response.Content.ReadAsByteArrayAsync(deadline.Token)) is { } said
            )
            {
                destinations.RecordSampleAge(destination, said.Age);
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && deadline.HasExpired))
        {
            // Whether it lives is the other probe's to find out.
            return;
        }
    }
}
