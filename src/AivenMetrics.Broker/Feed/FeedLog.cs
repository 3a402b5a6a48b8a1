using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.Feed;

/// <summary>Log messages of the feeds. None contains a secret.</summary>
internal static partial class FeedLog
{
    [LoggerMessage(1301, LogLevel.Error, "The targets of project {Project} are not ready: {Problem}")]
    public static partial void ProjectNotReady(this ILogger logger, string project, string problem);

    [LoggerMessage(1302, LogLevel.Warning, "Reading of the feed from the database failed: {Problem}")]
    public static partial void FeedNotRead(this ILogger logger, string problem);
}
