using AivenMetrics.Gateway.Configuration;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Gateway.Telemetry;

/// <summary>All log messages of the gateway. None contains a password, an Authorization header, a query or a whole path.</summary>
internal static partial class GatewayLog
{
    [LoggerMessage(
        1,
        LogLevel.Information,
        "{Method} {Route} {Status} for {Username} of {Tenant} in {Milliseconds:F1} ms, {Bytes} bytes, from {Destination}"
    )]
    public static partial void RequestCompleted(
        this ILogger logger,
        string method,
        string route,
        int status,
        string username,
        string tenant,
        double milliseconds,
        long bytes,
        string destination
    );

    [LoggerMessage(
        2,
        LogLevel.Information,
        "Rejected {Method} {Route} with {Status} ({Reason}) for {Username} of {Tenant} in {Milliseconds:F1} ms"
    )]
    public static partial void RequestRejected(
        this ILogger logger,
        string method,
        string route,
        int status,
        string reason,
        string username,
        string tenant,
        double milliseconds
    );

    [LoggerMessage(3, LogLevel.Information, "Loaded {Count} credentials from {Source}")]
    public static partial void CredentialsLoaded(this ILogger logger, int count, string source);

    [LoggerMessage(4, LogLevel.Error, "Update of the credentials from {Source} failed; the last valid ones stay in use: {Fault}")]
    public static partial void CredentialsNotUpdated(this ILogger logger, string source, string fault);

    [LoggerMessage(5, LogLevel.Warning, "{Warning} Correct its matchers at the source of the credential.")]
    public static partial void CredentialMatchesNothing(this ILogger logger, string warning);

    [LoggerMessage(6, LogLevel.Warning, "Destination {Destination} {Trouble}: {Detail} ({Url})")]
    public static partial void DestinationFailed(this ILogger logger, string destination, string trouble, string detail, string url);

    [LoggerMessage(7, LogLevel.Information, "Destination {Destination} responds again")]
    public static partial void DestinationRecovered(this ILogger logger, string destination);

    [LoggerMessage(
        8,
        LogLevel.Warning,
        "Response of {Destination} aborted: {Detail}. The gateway closed the client's connection, so that the response "
            + "does not look complete"
    )]
    public static partial void ResponseAborted(this ILogger logger, string destination, string detail);

    [LoggerMessage(9, LogLevel.Error, "Request to {Route} failed in the gateway")]
    public static partial void RequestFailed(this ILogger logger, Exception exception, string route);

    [LoggerMessage(
        10,
        LogLevel.Warning,
        "All {Before} credentials were removed from {Source}; the gateway rejects every tenant. If this is unintended, correct the source"
    )]
    public static partial void AllCredentialsRemoved(this ILogger logger, string source, int before);

    [LoggerMessage(30, LogLevel.Warning, "Primary changed from {Previous} to {Destination}: {Reason}")]
    public static partial void PrimaryChanged(this ILogger logger, string previous, string destination, string reason);

    [LoggerMessage(31, LogLevel.Information, "Destination {Destination} has {Count} gaps in its samples, {Hours:F1} hours in total")]
    public static partial void GapsFound(this ILogger logger, string destination, int count, double hours);

    [LoggerMessage(32, LogLevel.Debug, "History query to {Destination} failed: {Detail}")]
    public static partial void HistoryQueryFailed(this ILogger logger, string destination, string detail);

    [LoggerMessage(
        33,
        LogLevel.Warning,
        "{Destination} ({Url}) reports the engine {Engine}, but Gateway:Engine is {Configured}. Set "
            + "Gateway:Engine={Remedy} or name another server"
    )]
    public static partial void EngineMismatch(
        this ILogger logger,
        string destination,
        string url,
        QueryEngine engine,
        QueryEngine configured,
        QueryEngine remedy
    );

    [LoggerMessage(
        34,
        LogLevel.Information,
        "The history of {Destination} is not available and will be queried again. Until then, gaps of other destinations do not "
            + "redirect queries to it"
    )]
    public static partial void HistoryPostponed(this ILogger logger, string destination);
}
