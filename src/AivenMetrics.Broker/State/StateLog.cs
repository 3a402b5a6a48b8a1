using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.State;

/// <summary>Log messages of the database. None contains a secret.</summary>
internal static partial class StateLog
{
    [LoggerMessage(1101, LogLevel.Information, "Migration: {Line}")]
    public static partial void MigrationProgress(this ILogger logger, string line);

    [LoggerMessage(1102, LogLevel.Information, "Deleted {Entries} expired audit entries and {Bindings} ended binds")]
    public static partial void ExpiredDeleted(this ILogger logger, int entries, int bindings);

    [LoggerMessage(1103, LogLevel.Warning, "Deletion of expired rows failed; the next attempt is in 1 hour: {Problem}")]
    public static partial void DeletionFailed(this ILogger logger, string problem);
}
