using System.Text.Json;
using AivenMetrics.Broker.Catalog;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>Makes the row of a new binding: what it covers, how long it lives, and its secret.</summary>
internal sealed class BindingMaker(
    BindingStore bindings, ServiceResolver resolver, BindingSecrets secrets, CredentialLives lives, TimeProvider time)
{
    private const string Begun = "Waiting until the metrics of the services are collected.";

    /// <summary>The row for a request, which nothing is written of yet.</summary>
    /// <exception cref="OsbRefusal">The plan is not the instance's, a service is not its owner's, or the predecessor cannot be replaced.</exception>
    public Task<BindingRecord> Make(InstanceRecord instance, BindingId id, BindWish wanted, CancellationToken ct) =>
        wanted.Predecessor is { } predecessor
            ? Rotate(instance, id, wanted, predecessor, ct)
            : Bind(instance, id, wanted, wanted.Parameters!, ct);

    private async Task<BindingRecord> Bind(
        InstanceRecord instance, BindingId id, BindWish wanted, PlanParameters parameters, CancellationToken ct)
    {
        if (wanted.ServiceId != instance.ServiceId || wanted.PlanId != instance.PlanId)
            throw new OsbRefusal(OsbErrors.OtherPlan);
        var now = time.GetUtcNow();
        var life = lives.New(parameters.ExpiresIn, now);
        var names = instance.PlanScope == PlanScope.Space ? [] : parameters.Services ?? BindParameters.DefaultServices(instance.Parameters);
        if (instance.PlanScope == PlanScope.Services && names.Count == 0)
            throw new OsbRefusal(OsbErrors.NoServices);
        var services = await resolver.Resolve(instance.Owner, names, ct);
        return Row(instance, id, instance.PlanId, instance.PlanScope, wanted.Identity, services, life, now);
    }

    /// <summary>The plan, the parameters and the services are the predecessor's (107); both stay valid (106).</summary>
    private async Task<BindingRecord> Rotate(
        InstanceRecord instance, BindingId id, BindWish wanted, BindingId predecessorId, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var predecessor = await bindings.Find(instance.InstanceId, predecessorId, ct);
        if (Fault(predecessor, instance, now) is { } fault)
            throw new OsbRefusal(OsbErrors.Predecessor(fault));
        if ((wanted.ServiceId is not null && wanted.ServiceId != instance.ServiceId)
            || (wanted.PlanId is not null && wanted.PlanId != instance.PlanId && wanted.PlanId != predecessor!.PlanId))
            throw new OsbRefusal(OsbErrors.OtherPlan);

        using var kept = JsonDocument.Parse(predecessor!.Request);
        var parameters = kept.RootElement.GetProperty("parameters").Clone();
        var identity = wanted.Rotated(parameters);
        if (OsbFields.Canonical(identity.Parameters) != OsbFields.Canonical(parameters))
            throw new OsbRefusal(OsbErrors.RotationParameters);
        return Row(
            instance, id, predecessor.PlanId, predecessor.PlanScope, identity, predecessor.ServiceInstanceIds,
            lives.Carried(BindParameters.Life(parameters), now), now);
    }

    private static string? Fault(BindingRecord? predecessor, InstanceRecord instance, DateTimeOffset now) => predecessor switch
    {
        null => "names no binding of this service instance",
        { OperationState: OperationState.InProgress } => "names a binding that is still being created: wait until it is done",
        { OperationState: OperationState.Failed } => "names a binding that failed",
        { Life: { } life } when life.ExpiresAt <= now => "names a binding that has expired: make a new one without a predecessor",
        // It may live on, but what the plan no longer gives is not given anew.
        { PlanScope: PlanScope.Space } when instance.PlanScope == PlanScope.Services =>
            "names a binding that shows the whole space, which the plan of the service instance no longer does: make a new one without a predecessor",
        _ => null,
    };

    private BindingRecord Row(
        InstanceRecord instance, BindingId id, string planId, PlanScope scope, BindIdentity identity, IReadOnlyList<string> services,
        CredentialLife? life, DateTimeOffset now)
    {
        var secret = secrets.New();
        return new BindingRecord(
            instance.InstanceId,
            id,
            planId,
            scope,
            identity.Text(),
            secret.Username,
            secret.Sha256,
            secret.Protected,
            services,
            BindingSecrets.NewOperation(),
            OperationState.InProgress,
            Begun,
            null,
            now,
            identity.PredecessorBindingId is { } predecessor ? new BindingId(predecessor) : null,
            life);
    }
}
