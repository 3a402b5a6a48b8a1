using System.Collections.Concurrent;
using AivenMetrics.Broker.State;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>How binds are decided.</summary>
/// <param name="Projects">The configured projects.</param>
/// <param name="Freshness">An outcome that is older decides about no bind that came after it.</param>
/// <param name="WaitsForSamples">True: a bind waits until every running service delivers metrics.</param>
internal sealed record DecisionRules(IReadOnlyList<AivenProject> Projects, TimeSpan Freshness, bool WaitsForSamples);

/// <summary>
/// Decides the waiting binds: brings the outcomes of all projects together with what the gateways have accepted. The cycles
/// publish from their loops; <see cref="Decide"/> is called by one loop only.
/// </summary>
internal sealed class BindingDecisions(
    DecisionRules rules, BindingStore bindings, GatewayStore gateways, FactStore facts, StateSignals signals, TimeProvider time, ILogger logger)
{
    // What is decided sooner needs no word on how far it is: nobody can ask before.
    private static readonly TimeSpan Telling = TimeSpan.FromMilliseconds(300);

    private readonly ConcurrentDictionary<AivenProject, ProjectState> _projects = [];
    private readonly Dictionary<string, Waiting> _waiting = new(StringComparer.Ordinal);

    /// <summary>Notified when a cycle has ended.</summary>
    public StateSignal Published { get; } = new(time);

    /// <summary>A cycle begins and reads what is wanted after this.</summary>
    public void Began(AivenProject project) => Change(project, state => state with { IsRunning = true });

    /// <summary>Takes the outcome of a good cycle.</summary>
    /// <param name="project">Its project.</param>
    /// <param name="outcome">The outcome.</param>
    /// <param name="readAt">When it began to look.</param>
    public void Publish(AivenProject project, ProjectOutcome outcome, DateTimeOffset readAt)
    {
        Change(project, _ => new ProjectState(outcome, readAt));
        Published.Notify();
    }

    /// <summary>A cycle failed; the last good outcome stays.</summary>
    public void Failed(AivenProject project)
    {
        Change(project, state => state with { IsRunning = false, IsFailing = true });
        Published.Notify();
    }

    /// <summary>True when a bind need not wait for anything that another cycle could tell.</summary>
    public bool IsSettled(ServiceCondition service) =>
        !service.Needed || (service.Condition.Settled && !(rules.WaitsForSamples && service.Condition.Reason == Reasons.WaitingForMetrics));

    /// <summary>Decides every bind that can be decided, all in one transaction.</summary>
    /// <returns>True: some wait on.</returns>
    public async Task<bool> Decide(CancellationToken ct)
    {
        var waiting = await bindings.Waiting(ct);
        if (waiting.Count == 0)
        {
            _waiting.Clear();
            return false;
        }

        await Meet(waiting, ct);
        var now = time.GetUtcNow();
        var views = rules.Projects.Select(project => View(project, now)).ToList();
        var accepted = await gateways.AcceptedAt(ct);
        var progress = waiting
            .Select(bind => (bind, BindingProgress.Of(
                bind.Scope, views, GatewayStore.Since(accepted, _waiting[bind.Operation].VisibleAt), rules.WaitsForSamples)))
            .ToList();
        await Write(progress, now, ct);
        return progress.Exists(entry => entry.Item2.State == OperationState.InProgress);
    }

    /// <summary>
    /// True while some bind is waiting that a project has not read, though its cycles go well: it came during a cycle, or
    /// another broker took it. Projects that fail are tried again by themselves, with backoff, and are not hurried.
    /// </summary>
    public async Task<bool> AnyUnread(CancellationToken ct) =>
        (await bindings.Waiting(ct)).Select(bind => BindingKey.Of(bind.Scope))
            .Any(key => _projects.Values.Any(state => !state.IsFailing && state.Outcome?.Bindings.Contains(key) == false));

    private void Change(AivenProject project, Func<ProjectState, ProjectState> change) =>
        _projects.AddOrUpdate(project, _ => change(new ProjectState(null, default)), (_, state) => change(state));

    /// <summary>
    /// Notes as of when binds that are new here were visible to every reader of the database: a gateway that has accepted all that
    /// was there later has accepted them. The credential feed is asked for such a reading.
    /// </summary>
    private async Task Meet(IReadOnlyList<WaitingBind> waiting, CancellationToken ct)
    {
        var operations = waiting.Select(bind => bind.Operation).ToHashSet(StringComparer.Ordinal);
        foreach (var over in _waiting.Keys.Where(operation => !operations.Contains(operation)).ToList()) _waiting.Remove(over);
        operations.ExceptWith(_waiting.Keys);
        if (operations.Count == 0) return;
        var visibleAt = await gateways.Now(ct);
        foreach (var operation in operations) _waiting[operation] = new(visibleAt, time.GetTimestamp(), "");
        signals.Asked.Notify();
    }

    private ProjectView? View(AivenProject project, DateTimeOffset now) =>
        _projects.TryGetValue(project, out var state) && state.Outcome is { } outcome
            ? new(outcome, now - state.ReadAt <= rules.Freshness, state.IsRunning)
            : null;

    private async Task Write(List<(WaitingBind Bind, BindingProgress Progress)> binds, DateTimeOffset now, CancellationToken ct)
    {
        var news = binds.Where(entry => entry.Progress.State != OperationState.InProgress || IsWorthTelling(entry.Bind, entry.Progress)).ToList();
        if (news.Count == 0) return;
        var version = news.Exists(entry => entry.Progress.State == OperationState.Succeeded)
            ? await facts.Find(FactStore.PrometheusVersion, ct)
            : null;
        var written = await bindings.Record(
            [.. news.Select(entry => new BindOutcome(
                entry.Bind, entry.Progress.State, entry.Progress.Description,
                entry.Progress.State == OperationState.Succeeded ? Snapshot(entry.Progress, version) : null))],
            now,
            ct);
        foreach (var outcome in written)
        {
            if (outcome.State == OperationState.InProgress)
            {
                _waiting[outcome.Bind.Operation] = _waiting[outcome.Bind.Operation] with { Told = outcome.Description };
                continue;
            }

            signals.Decided.Notify(outcome.Bind.Operation);
            logger.LogInformation(
                "Binding {Binding} {State}: {Description}", outcome.Bind.Scope.BindingId.Value, outcome.State.Word(), outcome.Description);
        }

        // Its credential is to be dropped.
        if (written.Any(outcome => outcome.State == OperationState.Failed)) signals.Asked.Notify();
    }

    private bool IsWorthTelling(WaitingBind bind, BindingProgress progress)
    {
        var waiting = _waiting[bind.Operation];
        return waiting.Told != progress.Description && time.GetElapsedTime(waiting.Since) >= Telling;
    }

    private static string Snapshot(BindingProgress progress, string? version) => new BindingSnapshot(
        [.. progress.Covered.Select(service => new ServiceStatus(
            service.Service.ServiceName, service.Service.ServiceType, service.Service.State, service.Condition.Message))],
        version).Json();

    private sealed record ProjectState(ProjectOutcome? Outcome, DateTimeOffset ReadAt, bool IsRunning = false, bool IsFailing = false);

    /// <param name="VisibleAt">A time of the database's clock at which the bind was visible.</param>
    /// <param name="Since">When it was met here.</param>
    /// <param name="Told">The description that was written last.</param>
    private sealed record Waiting(long VisibleAt, long Since, string Told);
}
