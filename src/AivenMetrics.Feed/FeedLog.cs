using Microsoft.Extensions.Logging;

namespace AivenMetrics.Feed;

/// <summary>The log messages of a feed client. None contains a token or the content of a feed.</summary>
internal static partial class FeedLog
{
    [LoggerMessage(1, LogLevel.Warning, "Polling the {Feed} feed failed ({Reason}): {Message} Next attempt in {Pause:F1} s. {Current}")]
    public static partial void PollFailed(this ILogger logger, string feed, string reason, string message, double pause, string current);

    [LoggerMessage(2, LogLevel.Information, "Polling the {Feed} feed succeeded after {Failures} failures")]
    public static partial void PollRecovered(this ILogger logger, string feed, int failures);

    [LoggerMessage(3, LogLevel.Information, "Loaded the {Feed} feed from {Path}, last confirmed at {ConfirmedAt:O}")]
    public static partial void LastGoodLoaded(this ILogger logger, string feed, string path, DateTimeOffset confirmedAt);

    [LoggerMessage(4, LogLevel.Error, "Loading the {Feed} feed from {Path} failed: {Reason}")]
    public static partial void LastGoodNotLoaded(this ILogger logger, string feed, string path, string reason);

    [LoggerMessage(5, LogLevel.Error, "Saving the {Feed} feed to {Path} failed: {Reason}")]
    public static partial void LastGoodNotSaved(this ILogger logger, string feed, string path, string reason);
}
