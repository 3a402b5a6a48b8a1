using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>Which binding, and what it covers: an id that was unbound and bound anew for other services is another one.</summary>
internal readonly record struct BindingKey(InstanceId Instance, BindingId Binding, string ServiceInstanceIds)
{
    public static BindingKey For(BindingScope scope) => new(scope.InstanceId, scope.BindingId, string.Join('\n', scope.ServiceInstanceIds));
}

/// <summary>The last good cycle of a project.</summary>
/// <param name="Bindings">The bindings that were live when the cycle began: what they cover was taken as needed.</param>
/// <param name="Services">Every service of the project with its condition.</param>
internal sealed record CycleOutcome(IReadOnlySet<BindingKey> Bindings, IReadOnlyList<ServiceCondition> Services);

/// <summary>A project as a decision sees it.</summary>
/// <param name="Outcome">Of its last good cycle.</param>
/// <param name="IsFresh">That cycle is young enough to decide about a bind that came after it.</param>
/// <param name="IsCycleRunning">A cycle runs now that may not know the bind: it may take down what nobody else needs.</param>
internal sealed record ProjectView(CycleOutcome Outcome, bool IsFresh = false, bool IsCycleRunning = false);

/// <summary>How far a bind is.</summary>
/// <param name="State">Succeeded, failed or still in progress.</param>
/// <param name="Description">A sentence or two for the tenant.</param>
/// <param name="Covered">The services that it covers, sorted by name.</param>
internal sealed record BindingProgress(OperationState State, string Description, IReadOnlyList<ServiceCondition> Covered)
{
    private const int MaximumReasons = 5;

    /// <summary>
    /// Decides about a bind. It succeeds when for every service that it covers the integration is known to exist or it is
    /// known why there is none, and every gateway has accepted its credential. It fails when it names services and none of them
    /// can deliver metrics as things stand. Until then it waits: for Aiven, for a project that was not read since the bind, or
    /// for the gateways.
    /// </summary>
    /// <param name="scope">What the binding covers.</param>
    /// <param name="projects">Every configured project with its last good outcome; null: none yet.</param>
    /// <param name="gateways">Which gateways know the credential.</param>
    /// <param name="waitsForSamples">True: it waits until every running service delivers metrics.</param>
    public static BindingProgress Evaluate(
        BindingScope scope,
        IReadOnlyCollection<ProjectView?> projects,
        AcknowledgementCount gateways,
        bool waitsForSamples = false
    )
    {
        var key = BindingKey.For(scope);
        var known = projects.OfType<ProjectView>().ToList();
        var read = known.Where(view => view.Outcome.Bindings.Contains(key)).ToList();
        if (read.Count < projects.Count && known.Count == projects.Count && IsAlreadySettled(scope, known))
        {
            read = known;
        }

        var covered = CoveredServices(scope, read);
        var missing = scope.ServiceInstanceIds.Where(id => covered.All(service => service.ServiceInstanceId != id)).ToList();
        if (read.Count < projects.Count && (scope.PlanScope == PlanScope.Space || missing.Count > 0))
        {
            return InProgress("Waiting for Aiven to say which services there are; this is tried again until it answers.", covered);
        }
        var unsettled = covered.Where(service => !service.Condition.IsSettled).ToList();
        if (unsettled.Count > 0)
        {
            return InProgress(
                JoinMessages($"{covered.Count - unsettled.Count} of {CountOfServices(covered.Count)} ready.", unsettled),
                covered
            );
        }

        var summary = Summarize(covered, missing.Count);
        if (scope.PlanScope == PlanScope.Services && !covered.Any(service => ConditionReasons.MayDeliver(service.Condition.Reason)))
        {
            return new(OperationState.Failed, summary, covered);
        }
        if (waitsForSamples && covered.Any(service => service.Condition.Reason == ConditionReasons.WaitingForMetrics))
        {
            return InProgress(summary, covered);
        }
        return gateways.IsComplete
            ? new(OperationState.Succeeded, summary, covered)
            : InProgress(DescribePendingGateways(gateways), covered);
    }

    /// <summary>
    /// True when no cycle could tell more: each covered service was settled a moment ago because others need it too, or because no
    /// cycle runs that could take it down.
    /// </summary>
    private static bool IsAlreadySettled(BindingScope scope, List<ProjectView> views)
    {
        if (!views.All(view => view.IsFresh))
        {
            return false;
        }
        var ready = views
            .SelectMany(view =>
                view.Outcome.Services.Where(service => Covers(scope, service))
                    .Select(service =>
                        service.Condition.IsSettled
                        && service.Condition.Reason != ConditionReasons.NotNeeded
                        && (service.IsNeeded || !view.IsCycleRunning)
                    )
            )
            .ToList();
        var covered = CoveredServices(scope, views);
        return ready.Count > 0
            && ready.TrueForAll(settled => settled)
            && covered.Any(service => ConditionReasons.MayDeliver(service.Condition.Reason))
            && scope.ServiceInstanceIds.All(id => covered.Any(service => service.ServiceInstanceId == id));
    }

    private static List<ServiceCondition> CoveredServices(BindingScope scope, List<ProjectView> views) =>
        [
            .. views
                .SelectMany(view => view.Outcome.Services)
                .Where(service => Covers(scope, service))
                .OrderBy(service => service.Service.ServiceName, StringComparer.Ordinal),
        ];

    private static bool Covers(BindingScope scope, ServiceCondition service) =>
        service.Owner == scope.Owner
        && (
            scope.PlanScope == PlanScope.Space
            || (service.ServiceInstanceId is { } id && scope.ServiceInstanceIds.Contains(id, StringComparer.Ordinal))
        );

    private static BindingProgress InProgress(string description, List<ServiceCondition> covered) =>
        new(OperationState.InProgress, description, covered);

    private static string DescribePendingGateways(AcknowledgementCount gateways) =>
        gateways.Present == 0
            ? "No gateway has asked for credentials yet: ask the operator."
            : $"Waiting for the gateways to accept the credential ({gateways.Acknowledged} of {gateways.Present} {(gateways.Acknowledged == 1 ? "has" : "have")}).";

    private static string Summarize(List<ServiceCondition> covered, int missing)
    {
        if (covered.Count == 0 && missing == 0)
        {
            return "There is no Aiven service in this space yet; the metrics of those to come appear by themselves.";
        }
        var delivering = covered.Count(service => service.Condition.Reason == ConditionReasons.Integrated);
        var first =
            $"{delivering} of {CountOfServices(covered.Count + missing)} {(delivering == 1 || covered.Count + missing == 1 ? "delivers" : "deliver")} metrics.";
        var gone = missing switch
        {
            0 => "",
            1 => " One of the named services is gone.",
            _ => $" {missing} of the named services are gone.",
        };
        return JoinMessages(first + gone, [.. covered.Where(service => service.Condition.Reason != ConditionReasons.Integrated)]);
    }

    private static string CountOfServices(int count) => count == 1 ? "1 service" : $"{count} services";

    private static string JoinMessages(string first, List<ServiceCondition> services)
    {
        var reasons = services.Take(MaximumReasons).Select(service => service.Condition.Message);
        var rest = services.Count - MaximumReasons;
        return string.Join(' ', [first, .. reasons, .. rest > 0 ? new[] { $"And {rest} more." } : []]);
    }
}
