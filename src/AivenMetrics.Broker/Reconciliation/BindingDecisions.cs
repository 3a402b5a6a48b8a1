using System.Collections.Concurrent;
using AivenMetrics.Broker.State;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>Brings the outcomes of all projects together and tells waiting binds how far they are.</summary>
internal sealed class BindingDecisions(IReadOnlyList<AivenProject> projects, BindingStore bindings, ILogger logger)
{
    private readonly ConcurrentDictionary<AivenProject, ProjectOutcome> _outcomes = [];
    private readonly ConcurrentDictionary<BindingKey, string> _told = [];

    /// <summary>Takes the last good outcome of a project.</summary>
    public void Publish(AivenProject project, ProjectOutcome outcome) => _outcomes[project] = outcome;

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

    /// <summary>True while some bind is waiting that no project has read yet: another broker may have taken it.</summary>
    public async Task<bool> AnyUnread(CancellationToken ct) =>
        await bindings.AnyInProgress(ct)
        && (await bindings.Scopes(ct)).Any(scope => scope.OperationState == OperationState.InProgress && !_told.ContainsKey(BindingKey.Of(scope)));
}
