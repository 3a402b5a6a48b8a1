using System.Collections.Concurrent;
using AivenMetrics.Broker.State;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>Brings the outcomes of all projects together and tells waiting binds how far they are.</summary>
internal sealed class BindingDecisions(IReadOnlyList<AivenProject> projects, BindingStore bindings, ILogger logger)
{
    private readonly ConcurrentDictionary<AivenProject, ProjectOutcome> _outcomes = [];
    private readonly ConcurrentDictionary<AivenProject, bool> _failing = [];
    private readonly ConcurrentDictionary<BindingKey, string> _told = [];

    /// <summary>Takes the outcome of a good cycle.</summary>
    public void Publish(AivenProject project, ProjectOutcome outcome)
    {
        _outcomes[project] = outcome;
        _failing[project] = false;
    }

    /// <summary>A cycle failed; the last good outcome stays.</summary>
    public void Failed(AivenProject project) => _failing[project] = true;

    /// <summary>Decides every bind in progress that can be decided.</summary>
    public async Task Decide(CancellationToken ct)
    {
        var waiting = (await bindings.Scopes(ct)).Where(scope => scope.OperationState == OperationState.InProgress).ToList();
        var outcomes = projects.Select(project => _outcomes.GetValueOrDefault(project)).ToList();
        foreach (var scope in waiting)
        {
            var progress = BindingProgress.Of(scope, outcomes);
            var key = BindingKey.Of(scope);
            if (!progress.Done && _told.GetValueOrDefault(key) == progress.Description) continue;
            var state = progress.Done ? OperationState.Succeeded : OperationState.InProgress;
            if (await bindings.RecordOperation(scope.InstanceId, scope.BindingId, null, state, progress.Description, null, ct) && progress.Done)
                logger.LogInformation("Binding {Binding} succeeded: {Description}", scope.BindingId.Value, progress.Description);
            _told[key] = progress.Description;
        }

        var keys = waiting.Select(BindingKey.Of).ToHashSet();
        foreach (var key in _told.Keys.Where(key => !keys.Contains(key))) _told.TryRemove(key, out _);
    }

    /// <summary>
    /// True while some bind is waiting that a project has not read, though its cycles go well: it came during a cycle, or
    /// another broker took it. Projects that fail are tried again by themselves, with backoff, and are not hurried.
    /// </summary>
    public async Task<bool> AnyUnread(CancellationToken ct) =>
        await bindings.AnyInProgress(ct)
        && (await bindings.Scopes(ct)).Where(scope => scope.OperationState == OperationState.InProgress).Select(BindingKey.Of)
            .Any(key => _outcomes.Any(project => !project.Value.Bindings.Contains(key) && !_failing.GetValueOrDefault(project.Key)));
}
