using System.Collections.Concurrent;
using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>
/// The state of one cycle. Steps record what they learned, so that the next plan of the cycle uses it without another request to Aiven.
/// Steps of different services run concurrently and change only their own entries.
/// </summary>
internal sealed class ProjectCycleState(AivenProject project, IReadOnlyList<AivenService> services, IReadOnlySet<string> eligibleTypes)
{
    private readonly ConcurrentDictionary<string, AivenService> _services = new(
        services
            .DistinctBy(service => service.ServiceName, StringComparer.Ordinal)
            .ToDictionary(service => service.ServiceName, StringComparer.Ordinal),
        StringComparer.Ordinal
    );

    private readonly ConcurrentDictionary<string, Condition> _problems = new(StringComparer.Ordinal);

    public AivenProject Project { get; } = project;

    /// <summary>The database record of the project. The step executor saves it.</summary>
    public AivenProjectRecord Record { get; set; } = new(project, null, null, null, null, null);

    public ConcurrentDictionary<string, IntegrationRecord> Integrations { get; } = new(StringComparer.Ordinal);

    public required IReadOnlyDictionary<string, AivenServiceRecord> Previous { get; init; }

    public IReadOnlyList<AivenEndpoint>? Endpoints { get; set; }

    public bool EndpointNeedsCheck { get; set; }

    public bool EndpointFailed { get; set; }

    /// <summary>True if Aiven already reported a conflict with an existing endpoint in this cycle.</summary>
    public bool EndpointConflict { get; set; }

    public ReconcileInput CreateInput(AivenOptions options, DesiredServices wanted, DateTimeOffset now) =>
        new(
            options,
            now,
            wanted,
            new ObservedProject(
                [.. _services.Values.OrderBy(service => service.ServiceName, StringComparer.Ordinal)],
                eligibleTypes,
                Endpoints
            ),
            new RecordedProject(Record, Integrations, Previous, _problems, EndpointNeedsCheck, EndpointFailed)
        );

    public void AddProblem(string service, Condition problem) => _problems[service] = problem;

    /// <summary>Records a new endpoint. Failures caused by the missing endpoint are cleared, so that the steps are retried.</summary>
    public void SetEndpoint(AivenEndpoint endpoint)
    {
        Record = Record with { EndpointId = endpoint.EndpointId };
        Endpoints = [.. (Endpoints ?? []).Where(other => other.EndpointId != endpoint.EndpointId), endpoint];
        _problems.Clear();
    }

    public void SetService(AivenService service) => _services[service.ServiceName] = service;

    public void AddIntegration(AivenService service, AivenIntegration integration) =>
        SetService(service with { ServiceIntegrations = [.. service.ServiceIntegrations ?? [], integration] });

    public void RemoveIntegration(AivenService service, string integrationId) =>
        SetService(
            service with
            {
                ServiceIntegrations = [.. (service.ServiceIntegrations ?? []).Where(row => row.ServiceIntegrationId != integrationId)],
            }
        );
}
