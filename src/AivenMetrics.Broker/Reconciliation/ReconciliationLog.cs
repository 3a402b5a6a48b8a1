using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>Log messages of the reconciler. None contains a secret.</summary>
internal static partial class ReconciliationLog
{
    [LoggerMessage(1201, LogLevel.Information, "Reconciliation started in this broker")]
    public static partial void LeadershipAcquired(this ILogger logger);

    [LoggerMessage(1202, LogLevel.Warning, "Reconciliation stopped in this broker: its lock was lost, and another broker may reconcile")]
    public static partial void LeadershipLost(this ILogger logger);

    [LoggerMessage(1203, LogLevel.Error, "Reconciliation failed; it restarts")]
    public static partial void ReconciliationFailed(this ILogger logger, Exception exception);

    [LoggerMessage(1204, LogLevel.Warning, "Reading of pending binds failed: {Problem}")]
    public static partial void PendingBindsNotRead(this ILogger logger, string problem);

    [LoggerMessage(1205, LogLevel.Error, "Evaluation of pending binds failed")]
    public static partial void EvaluationFailed(this ILogger logger, Exception exception);

    [LoggerMessage(1206, LogLevel.Information, "Binding {Binding} {State}: {Description}")]
    public static partial void BindDecided(this ILogger logger, string binding, string state, string description);

    [LoggerMessage(1210, LogLevel.Warning, "Reconciliation of project {Project} failed; the last inventory is kept: {Problem}")]
    public static partial void AivenFailed(this ILogger logger, string project, string problem);

    [LoggerMessage(1211, LogLevel.Error, "Reconciliation of project {Project} failed unexpectedly")]
    public static partial void CycleFailed(this ILogger logger, string project, Exception exception);

    [LoggerMessage(
        1212,
        LogLevel.Warning,
        "Reconciliation of project {Project} has steps left after {Rounds} rounds; the next cycle continues"
    )]
    public static partial void StepsLeft(this ILogger logger, string project, int rounds);

    [LoggerMessage(1213, LogLevel.Warning, "Reading of the eligible types of project {Project} failed; the last list is kept: {Problem}")]
    public static partial void EligibleTypesNotRead(this ILogger logger, string project, string problem);

    [LoggerMessage(1214, LogLevel.Warning, "{Step} of service {Service} in project {Project} failed: {Problem}")]
    public static partial void ServiceStepFailed(this ILogger logger, string step, string service, string project, string problem);

    [LoggerMessage(1215, LogLevel.Information, "{Step} of service {Service} in project {Project} succeeded")]
    public static partial void ServiceStepSucceeded(this ILogger logger, string step, string service, string project);

    [LoggerMessage(1216, LogLevel.Warning, "{Step} in project {Project} failed: {Problem}")]
    public static partial void ProjectStepFailed(this ILogger logger, string step, string project, string problem);

    [LoggerMessage(1217, LogLevel.Information, "{Step} in project {Project} succeeded")]
    public static partial void ProjectStepSucceeded(this ILogger logger, string step, string project);
}
