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

/// <summary>How far a bind is.</summary>
/// <param name="Done">True: it has succeeded.</param>
/// <param name="Description">A sentence or two for the tenant.</param>
internal sealed record BindingProgress(bool Done, string Description)
{
    private const int MostReasons = 5;

    /// <summary>
    /// Decides about a bind. It succeeds when for every service that it covers the integration is known to exist or it is
    /// known why there is none; it waits for Aiven otherwise, and while a project was not read since the bind.
    /// </summary>
    /// <param name="scope">What the binding covers.</param>
    /// <param name="projects">Every configured project with its last good outcome; null: none yet.</param>
    public static BindingProgress Of(BindingScope scope, IReadOnlyCollection<ProjectOutcome?> projects)
    {
        var key = BindingKey.Of(scope);
        var read = projects.OfType<ProjectOutcome>().Where(outcome => outcome.Bindings.Contains(key)).ToList();
        var covered = read.SelectMany(outcome => outcome.Services).Where(service => Covers(scope, service))
            .OrderBy(service => service.Service.ServiceName, StringComparer.Ordinal).ToList();
        var missing = scope.ServiceInstanceIds.Where(id => covered.All(service => service.ServiceInstanceId != id)).ToList();

        if (read.Count < projects.Count && (scope.PlanScope == PlanScope.Space || missing.Count > 0))
            return new(false, "Waiting for Aiven to say which services there are; this is tried again until it answers.");
        var unsettled = covered.Where(service => !service.Condition.Settled).ToList();
        return unsettled.Count > 0
            ? new(false, Sentences($"{covered.Count - unsettled.Count} of {Services(covered.Count)} ready.", unsettled))
            : new(true, Summary(covered, missing.Count));
    }

    private static bool Covers(BindingScope scope, ServiceCondition service) =>
        service.Owner == scope.Owner
        && (scope.PlanScope == PlanScope.Space
            || (service.ServiceInstanceId is { } id && scope.ServiceInstanceIds.Contains(id, StringComparer.Ordinal)));

    private static string Summary(List<ServiceCondition> covered, int missing)
    {
        if (covered.Count == 0 && missing == 0)
            return "There is no Aiven service in this space yet; the metrics of those to come appear by themselves.";
        var delivering = covered.Count(service => service.Condition.Reason == Reasons.Integrated);
        var opening = covered.Count(service => service.Condition.Reason == Reasons.WaitingForMetrics);
        var first = $"{delivering} of {Services(covered.Count + missing)} {(delivering == 1 ? "delivers" : "deliver")} metrics"
            + (opening == 0 ? "." : $", {opening} more {(opening == 1 ? "follows" : "follow")} in about a minute.");
        var gone = missing switch
        {
            0 => "",
            1 => " One of the named services is gone.",
            _ => $" {missing} of the named services are gone.",
        };
        return Sentences(first + gone, [.. covered.Where(service => service.Condition.Reason is not (Reasons.Integrated or Reasons.WaitingForMetrics))]);
    }

    private static string Services(int count) => count == 1 ? "1 service" : $"{count} services";

    private static string Sentences(string first, List<ServiceCondition> services)
    {
        var reasons = services.Take(MostReasons).Select(service => service.Condition.Message);
        var rest = services.Count - MostReasons;
        return string.Join(' ', [first, .. reasons, .. rest > 0 ? new[] { $"And {rest} more." } : []]);
    }
}
