using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>Which binding, and what it covers: an id that was unbound and bound anew for other services is another one.</summary>
internal readonly record struct BindingKey(InstanceId Instance, BindingId Binding, string ServiceInstanceIds)
{
    public static BindingKey Of(BindingScope scope) =>
        new(scope.InstanceId, scope.BindingId, string.Join('\n', scope.ServiceInstanceIds));
}

/// <summary>The last good cycle of a project.</summary>
/// <param name="Bindings">The bindings that were live when the cycle began: what they cover was taken as needed.</param>
/// <param name="Services">Every service of the project with its condition.</param>
internal sealed record ProjectOutcome(IReadOnlySet<BindingKey> Bindings, IReadOnlyList<ServiceCondition> Services);

/// <summary>A project as a decision sees it.</summary>
/// <param name="Outcome">Of its last good cycle.</param>
/// <param name="IsFresh">That cycle is young enough to decide about a bind that came after it.</param>
/// <param name="IsRunning">A cycle runs now that may not know the bind: it may take down what nobody else needs.</param>
internal sealed record ProjectView(ProjectOutcome Outcome, bool IsFresh = false, bool IsRunning = false);

/// <summary>How far a bind is.</summary>
/// <param name="State">Succeeded, failed or still in progress.</param>
/// <param name="Description">A sentence or two for the tenant.</param>
/// <param name="Covered">The services that it covers, sorted by name.</param>
internal sealed record BindingProgress(OperationState State, string Description, IReadOnlyList<ServiceCondition> Covered)
{
    private const int MostReasons = 5;

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
    public static BindingProgress Of(
        BindingScope scope, IReadOnlyCollection<ProjectView?> projects, GatewayAcceptance gateways, bool waitsForSamples = false)
    {
        var key = BindingKey.Of(scope);
        var known = projects.OfType<ProjectView>().ToList();
        var read = known.Where(view => view.Outcome.Bindings.Contains(key)).ToList();
        if (read.Count < projects.Count && known.Count == projects.Count && IsSettledAlready(scope, known))
            read = known;

        var covered = CoveredBy(scope, read);
        var missing = scope.ServiceInstanceIds.Where(id => covered.All(service => service.ServiceInstanceId != id)).ToList();
        if (read.Count < projects.Count && (scope.PlanScope == PlanScope.Space || missing.Count > 0))
            return Waiting("Waiting for Aiven to say which services there are; this is tried again until it answers.", covered);
        var unsettled = covered.Where(service => !service.Condition.Settled).ToList();
        if (unsettled.Count > 0)
            return Waiting(Sentences($"{covered.Count - unsettled.Count} of {Services(covered.Count)} ready.", unsettled), covered);

        var summary = Summary(covered, missing.Count);
        if (scope.PlanScope == PlanScope.Services && !covered.Any(service => Reasons.MayDeliver(service.Condition.Reason)))
            return new(OperationState.Failed, summary, covered);
        if (waitsForSamples && covered.Any(service => service.Condition.Reason == Reasons.WaitingForMetrics))
            return Waiting(summary, covered);
        return gateways.ByAll ? new(OperationState.Succeeded, summary, covered) : Waiting(Missing(gateways), covered);
    }

    /// <summary>
    /// True when no cycle could tell more: each covered service was settled a moment ago because others need it too, or because no
    /// cycle runs that could take it down.
    /// </summary>
    private static bool IsSettledAlready(BindingScope scope, List<ProjectView> views)
    {
        if (!views.All(view => view.IsFresh))
            return false;
        var ready = views.SelectMany(view => view.Outcome.Services.Where(service => Covers(scope, service)).Select(service =>
            service.Condition.Settled && service.Condition.Reason != Reasons.NotNeeded && (service.Needed || !view.IsRunning))).ToList();
        var covered = CoveredBy(scope, views);
        return ready.Count > 0
            && ready.TrueForAll(settled => settled)
            && covered.Any(service => Reasons.MayDeliver(service.Condition.Reason))
            && scope.ServiceInstanceIds.All(id => covered.Any(service => service.ServiceInstanceId == id));
    }

    private static List<ServiceCondition> CoveredBy(BindingScope scope, List<ProjectView> views) =>
        [.. views.SelectMany(view => view.Outcome.Services).Where(service => Covers(scope, service))
            .OrderBy(service => service.Service.ServiceName, StringComparer.Ordinal)];

    private static bool Covers(BindingScope scope, ServiceCondition service) =>
        service.Owner == scope.Owner
        && (scope.PlanScope == PlanScope.Space
            || (service.ServiceInstanceId is { } id && scope.ServiceInstanceIds.Contains(id, StringComparer.Ordinal)));

    private static BindingProgress Waiting(string description, List<ServiceCondition> covered) =>
        new(OperationState.InProgress, description, covered);

    private static string Missing(GatewayAcceptance gateways) => gateways.Seen == 0
        ? "No gateway has asked for credentials yet: ask the operator."
        : $"Waiting for the gateways to accept the credential ({gateways.Accepted} of {gateways.Seen} {(gateways.Accepted == 1 ? "has" : "have")}).";

    private static string Summary(List<ServiceCondition> covered, int missing)
    {
        if (covered.Count == 0 && missing == 0)
            return "There is no Aiven service in this space yet; the metrics of those to come appear by themselves.";
        var delivering = covered.Count(service => service.Condition.Reason == Reasons.Integrated);
        var first = $"{delivering} of {Services(covered.Count + missing)} {(delivering == 1 || covered.Count + missing == 1 ? "delivers" : "deliver")} metrics.";
        var gone = missing switch
        {
            0 => "",
            1 => " One of the named services is gone.",
            _ => $" {missing} of the named services are gone.",
        };
        return Sentences(first + gone, [.. covered.Where(service => service.Condition.Reason != Reasons.Integrated)]);
    }

    private static string Services(int count) => count == 1 ? "1 service" : $"{count} services";

    private static string Sentences(string first, List<ServiceCondition> services)
    {
        var reasons = services.Take(MostReasons).Select(service => service.Condition.Message);
        var rest = services.Count - MostReasons;
        return string.Join(' ', [first, .. reasons, .. rest > 0 ? new[] { $"And {rest} more." } : []]);
    }
}
