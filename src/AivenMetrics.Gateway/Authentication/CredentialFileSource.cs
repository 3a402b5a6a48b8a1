using System.Text.Json;
using System.Text.Json.Serialization;
using AivenMetrics.Feed;
using AivenMetrics.Gateway.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Gateway.Authentication;

/// <summary>
/// Loads credentials from a file. The file is read again every second and applied if its bytes changed and are valid. Reading detects a
/// rename over the file, a swapped symbolic link and a change on a network file system alike. An invalid file only increases a metric and
/// is logged once per content.
/// </summary>
internal sealed class CredentialFileSource(
    string path,
    CredentialStore credentials,
    GatewayMetrics metrics,
    TimeProvider time,
    ILogger<CredentialFileSource> logger
) : BackgroundService
{
    /// <summary>The interval between two reads of the file.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private const long MaxFileBytes = 256L << 20;

    /// <summary>
    /// People write this file. Unknown members are errors, so that a misspelt <c>not_after</c> creates no credential without an end.
    /// </summary>
    private static readonly FeedJson StrictJson = new(
        new JsonSerializerOptions(FeedJson.Default.Options) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow }
    );

    private byte[]? _accepted;
    private DateTimeOffset? _confirmedAt;
    private string? _lastFault;

    /// <summary>The result of a read: a snapshot with the bytes it was created from, or the error.</summary>
    internal sealed record ReadResult(CredentialSnapshot? Snapshot, byte[]? Content, string? Error);

    /// <summary>Reads and validates the file. Does not throw if the content is invalid or the file cannot be read.</summary>
    public static ReadResult Read(string path)
    {
        var (bytes, error) = ReadBytes(path);
        return error is null ? Parse(path, bytes!, null) : new ReadResult(null, null, error);
    }

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        var reading = Read(path);
        if (reading.Snapshot is null)
        {
            throw new InvalidDataException($"Gateway:TenantsFile: {reading.Error}");
        }
        credentials.SetConfirmationTime(() => _confirmedAt);
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
        var (bytes, error) = ReadBytes(path);
        if (bytes is not null && bytes.AsSpan().SequenceEqual(_accepted))
        {
            (_lastFault, _confirmedAt) = (null, time.GetUtcNow());
            return;
        }

        var reading = error is null ? Parse(path, bytes!, credentials.Current) : new ReadResult(null, null, error);
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
        credentials.Replace(snapshot, path, logger);
    }

    private static (byte[]? Bytes, string? Fault) ReadBytes(string path)
    {
        try
        {
            var file = new FileInfo(path);
            return (file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file).Length switch
            {
                > MaxFileBytes => (null, $"{path} is larger than {MaxFileBytes >> 20} MiB"),
                // Pipes and devices have this length too. Reading them might never end.
                0 => (null, $"{path} is empty or not a regular file: name a file that contains credentials"),
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
            var snapshot = CredentialSnapshot.Create(feed, previous, out var error);
            return new(snapshot, bytes, error is null ? null : $"{path}: {error}");
        }
        catch (JsonException e)
        {
            // The message of the exception may quote the file; the position does not.
            return new(
                null,
                null,
                $"{path} is not a valid tenants file (line {e.LineNumber + 1}, path {e.Path ?? "$"}): it is not JSON, or a member is "
                    + "missing, unknown, duplicate or of the wrong type"
            );
        }
    }
}
