using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.Osb;

/// <summary>Log messages of the OSB endpoints. None contains a secret.</summary>
internal static partial class OsbLog
{
    [LoggerMessage(1001, LogLevel.Information, "Rejected {Operation} with {Status} {Code}: {Description}")]
    public static partial void RequestRejected(this ILogger logger, string operation, int status, string? code, string description);

    [LoggerMessage(1002, LogLevel.Error, "The database failed during {Operation}")]
    public static partial void DatabaseFailed(this ILogger logger, string operation, Exception exception);

    [LoggerMessage(1003, LogLevel.Error, "{Operation} failed unexpectedly")]
    public static partial void OperationFailed(this ILogger logger, string operation, Exception exception);

    [LoggerMessage(1010, LogLevel.Information, "Provisioned instance {InstanceId} for organization {OrganizationId} and space {SpaceId}")]
    public static partial void Provisioned(this ILogger logger, string instanceId, string organizationId, string spaceId);

    [LoggerMessage(1011, LogLevel.Information, "Deprovisioned instance {InstanceId}")]
    public static partial void Deprovisioned(this ILogger logger, string instanceId);

    [LoggerMessage(1012, LogLevel.Information, "Binding {BindingId} of instance {InstanceId} started for user {Username}")]
    public static partial void BindStarted(this ILogger logger, string instanceId, string bindingId, string username);

    [LoggerMessage(1013, LogLevel.Information, "Binding {BindingId} of instance {InstanceId} is {State}")]
    public static partial void BindEnded(this ILogger logger, string instanceId, string bindingId, string state);

    [LoggerMessage(1014, LogLevel.Information, "Unbound {BindingId} of instance {InstanceId}")]
    public static partial void Unbound(this ILogger logger, string instanceId, string bindingId);

    [LoggerMessage(1015, LogLevel.Information, "Updated instance {InstanceId}: {Changes}")]
    public static partial void Updated(this ILogger logger, string instanceId, string changes);

    [LoggerMessage(1016, LogLevel.Warning, "The rejected {Operation} could not be audited: {Problem}")]
    public static partial void RejectedRequestNotAudited(this ILogger logger, string operation, string problem);
}
