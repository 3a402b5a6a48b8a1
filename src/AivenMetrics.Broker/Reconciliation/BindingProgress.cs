using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>Identifies a binding and the services that it covers. A binding of the same id for other services has another key.</summary>
internal readonly record struct BindingKey(InstanceId Instance, BindingId Binding, string ServiceInstanceIds)
{
    public static BindingKey For(BindingScope scope) => new(scope.InstanceId, scope.BindingId, string.Join('\n', scope.ServiceInstanceIds));
}

/// <summary>The outcome of the last successful cycle of a project.</summary>
/// <param name="Bindings">Bindings that were live when the cycle started. Their services were needed in this cycle.</param>
/// <param name="Services">All services of the project with their conditions.</param>
internal sealed record CycleOutcome(IReadOnlySet<BindingKey> Bindings, IReadOnlyList<ServiceCondition> Services);

/// <summary>A project as seen by the evaluation.</summary>
/// <param name="Outcome">Outcome of the last successful cycle.</param>
/// <param name="IsFresh">True if the outcome is recent enough to decide a newer bind.</param>
/// <param name="IsCycleRunning">
/// True if a cycle is running that may not include the bind. It may remove integrations that no other binding needs.
/// </param>
internal sealed record ProjectView(CycleOutcome Outcome, bool IsFresh = false, bool IsCycleRunning = false);

/// <summary>The progress of a bind.</summary>
/// <param name="State">Succeeded, failed or in progress.</param>
/// <param name="Description">Description for the tenant, in one or two sentences.</param>
/// <param name="Covered">The covered services, sorted by name.</param>
internal sealed record BindingProgress(OperationState State, string Description, IReadOnlyList<ServiceCondition> Covered)
{
    private const int MaximumReasons = 5;

    /// <summary>
    /// Evaluates a bind (docs/decisions/0004-when-a-bind-has-succeeded.md). It succeeds when every covered service has an integration or a
    /// known reason for having none, and all gateways have acknowledged its credential. It fails if it names services and none of them can
    /// deliver metrics. Otherwise it is in progress.
    /// </summary>
    /// <param name="scope">Scope of the binding.</param>
    /// <param name="projects">All configured projects with their last successful outcome; null: none yet.</param>
    /// <param name="gateways">Acknowledgements of the credential by the gateways.</param>
    /// <param name="waitsForSamples">True: the bind waits until every running service delivers metrics.</param>
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
            return InProgress("Waiting for the list of services from Aiven. The request is being retried.", covered);
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
    /// Returns true if no further cycle can change the evaluation. Every covered service must be settled. In addition, other bindings must
    /// need it, or no running cycle may remove its integration.
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
            ? "No gateway has polled for credentials yet. Contact the operator."
            : $"Waiting for the gateways to accept the credential ({gateways.Acknowledged} of {gateways.Present} "
                + $"{(gateways.Acknowledged == 1 ? "has" : "have")}).";

    private static string Summarize(List<ServiceCondition> covered, int missing)
    {
        if (covered.Count == 0 && missing == 0)
        {
            return "The space has no Aiven service yet. Metrics of new services appear automatically.";
        }
        var delivering = covered.Count(service => service.Condition.Reason == ConditionReasons.Integrated);
        var first =
            $"{delivering} of {CountOfServices(covered.Count + missing)} "
            + $"{(delivering == 1 || covered.Count + missing == 1 ? "delivers" : "deliver")} metrics.";
        var gone = missing switch
        {
            0 => "",
            1 => " One of the named services no longer exists.",
            _ => $" {missing} of the named services no longer exist.",
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
