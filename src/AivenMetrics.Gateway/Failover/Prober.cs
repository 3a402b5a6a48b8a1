using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Gateway.Failover;

/// <summary>
/// Asks each destination for its build information every two seconds: to know its version, to find one that hangs (it takes requests and
/// answers none, which a request alone cannot tell from a heavy query), and to give it its place back. No client's request is spent on that.
/// </summary>
internal sealed class Prober(
    Destinations destinations, HttpMessageInvoker invoker, TimeProvider time, ILogger<Prober> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private static readonly SearchValues<char> VersionCharacters = SearchValues.Create("0123456789.");
    private const int AnswerLengthMax = 64 << 10;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);
    private static readonly UpstreamRequest BuildInfo = UpstreamRequest.Get("/api/v1/status/buildinfo", default);

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(destinations.Ordered().Select(destination => WatchAsync(destination, stoppingToken)));

    private async Task WatchAsync(Destination destination, CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                if (await ProbeAsync(destination, stoppingToken))
                    logger.DestinationReturned(destination.Name);
                await Task.Delay(Interval, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
    }

    private async Task<bool> ProbeAsync(Destination destination, CancellationToken stoppingToken)
    {
        using var deadline = new Deadline(Patience, time, stoppingToken);
        try
        {
            using var message = BuildInfo.For(destination, ForwardedHeaders.None);
            using var response = await invoker.SendAsync(message, deadline.Token);
            if (!response.IsSuccessStatusCode)
                throw new HttpRequestException($"status {(int)response.StatusCode}");
            await response.Content.LoadIntoBufferAsync(AnswerLengthMax, deadline.Token);
            return destination.Probed(VersionIn(await response.Content.ReadAsByteArrayAsync(deadline.Token)));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException
            || (e is OperationCanceledException && !stoppingToken.IsCancellationRequested))
        {
            if (!destination.IsDemoted)
                logger.DestinationFailed(destination.Name, "probe", e.Message);
            destination.ProbeFailed();
            return false;
        }
    }

    /// <summary>Major, minor and patch, without what distributions append; null if there is nothing of the kind.</summary>
    internal static string? VersionIn(ReadOnlySpan<byte> buildInfo)
    {
        var reader = new Utf8JsonReader(buildInfo);
        using var json = JsonDocument.ParseValue(ref reader);
        if (json.RootElement.ValueKind != JsonValueKind.Object
            || !json.RootElement.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Object
            || !data.TryGetProperty("version", out var version) || version.ValueKind != JsonValueKind.String)
            return null;
        var text = version.GetString()!.TrimStart('v');
        var end = text.AsSpan().IndexOfAnyExcept(VersionCharacters);
        return Version.TryParse(end < 0 ? text : text[..end], out var parsed)
            ? $"{parsed.Major}.{parsed.Minor}.{Math.Max(0, parsed.Build)}"
            : null;
    }
}
