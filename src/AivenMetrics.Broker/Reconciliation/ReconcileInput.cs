using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>Everything that planning looks at; the plan is a pure function of it.</summary>
internal sealed record ReconcileInput(
    AivenOptions Options,
    DateTimeOffset Now,
    DesiredServices Desired,
    ObservedProject Observed,
    RecordedProject Recorded
);

/// <summary>What Aiven shows of a project.</summary>
/// <param name="Services">From the one list call of the cycle, with what creating calls of this cycle added.</param>
/// <param name="EligibleTypes">Service types that can have a <c>prometheus</c> integration.</param>
/// <param name="Endpoints">Null: not looked at in this cycle.</param>
internal sealed record ObservedProject(
    IReadOnlyList<AivenService> Services,
    IReadOnlySet<string> EligibleTypes,
    IReadOnlyList<AivenEndpoint>? Endpoints
);

/// <summary>What our database knows of a project, and what was learned in this cycle.</summary>
/// <param name="Record">Null: nothing yet.</param>
/// <param name="Integrations">Rows by service name.</param>
/// <param name="Previous">The services as the last cycle left them, by name: their reasons outlive a backoff.</param>
/// <param name="Problems">What went wrong with a service in this cycle, by name.</param>
/// <param name="EndpointNeedsCheck">Something suggests that our endpoint may be gone, or it was not checked for long.</param>
/// <param name="EndpointFailed">Making the endpoint failed in this cycle.</param>
internal sealed record RecordedProject(
    AivenProjectRecord? Record,
    IReadOnlyDictionary<string, IntegrationRecord> Integrations,
    IReadOnlyDictionary<string, AivenServiceRecord> Previous,
    IReadOnlyDictionary<string, Condition> Problems,
    bool EndpointNeedsCheck,
    bool EndpointFailed
);

/// <summary>Which services somebody wants to see, from all live bindings and the operator's mode.</summary>
internal sealed class DesiredServices
{
    private readonly HashSet<SpaceOwner> _spaces = [];
    private readonly HashSet<(SpaceOwner Owner, string ServiceInstanceId)> _services = [];
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

    /// <summary>True if a service with these tags must be integrated. A service without an owner is nobody's.</summary>
    public bool Includes(SpaceOwner? owner, string? serviceInstanceId) =>
        _mode == AivenMode.AllEligible
        || (
            owner is { } space
            && (_spaces.Contains(space) || (serviceInstanceId is not null && _services.Contains((space, serviceInstanceId))))
        );
}
