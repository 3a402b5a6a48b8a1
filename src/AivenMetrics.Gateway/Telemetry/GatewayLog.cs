using AivenMetrics.Gateway.Configuration;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Gateway.Telemetry;

/// <summary>Every line that a gateway logs. None holds a password, an Authorization header, a query or a whole path.</summary>
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
        "Refused {Method} {Route} with {Status} ({Reason}) for {Username} of {Tenant} in {Milliseconds:F1} ms"
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

    [LoggerMessage(3, LogLevel.Information, "Took over {Count} tenant credentials from {Source}")]
    public static partial void CredentialsLoaded(this ILogger logger, int count, string source);

    [LoggerMessage(4, LogLevel.Error, "Keeping the last good tenants, because {Source} is not good: {Fault}")]
    public static partial void CredentialsNotUpdated(this ILogger logger, string source, string fault);

    [LoggerMessage(5, LogLevel.Warning, "{Warning} Correct its matchers where the credential comes from.")]
    public static partial void CredentialMatchesNothing(this ILogger logger, string warning);

    [LoggerMessage(6, LogLevel.Warning, "{Destination} {Trouble}: {Detail} ({Url})")]
    public static partial void DestinationFailed(this ILogger logger, string destination, string trouble, string detail, string url);

    [LoggerMessage(7, LogLevel.Information, "{Destination} answers again")]
    public static partial void DestinationRecovered(this ILogger logger, string destination);

    [LoggerMessage(
        8,
        LogLevel.Warning,
        "The answer of {Destination} broke off: {Detail}; the client's connection is closed so that it notices"
    )]
    public static partial void ResponseAborted(this ILogger logger, string destination, string detail);

    [LoggerMessage(9, LogLevel.Error, "A request to {Route} failed inside the gateway")]
    public static partial void RequestFailed(this ILogger logger, Exception exception, string route);

    [LoggerMessage(
        10,
        LogLevel.Warning,
        "{Source} lists no credential any more, where there were {Before}: every tenant is refused until it does. If that is not meant, correct it there"
    )]
    public static partial void AllCredentialsRemoved(this ILogger logger, string source, int before);

    [LoggerMessage(30, LogLevel.Warning, "Queries go to {Destination} instead of {Previous} from now on, because {Reason}")]
    public static partial void PrimaryChanged(this ILogger logger, string previous, string destination, string reason);

    [LoggerMessage(31, LogLevel.Information, "{Destination} lacks samples for {Count} times, {Hours:F1} hours in all")]
    public static partial void GapsFound(this ILogger logger, string destination, int count, double hours);

    [LoggerMessage(32, LogLevel.Debug, "{Destination} did not say for which times it has samples: {Detail}")]
    public static partial void HistoryQueryFailed(this ILogger logger, string destination, string detail);

    [LoggerMessage(
        33,
        LogLevel.Warning,
        "By its build information {Destination} ({Url}) is to be asked as {Engine}, but Gateway:Engine is {Configured}: set Gateway:Engine={Remedy}, or name another server"
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
        "{Destination} cannot say now for which times it has samples and will be asked again; until then no query goes to it because another lacks them"
    )]
    public static partial void HistoryPostponed(this ILogger logger, string destination);
}
