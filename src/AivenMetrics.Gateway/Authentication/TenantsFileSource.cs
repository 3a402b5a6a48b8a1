using System.Text.Json;
using System.Text.Json.Serialization;
using AivenMetrics.Feed;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Gateway.Authentication;

/// <summary>
/// Tenants from a file, read again every second and taken over when its bytes changed and are good. Reading beats watching: a rename
/// over the file, a swapped symbolic link and a network file system all look the same. A bad file changes nothing but a metric
/// and, once for each content, the log.
/// </summary>
internal sealed class TenantsFileSource(
    string path, Tenants tenants, GatewayMetrics metrics, TimeProvider time, ILogger<TenantsFileSource> logger) : BackgroundService
{
    /// <summary>How often the file is read.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private const long LengthMax = 256L << 20;
    /// <summary>People write this file: a misspelt <c>not_after</c> must not make a credential that never ends.</summary>
    private static readonly FeedJson Strict = new(new JsonSerializerOptions(FeedJson.Default.Options) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow });

    private byte[]? accepted;
    private DateTimeOffset? confirmedAt;
    private string? lastFault;

    /// <summary>One reading of the file: a snapshot with the bytes it came from, or the fault.</summary>
    internal sealed record Reading(CredentialSnapshot? Snapshot, byte[]? Content, string? Fault);

    /// <summary>Reads and judges the file. It never throws for what the file holds or for a file that cannot be read.</summary>
    public static Reading Read(string path)
    {
        var (bytes, fault) = ReadBytes(path);
        return fault is null ? Parse(path, bytes!, null) : new Reading(null, null, fault);
    }

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        var reading = Read(path);
        if (reading.Snapshot is null)
            throw new InvalidDataException($"Gateway:TenantsFile: {reading.Fault}");
        tenants.ConfirmedBy(() => confirmedAt);
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
                Refresh();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
    }

    private void Refresh()
    {
        var (bytes, fault) = ReadBytes(path);
        if (bytes is not null && bytes.AsSpan().SequenceEqual(accepted))
        {
            (lastFault, confirmedAt) = (null, time.GetUtcNow());
            return;
        }

        var reading = fault is null ? Parse(path, bytes!, tenants.Current) : new Reading(null, null, fault);
        if (reading.Snapshot is not null)
        {
            Accept(reading.Snapshot, reading.Content!);
            return;
        }

        metrics.TenantsRefreshFailed();
        if (reading.Fault != lastFault)
            logger.TenantsKept(path, reading.Fault!);
        lastFault = reading.Fault;
    }

    private void Accept(CredentialSnapshot snapshot, byte[] content)
    {
        (accepted, lastFault, confirmedAt) = (content, null, time.GetUtcNow());
        tenants.Replace(snapshot, path, logger);
    }

    private static (byte[]? Bytes, string? Fault) ReadBytes(string path)
    {
        try
        {
            var file = new FileInfo(path);
            return (file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file).Length switch
            {
                > LengthMax => (null, $"{path} is larger than {LengthMax >> 20} MiB"),
                // Also what a pipe or a device has, which could be read for ever.
                0 => (null, $"{path} is empty or no regular file: name a file that holds the tenants"),
                _ => (File.ReadAllBytes(path), null),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            if (Directory.Exists(path))
                return (null, $"{path} is a directory: name the file in it");
            var reason = e is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : e.Message;
            return (null, $"{path} cannot be read: {reason}");
        }
    }

    private static Reading Parse(string path, byte[] bytes, CredentialSnapshot? previous)
    {
        try
        {
            if (JsonSerializer.Deserialize(bytes, Strict.CredentialFeed) is not { Credentials: not null } feed)
                return new(null, null, $"{path} is not an object with a list \"credentials\"");
            var snapshot = CredentialSnapshot.From(feed, previous, out var fault);
            return new(snapshot, bytes, fault is null ? null : $"{path}: {fault}");
        }
        catch (JsonException e)
        {
            // The exception's own text may quote the file; its place does not.
            return new(null, null, $"{path} is not the JSON of tenants (line {e.LineNumber + 1}, path {e.Path ?? "$"}): a member is missing, misspelt, there twice or of a wrong type");
        }
    }
}
