using System.Collections.Concurrent;
using AivenMetrics.Broker.State;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>Configuration of the bind evaluator.</summary>
/// <param name="Projects">The configured projects.</param>
/// <param name="MaximumOutcomeAge">Maximum age of a cycle outcome for deciding a bind that is newer than the cycle.</param>
/// <param name="WaitsForSamples">True: a bind waits until every running service delivers metrics.</param>
internal sealed record BindEvaluatorConfig(IReadOnlyList<AivenProject> Projects, TimeSpan MaximumOutcomeAge, bool WaitsForSamples);

/// <summary>
/// Evaluates pending binds, from the outcomes of all projects and the acknowledgements of the gateways. Cycles report their outcomes
/// concurrently; <see cref="EvaluatePendingAsync"/> is called by one loop only.
/// </summary>
internal sealed class BindEvaluator(
    BindEvaluatorConfig config,
    BindingStore bindings,
    GatewayStore gateways,
    ReportedValueStore reportedValues,
    StateSignals signals,
    TimeProvider time,
    ILogger logger
)
{
    // Binds that are decided sooner need no progress report.
    private static readonly TimeSpan ProgressReportDelay = TimeSpan.FromMilliseconds(300);

    private readonly ConcurrentDictionary<AivenProject, ProjectState> _projects = [];
    private readonly Dictionary<string, TrackedBind> _tracked = new(StringComparer.Ordinal);

    /// <summary>Notified when a cycle has ended.</summary>
    public StateSignal CycleEnded { get; } = new(time);

    /// <summary>Records that a cycle starts. It reads the desired state after this call.</summary>
    public void CycleStarted(AivenProject project) => UpdateState(project, state => state with { IsRunning = true });

    /// <summary>Records the outcome of a successful cycle.</summary>
    /// <param name="project">The project.</param>
    /// <param name="outcome">The outcome.</param>
    /// <param name="readAt">Time at which the cycle started to read.</param>
    public void CycleSucceeded(AivenProject project, CycleOutcome outcome, DateTimeOffset readAt)
    {
        UpdateState(project, _ => new ProjectState(outcome, readAt));
        CycleEnded.Notify();
    }

    /// <summary>Records that a cycle failed. The last successful outcome is kept.</summary>
    public void CycleFailed(AivenProject project)
    {
        UpdateState(project, state => state with { IsRunning = false, IsFailing = true });
        CycleEnded.Notify();
    }

    /// <summary>Returns true if no further cycle can help a bind that waits for this service.</summary>
    public bool IsSettled(ServiceCondition service) =>
        !service.IsNeeded
        || (service.Condition.IsSettled && !(config.WaitsForSamples && service.Condition.Reason == ConditionReasons.WaitingForMetrics));

    /// <summary>Decides all binds that can be decided, in one transaction.</summary>
    /// <returns>True if some binds are still pending.</returns>
    public async Task<bool> EvaluatePendingAsync(CancellationToken cancellationToken)
    {
        var pending = await bindings.PendingBindsAsync(cancellationToken);
        if (pending.Count == 0)
        {
            _tracked.Clear();
            return false;
        }

        await TrackPendingAsync(pending, cancellationToken);
        var now = time.GetUtcNow();
        var views = config.Projects.Select(project => ViewOf(project, now)).ToList();
        var acknowledgementTimes = await gateways.AcknowledgementTimesAsync(cancellationToken);
        var progress = pending
            .Select(bind =>
                (
                    bind,
                    BindingProgress.Evaluate(
                        bind.Scope,
                        views,
                        GatewayStore.CountSince(acknowledgementTimes, _tracked[bind.Operation].VisibleAt),
                        config.WaitsForSamples
                    )
                )
            )
            .ToList();
        await RecordOutcomesAsync(progress, now, cancellationToken);
        return progress.Exists(entry => entry.Item2.State == OperationState.InProgress);
    }

    /// <summary>
    /// Returns true if a pending bind was not read by the last successful cycle of a project: it arrived during the cycle, or through
    /// another broker. Failing projects are ignored, because they are retried with backoff.
    /// </summary>
    public async Task<bool> HasUnreadBindsAsync(CancellationToken cancellationToken) =>
        (await bindings.PendingBindsAsync(cancellationToken))
            .Select(bind => BindingKey.For(bind.Scope))
            .Any(key => _projects.Values.Any(state => !state.IsFailing && state.Outcome?.Bindings.Contains(key) == false));

    private void UpdateState(AivenProject project, Func<ProjectState, ProjectState> change) =>
        _projects.AddOrUpdate(project, _ => change(new ProjectState(null, default)), (_, state) => change(state));

    /// <summary>
    /// Records for new binds a time at which they were visible to all readers of the database. A gateway that acknowledges a later state
    /// has applied their credentials. Wakes the credential feed to read such a state.
    /// </summary>
    private async Task TrackPendingAsync(IReadOnlyList<PendingBind> pending, CancellationToken cancellationToken)
    {
        var operations = pending.Select(bind => bind.Operation).ToHashSet(StringComparer.Ordinal);
        foreach (var ended in _tracked.Keys.Where(operation => !operations.Contains(operation)).ToList())
        {
            _tracked.Remove(ended);
        }
        operations.ExceptWith(_tracked.Keys);
        if (operations.Count == 0)
        {
            return;
        }
        var visibleAt = await gateways.NowAsync(cancellationToken);
        foreach (var operation in operations)
        {
            _tracked[operation] = new(visibleAt, time.GetTimestamp(), "");
        }
        signals.CredentialsChanged.Notify();
    }

    private ProjectView? ViewOf(AivenProject project, DateTimeOffset now) =>
        _projects.TryGetValue(project, out var state) && state.Outcome is { } outcome
            ? new(outcome, now - state.ReadAt <= config.MaximumOutcomeAge, state.IsRunning)
            : null;

    private async Task RecordOutcomesAsync(
        List<(PendingBind Bind, BindingProgress Progress)> binds,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var changes = binds
            .Where(entry => entry.Progress.State != OperationState.InProgress || ShouldReportProgress(entry.Bind, entry.Progress))
            .ToList();
        if (changes.Count == 0)
        {
            return;
        }
        var version = changes.Exists(entry => entry.Progress.State == OperationState.Succeeded)
            ? await reportedValues.FindAsync(ReportedValueStore.PrometheusVersion, cancellationToken)
            : null;
        var written = await bindings.RecordOutcomesAsync(
            [
                .. changes.Select(entry => new BindOutcome(
                    entry.Bind,
                    entry.Progress.State,
                    entry.Progress.Description,
                    entry.Progress.State == OperationState.Succeeded ? SnapshotJson(entry.Progress, version) : null
                )),
            ],
            now,
            cancellationToken
        );
        foreach (var outcome in written)
        {
            if (outcome.State == OperationState.InProgress)
            {
                _tracked[outcome.Bind.Operation] = _tracked[outcome.Bind.Operation] with { ReportedDescription = outcome.Description };
                continue;
            }

            signals.BindDecided.Notify(outcome.Bind.Operation);
            logger.BindDecided(outcome.Bind.Scope.BindingId.Value, outcome.State.ToText(), outcome.Description);
        }

        // The gateways must drop the credential.
        if (written.Any(outcome => outcome.State == OperationState.Failed))
        {
            signals.CredentialsChanged.Notify();
        }
    }

    private bool ShouldReportProgress(PendingBind bind, BindingProgress progress)
    {
        var pending = _tracked[bind.Operation];
        return pending.ReportedDescription != progress.Description && time.GetElapsedTime(pending.TrackedSince) >= ProgressReportDelay;
    }

    private static string SnapshotJson(BindingProgress progress, string? version) =>
        new BindingSnapshot(
            [
                .. progress.Covered.Select(service => new ServiceStatus(
                    service.Service.ServiceName,
                    service.Service.ServiceType,
                    service.Service.State,
                    service.Condition.Message
                )),
            ],
            version
        ).ToJson();

    private sealed record ProjectState(CycleOutcome? Outcome, DateTimeOffset ReadAt, bool IsRunning = false, bool IsFailing = false);

    /// <summary>A pending bind that this process tracks.</summary>
    /// <param name="VisibleAt">Time of the database clock at which the bind was visible.</param>
    /// <param name="TrackedSince">Timestamp of the first evaluation.</param>
    /// <param name="ReportedDescription">The description written last.</param>
    private sealed record TrackedBind(long VisibleAt, long TrackedSince, string ReportedDescription);
}
