using System.Collections.Concurrent;
using AivenMetrics.Broker.State;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>How binds are decided.</summary>
/// <param name="Projects">The configured projects.</param>
/// <param name="MaximumOutcomeAge">An outcome that is older decides about no bind that came after it.</param>
/// <param name="WaitsForSamples">True: a bind waits until every running service delivers metrics.</param>
internal sealed record BindEvaluatorConfig(IReadOnlyList<AivenProject> Projects, TimeSpan MaximumOutcomeAge, bool WaitsForSamples);

/// <summary>
/// Decides the waiting binds: brings the outcomes of all projects together with what the gateways have accepted. The cycles
/// publish from their loops; <see cref="EvaluatePendingAsync"/> is called by one loop only.
/// </summary>
internal sealed class BindEvaluator(
    BindEvaluatorConfig config,
    BindingStore bindings,
    GatewayStore gateways,
    FactStore facts,
    StateSignals signals,
    TimeProvider time,
    ILogger logger
)
{
    // What is decided sooner needs no word on how far it is: nobody can ask before.
    private static readonly TimeSpan ProgressReportDelay = TimeSpan.FromMilliseconds(300);

    private readonly ConcurrentDictionary<AivenProject, ProjectState> _projects = [];
    private readonly Dictionary<string, TrackedBind> _waiting = new(StringComparer.Ordinal);

    /// <summary>Notified when a cycle has ended.</summary>
    public StateSignal CycleEnded { get; } = new(time);

    /// <summary>A cycle begins and reads what is wanted after this.</summary>
    public void CycleStarted(AivenProject project) => UpdateState(project, state => state with { IsRunning = true });

    /// <summary>Takes the outcome of a good cycle.</summary>
    /// <param name="project">Its project.</param>
    /// <param name="outcome">The outcome.</param>
    /// <param name="readAt">When it began to look.</param>
    public void CycleSucceeded(AivenProject project, CycleOutcome outcome, DateTimeOffset readAt)
    {
        UpdateState(project, _ => new ProjectState(outcome, readAt));
        CycleEnded.Notify();
    }

    /// <summary>A cycle failed; the last good outcome stays.</summary>
    public void CycleFailed(AivenProject project)
    {
        UpdateState(project, state => state with { IsRunning = false, IsFailing = true });
        CycleEnded.Notify();
    }

    /// <summary>True when a bind need not wait for anything that another cycle could tell.</summary>
    public bool IsSettled(ServiceCondition service) =>
        !service.IsNeeded
        || (service.Condition.IsSettled && !(config.WaitsForSamples && service.Condition.Reason == ConditionReasons.WaitingForMetrics));

    /// <summary>Decides every bind that can be decided, all in one transaction.</summary>
    /// <returns>True: some wait on.</returns>
    public async Task<bool> EvaluatePendingAsync(CancellationToken cancellationToken)
    {
        var waiting = await bindings.PendingBindsAsync(cancellationToken);
        if (waiting.Count == 0)
        {
            _waiting.Clear();
            return false;
        }

        await TrackPendingAsync(waiting, cancellationToken);
        var now = time.GetUtcNow();
        var views = config.Projects.Select(project => ViewOf(project, now)).ToList();
        var accepted = await gateways.AcknowledgementTimesAsync(cancellationToken);
        var progress = waiting
            .Select(bind =>
                (
                    bind,
                    BindingProgress.Evaluate(
                        bind.Scope,
                        views,
                        GatewayStore.CountSince(accepted, _waiting[bind.Operation].VisibleAt),
                        config.WaitsForSamples
                    )
                )
            )
            .ToList();
        await RecordOutcomesAsync(progress, now, cancellationToken);
        return progress.Exists(entry => entry.Item2.State == OperationState.InProgress);
    }

    /// <summary>
    /// True while some bind is waiting that a project has not read, though its cycles go well: it came during a cycle, or
    /// another broker took it. Projects that fail are tried again by themselves, with backoff, and are not hurried.
    /// </summary>
    public async Task<bool> HasUnreadBindsAsync(CancellationToken cancellationToken) =>
        (await bindings.PendingBindsAsync(cancellationToken))
            .Select(bind => BindingKey.For(bind.Scope))
            .Any(key => _projects.Values.Any(state => !state.IsFailing && state.Outcome?.Bindings.Contains(key) == false));

    private void UpdateState(AivenProject project, Func<ProjectState, ProjectState> change) =>
        _projects.AddOrUpdate(project, _ => change(new ProjectState(null, default)), (_, state) => change(state));

    /// <summary>
    /// Notes as of when binds that are new here were visible to every reader of the database: a gateway that has accepted all that
    /// was there later has accepted them. The credential feed is asked for such a reading.
    /// </summary>
    private async Task TrackPendingAsync(IReadOnlyList<PendingBind> waiting, CancellationToken cancellationToken)
    {
        var operations = waiting.Select(bind => bind.Operation).ToHashSet(StringComparer.Ordinal);
        foreach (var over in _waiting.Keys.Where(operation => !operations.Contains(operation)).ToList())
        {
            _waiting.Remove(over);
        }
        operations.ExceptWith(_waiting.Keys);
        if (operations.Count == 0)
        {
            return;
        }
        var visibleAt = await gateways.NowAsync(cancellationToken);
        foreach (var operation in operations)
        {
            _waiting[operation] = new(visibleAt, time.GetTimestamp(), "");
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
        var news = binds
            .Where(entry => entry.Progress.State != OperationState.InProgress || ShouldReportProgress(entry.Bind, entry.Progress))
            .ToList();
        if (news.Count == 0)
        {
            return;
        }
        var version = news.Exists(entry => entry.Progress.State == OperationState.Succeeded)
            ? await facts.FindAsync(FactStore.PrometheusVersion, cancellationToken)
            : null;
        var written = await bindings.RecordOutcomesAsync(
            [
                .. news.Select(entry => new BindOutcome(
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
                _waiting[outcome.Bind.Operation] = _waiting[outcome.Bind.Operation] with { ReportedDescription = outcome.Description };
                continue;
            }

            signals.BindDecided.Notify(outcome.Bind.Operation);
            logger.LogInformation(
                "Binding {Binding} {State}: {Description}",
                outcome.Bind.Scope.BindingId.Value,
                outcome.State.ToText(),
                outcome.Description
            );
        }

        // Its credential is to be dropped.
        if (written.Any(outcome => outcome.State == OperationState.Failed))
        {
            signals.CredentialsChanged.Notify();
        }
    }

    private bool ShouldReportProgress(PendingBind bind, BindingProgress progress)
    {
        var waiting = _waiting[bind.Operation];
        return waiting.ReportedDescription != progress.Description && time.GetElapsedTime(waiting.TrackedSince) >= ProgressReportDelay;
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

    /// <param name="VisibleAt">A time of the database's clock at which the bind was visible.</param>
    /// <param name="TrackedSince">When it was met here.</param>
    /// <param name="ReportedDescription">The description that was written last.</param>
    private sealed record TrackedBind(long VisibleAt, long TrackedSince, string ReportedDescription);
}
