using System.Text.Json;
using AivenMetrics.Broker.Catalog;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>Creates the record of a new binding: covered services, validity and secret.</summary>
internal sealed class BindingFactory(
    BindingStore bindings,
    ServiceResolver resolver,
    BindingSecrets secrets,
    CredentialLifetimePolicy lives,
    TimeProvider time
)
{
    private const string InitialDescription = "Waiting for the metrics of the services.";

    /// <summary>Creates the record for a request. Writes nothing.</summary>
    /// <exception cref="OsbException">
    /// The plan is not that of the instance, a service does not belong to the owner, or the predecessor cannot be replaced.
    /// </exception>
    public Task<BindingRecord> CreateAsync(
        InstanceRecord instance,
        BindingId id,
        BindCommand command,
        CancellationToken cancellationToken
    ) =>
        command.Predecessor is { } predecessor
            ? CreateForRotationAsync(instance, id, command, predecessor, cancellationToken)
            : CreateForBindAsync(instance, id, command, command.Parameters!, cancellationToken);

    private async Task<BindingRecord> CreateForBindAsync(
        InstanceRecord instance,
        BindingId id,
        BindCommand command,
        PlanParameters parameters,
        CancellationToken cancellationToken
    )
    {
        if (command.ServiceId != instance.ServiceId || command.PlanId != instance.PlanId)
        {
            throw new OsbException(OsbErrors.PlanMismatch);
        }
        var now = time.GetUtcNow();
        var life = lives.ForNewCredential(parameters.ExpiresIn, now);
        var names =
            instance.PlanScope == PlanScope.Space ? [] : parameters.Services ?? StoredParameters.DefaultServices(instance.Parameters);
        if (instance.PlanScope == PlanScope.Services && names.Count == 0)
        {
            throw new OsbException(OsbErrors.ServicesRequired);
        }
        var services = await resolver.ResolveAsync(instance.Owner, names, cancellationToken);
        return CreateRecord(instance, id, instance.PlanId, instance.PlanScope, command.ReplayKey, services, life, now);
    }

    /// <summary>
    /// Uses plan, parameters and services of the predecessor (docs/osb-conformance.md 107). Both bindings stay valid
    /// (docs/osb-conformance.md 106).
    /// </summary>
    private async Task<BindingRecord> CreateForRotationAsync(
        InstanceRecord instance,
        BindingId id,
        BindCommand command,
        BindingId predecessorId,
        CancellationToken cancellationToken
    )
    {
        var now = time.GetUtcNow();
        var predecessor = await bindings.FindAsync(instance.InstanceId, predecessorId, cancellationToken);
        if (ValidatePredecessor(predecessor, instance, now) is { } error)
        {
            throw new OsbException(OsbErrors.InvalidPredecessor(error));
        }
        if (
            (command.ServiceId is not null && command.ServiceId != instance.ServiceId)
            || (command.PlanId is not null && command.PlanId != instance.PlanId && command.PlanId != predecessor!.PlanId)
        )
        {
            throw new OsbException(OsbErrors.PlanMismatch);
        }

        using var request = JsonDocument.Parse(predecessor!.Request);
        var parameters = request.RootElement.GetProperty("parameters").Clone();
        var replayKey = command.WithPredecessorParameters(parameters);
        if (OsbFields.CanonicalJson(replayKey.Parameters) != OsbFields.CanonicalJson(parameters))
        {
            throw new OsbException(OsbErrors.RotationParametersMismatch);
        }
        return CreateRecord(
            instance,
            id,
            predecessor.PlanId,
            predecessor.PlanScope,
            replayKey,
            predecessor.ServiceInstanceIds,
            lives.ForRotation(StoredParameters.Lifetime(parameters), now),
            now
        );
    }

    private static string? ValidatePredecessor(BindingRecord? predecessor, InstanceRecord instance, DateTimeOffset now) =>
        predecessor switch
        {
            null => "names no binding of this service instance",
            { OperationState: OperationState.InProgress } => "names a binding that is still being created. Retry when it is complete",
            { OperationState: OperationState.Failed } => "names a binding that failed. Create a new binding without a predecessor",
            { Validity: { } life } when life.ExpiresAt <= now =>
                "names a binding that has expired. Create a new binding without a predecessor",
            // The predecessor stays valid, but its scope is not granted again after the plan no longer includes it.
            { PlanScope: PlanScope.Space } when instance.PlanScope == PlanScope.Services =>
                "names a binding that covers the whole space, which the plan of the service instance no longer includes. "
                    + "Create a new binding without a predecessor",
            _ => null,
        };

    private BindingRecord CreateRecord(
        InstanceRecord instance,
        BindingId id,
        string planId,
        PlanScope scope,
        BindReplayKey replayKey,
        IReadOnlyList<string> services,
        CredentialValidity? life,
        DateTimeOffset now
    )
    {
        var secret = secrets.Generate();
        return new BindingRecord(
            instance.InstanceId,
            id,
            planId,
            scope,
            replayKey.ToCanonicalJson(),
            secret.Username,
            secret.Sha256,
            secret.Protected,
            services,
            BindingSecrets.GenerateOperation(),
            OperationState.InProgress,
            InitialDescription,
            null,
            now,
            replayKey.PredecessorBindingId is { } predecessor ? new BindingId(predecessor) : null,
            life
        );
    }
}
