using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>The input of a plan, which is a pure function of it.</summary>
internal sealed record ReconcileInput(
    AivenOptions Options,
    DateTimeOffset Now,
    DesiredServices Desired,
    ObservedProject Observed,
    RecordedProject Recorded
);

/// <summary>The observed state of a project at Aiven.</summary>
/// <param name="Services">Services from the list request of the cycle, with the changes made in this cycle.</param>
/// <param name="EligibleTypes">Service types that support a <c>prometheus</c> integration.</param>
/// <param name="Endpoints">Integration endpoints; null: not listed in this cycle.</param>
internal sealed record ObservedProject(
    IReadOnlyList<AivenService> Services,
    IReadOnlySet<string> EligibleTypes,
    IReadOnlyList<AivenEndpoint>? Endpoints
);

/// <summary>The recorded state of a project: database rows, and what was learned in this cycle.</summary>
/// <param name="Record">Row of the project; null: none yet.</param>
/// <param name="Integrations">Integration rows by service name.</param>
/// <param name="Previous">Services after the last cycle, by name. Their reasons apply during a backoff.</param>
/// <param name="Problems">Conditions of services whose steps failed in this cycle, by name.</param>
/// <param name="EndpointNeedsCheck">True if the endpoint may be missing, or was not checked for a long time.</param>
/// <param name="EndpointFailed">True if the creation of the endpoint failed in this cycle.</param>
internal sealed record RecordedProject(
    AivenProjectRecord? Record,
    IReadOnlyDictionary<string, IntegrationRecord> Integrations,
    IReadOnlyDictionary<string, AivenServiceRecord> Previous,
    IReadOnlyDictionary<string, Condition> Problems,
    bool EndpointNeedsCheck,
    bool EndpointFailed
);

/// <summary>The services that live bindings cover, or all eligible ones, depending on the mode.</summary>
internal sealed class DesiredServices
{
    private readonly HashSet<OwningSpace> _spaces = [];
    private readonly HashSet<(OwningSpace Owner, string ServiceInstanceId)> _services = [];
    private readonly AivenMode _mode;

    public DesiredServices(IEnumerable<BindingScope> scopes, AivenMode mode)
    {
        _mode = mode;
        foreach (var scope in scopes)
        {
            if (scope.PlanScope == PlanScope.Space)
            {
                _spaces.Add(scope.Owner);
            }
            else
            {
                _services.UnionWith(scope.ServiceInstanceIds.Select(id => (scope.Owner, id)));
            }
        }
    }

    /// <summary>
    /// Returns true if a service with these tags must be integrated. Services without an owner are not covered by bindings.
    /// </summary>
    public bool Includes(OwningSpace? owner, string? serviceInstanceId) =>
        _mode == AivenMode.AllEligible
        || (
            owner is { } space
            && (_spaces.Contains(space) || (serviceInstanceId is not null && _services.Contains((space, serviceInstanceId))))
        );
}
