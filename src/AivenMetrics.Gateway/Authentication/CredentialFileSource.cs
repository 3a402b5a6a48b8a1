using System.Text.Json;
using System.Text.Json.Serialization;
using AivenMetrics.Feed;
using AivenMetrics.Gateway.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Gateway.Authentication;

/// <summary>
/// Tenants from a file, read again every second and taken over when its bytes changed and are good. Reading beats watching: a rename
/// over the file, a swapped symbolic link and a network file system all look the same. A bad file changes nothing but a metric
/// and, once for each content, the log.
/// </summary>
internal sealed class CredentialFileSource(
    string path,
    CredentialStore tenants,
    GatewayMetrics metrics,
    TimeProvider time,
    ILogger<CredentialFileSource> logger
) : BackgroundService
{
    /// <summary>How often the file is read.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private const long MaxFileBytes = 256L << 20;

    /// <summary>People write this file: a misspelt <c>not_after</c> must not make a credential that never ends.</summary>
    private static readonly FeedJson StrictJson = new(
        new JsonSerializerOptions(FeedJson.Default.Options) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow }
    );

    private byte[]? _accepted;
    private DateTimeOffset? _confirmedAt;
    private string? _lastFault;

    /// <summary>One reading of the file: a snapshot with the bytes it came from, or the fault.</summary>
    internal sealed record ReadResult(CredentialSnapshot? Snapshot, byte[]? Content, string? Error);

    /// <summary>Reads and judges the file. It never throws for what the file holds or for a file that cannot be read.</summary>
    public static ReadResult Read(string path)
    {
        var (bytes, fault) = ReadBytes(path);
        return fault is null ? Parse(path, bytes!, null) : new ReadResult(null, null, fault);
    }

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        var reading = Read(path);
        if (reading.Snapshot is null)
        {
            throw new InvalidDataException($"Gateway:TenantsFile: {reading.Error}");
        }
        tenants.SetConfirmationTime(() => _confirmedAt);
        Accept(reading.Snapshot, reading.Content!);
        return base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                Refresh();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
    }

    private void Refresh()
    {
        var (bytes, fault) = ReadBytes(path);
        if (bytes is not null && bytes.AsSpan().SequenceEqual(_accepted))
        {
            (_lastFault, _confirmedAt) = (null, time.GetUtcNow());
            return;
        }

        var reading = fault is null ? Parse(path, bytes!, tenants.Current) : new ReadResult(null, null, fault);
        if (reading.Snapshot is not null)
        {
            Accept(reading.Snapshot, reading.Content!);
            return;
        }

        metrics.RecordRefreshFailure();
        if (reading.Error != _lastFault)
        {
            logger.CredentialsNotUpdated(path, reading.Error!);
        }
        _lastFault = reading.Error;
    }

    private void Accept(CredentialSnapshot snapshot, byte[] content)
    {
        (_accepted, _lastFault, _confirmedAt) = (content, null, time.GetUtcNow());
        tenants.Replace(snapshot, path, logger);
    }

    private static (byte[]? Bytes, string? Fault) ReadBytes(string path)
    {
        try
        {
            var file = new FileInfo(path);
            return (file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file).Length switch
            {
                > MaxFileBytes => (null, $"{path} is larger than {MaxFileBytes >> 20} MiB"),
                // Also what a pipe or a device has, which could be read for ever.
                0 => (null, $"{path} is empty or no regular file: name a file that holds the tenants"),
                _ => (File.ReadAllBytes(path), null),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            if (Directory.Exists(path))
            {
                return (null, $"{path} is a directory: name the file in it");
            }
            var reason = e is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : e.Message;
            return (null, $"{path} cannot be read: {reason}");
        }
    }

    private static ReadResult Parse(string path, byte[] bytes, CredentialSnapshot? previous)
    {
        try
        {
            if (JsonSerializer.Deserialize(bytes, StrictJson.CredentialFeed) is not { Credentials: not null } feed)
            {
                return new(null, null, $"{path} is not an object with a list \"credentials\"");
            }
            var snapshot = CredentialSnapshot.Create(feed, previous, out var fault);
            return new(snapshot, bytes, fault is null ? null : $"{path}: {fault}");
        }
        catch (JsonException e)
        {
            // The exception's own text may quote the file; its place does not.
            return new(
                null,
                null,
                $"{path} is not the JSON of tenants (line {e.LineNumber + 1}, path {e.Path ?? "$"}): a member is missing, misspelt, there twice or of a wrong type"
            );
        }
    }
}
