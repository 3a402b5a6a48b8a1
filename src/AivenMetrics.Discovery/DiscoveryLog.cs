using Microsoft.Extensions.Logging;

namespace AivenMetrics.Discovery;

/// <summary>The log messages of discovery. None contains a password, a token or the content of the operator's configuration.</summary>
internal static partial class DiscoveryLog
{
    [LoggerMessage(1, LogLevel.Error, "The feed contains an error: {Error}")]
    public static partial void FeedInvalid(this ILogger logger, string error);

    [LoggerMessage(2, LogLevel.Warning, "Held back {Count} missing targets of project {Project}")]
    public static partial void TargetsHeldBack(this ILogger logger, int count, string project);

    [LoggerMessage(3, LogLevel.Error, "Writing the files failed: {Reason} Next attempt in {Pause} s")]
    public static partial void CycleFailed(this ILogger logger, string reason, double pause);

    [LoggerMessage(4, LogLevel.Information, "Wrote {Path} ({Bytes} bytes)")]
    public static partial void FileWritten(this ILogger logger, string path, int bytes);

    [LoggerMessage(5, LogLevel.Information, "Removed the scrape password of project {Project}, which is no longer configured")]
    public static partial void PasswordRemoved(this ILogger logger, string project);

    [LoggerMessage(6, LogLevel.Error, "Reading {Path} failed and the file is ignored: {Reason}")]
    public static partial void StoredPlanInvalid(this ILogger logger, string path, string reason);

    [LoggerMessage(7, LogLevel.Error, "Merging {Base} into {File} failed and {File} was not updated: {Reason}")]
    public static partial void PrometheusConfigNotMerged(this ILogger logger, string @base, string file, string reason);

    [LoggerMessage(
        20,
        LogLevel.Warning,
        "DNS returned no address for {Count} of {All} hosts, such as {Host} ({Reason}). The last known addresses remain in use"
    )]
    public static partial void LookupsFailed(this ILogger logger, int count, int all, string host, string reason);

    [LoggerMessage(21, LogLevel.Warning, "Removed the addresses of {Host}: DNS has reported none since {Since:O}")]
    public static partial void HostRemoved(this ILogger logger, string host, DateTimeOffset since);

    [LoggerMessage(30, LogLevel.Information, "Reloaded Prometheus through {Url}")]
    public static partial void PrometheusReloaded(this ILogger logger, Uri url);

    [LoggerMessage(
        31,
        LogLevel.Error,
        "Reloading Prometheus through {Url} failed with status {Status}; next attempt in {Pause} s. "
            + "For 403, start Prometheus with --web.enable-lifecycle. For 500, run promtool check config"
    )]
    public static partial void ReloadRejected(this ILogger logger, Uri url, int status, double pause);

    [LoggerMessage(32, LogLevel.Warning, "Reloading Prometheus through {Url} failed: {Reason} Next attempt in {Pause} s")]
    public static partial void ReloadFailed(this ILogger logger, Uri url, string reason, double pause);
}
