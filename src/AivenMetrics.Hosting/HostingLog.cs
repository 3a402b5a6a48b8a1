using Microsoft.Extensions.Logging;

namespace AivenMetrics.Hosting;

/// <summary>The log messages of a role's process, whatever the role.</summary>
internal static partial class HostingLog
{
    [LoggerMessage(1, LogLevel.Information, "{Role} {Version} listens on {Listen}; health and metrics on {Internal}")]
    public static partial void RoleStarted(this ILogger logger, string role, string version, string listen, string @internal);

    [LoggerMessage(2, LogLevel.Information, "{Role} stopped")]
    public static partial void RoleStopped(this ILogger logger, string role);

    [LoggerMessage(
        3,
        LogLevel.Critical,
        "{Role} cannot use its database: {Reason}. Check Broker:Database and that the database is running."
    )]
    public static partial void DatabaseUnavailable(this ILogger logger, string role, string reason);

    [LoggerMessage(4, LogLevel.Critical, "{Role} cannot start: {Reason}")]
    public static partial void StartFailed(this ILogger logger, string role, string reason);

    [LoggerMessage(5, LogLevel.Critical, "{Role} failed")]
    public static partial void RoleFailed(this ILogger logger, Exception exception, string role);
}
