using AivenMetrics.Broker.Catalog;
using AivenMetrics.Broker.State;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.Osb;

/// <summary>
/// Handles requests for ServiceInstances. An instance is a database row only, so all operations are synchronous. Each change and its audit
/// entry are one transaction.
/// </summary>
internal sealed class InstanceHandlers(
    ServiceCatalog catalog,
    InstanceStore instances,
    ServiceResolver resolver,
    InstanceResponseFactory responses,
    StateSignals signals,
    TimeProvider time,
    ILogger<InstanceHandlers> logger
)
{
    public async Task<OsbResponse> ProvisionAsync(OsbRequest request)
    {
        var id = request.InstanceId;
        _ = request.AcceptsIncomplete;
        var command = ProvisionCommand.Read(catalog, id, await request.ReadJsonAsync(OsbJson.Default.ProvisionRequest), time.GetUtcNow());
        var instance = command.Instance;

        // An existing instance is checked first: a repetition does not access the inventory, and a different request with the same id is a
        // conflict.
        if (await instances.FindAsync(id, request.RequestAborted) is { } existing)
        {
            return await ReplayAsync(existing, command, request.RequestAborted);
        }
        if (command.MismatchedField is { } field)
        {
            throw new OsbException(OsbErrors.ContextMismatch(field));
        }
        await resolver.ResolveAsync(instance.Owner, command.Services, request.RequestAborted);

        var entry = AuditEntry(
            request,
            "Provision",
            $"Plan {instance.PlanScope.ToText()} for organization {instance.Owner.OrganizationId} and space {instance.Owner.SpaceId}."
        );
        if (!await instances.TryInsertAsync(instance, entry, request.RequestAborted))
        {
            return await ReplayAsync(
                await instances.FindAsync(id, request.RequestAborted) ?? throw new OsbException(OsbErrors.ConcurrencyError),
                command,
                request.RequestAborted
            );
        }

        logger.Provisioned(id.Value, instance.Owner.OrganizationId, instance.Owner.SpaceId);
        NotifyChanged();
        return responses.CreateChangeResponse(201, instance);
    }

    public async Task<OsbResponse> FetchAsync(OsbRequest request) => responses.CreateFetchResponse(await FindAsync(request));

    public async Task<OsbResponse> LastOperationAsync(OsbRequest request)
    {
        await FindAsync(request);
        return OsbResponse.Json(
            200,
            new LastOperationResponse(OperationState.Succeeded.ToText(), null),
            OsbJson.Wire.LastOperationResponse
        );
    }

    public async Task<OsbResponse> UpdateAsync(OsbRequest request)
    {
        var id = request.InstanceId;
        _ = request.AcceptsIncomplete;
        var command = UpdateCommand.Read(catalog, await request.ReadJsonAsync(OsbJson.Default.UpdateRequest));
        var instance = await FindAsync(request);
        var plan = command.ResolvePlan(catalog, instance);
        // The services are resolved before the transaction, which must not wait for Aiven.
        await resolver.ResolveAsync(command.Context.ResolveUpdatedOwner(instance), plan.Parameters?.Services ?? [], request.RequestAborted);

        var changes = "";
        var now = time.GetUtcNow();
        var updated = await instances.UpdateAsync(
            id,
            current => command.Apply(current, plan, now),
            (before, after) => AuditEntry(request, "Update", changes = InstanceChanges.Describe(before, after)),
            request.RequestAborted
        ) ?? throw new OsbException(OsbErrors.InstanceNotFound);

        logger.Updated(id.Value, changes);
        NotifyChanged();
        return responses.CreateChangeResponse(200, updated);
    }

    public async Task<OsbResponse> DeprovisionAsync(OsbRequest request)
    {
        var id = request.InstanceId;
        _ = request.AcceptsIncomplete;
        var (service, plan) = (request.RequiredQueryValue("service_id"), request.RequiredQueryValue("plan_id"));
        var existing = await instances.FindAsync(id, request.RequestAborted) ?? throw new OsbException(OsbErrors.InstanceGone);
        if (service != existing.ServiceId || plan != existing.PlanId)
        {
            throw new OsbException(OsbErrors.PlanMismatch);
        }

        switch (await instances.DeleteAsync(id, AuditEntry(request, "Deprovision", "Deleted."), request.RequestAborted))
        {
            case DeleteInstanceResult.HasBindings:
                throw new OsbException(OsbErrors.HasBindings);
            case DeleteInstanceResult.NotFound:
                throw new OsbException(OsbErrors.InstanceGone);
            default:
                logger.Deprovisioned(id.Value);
                NotifyChanged();
                return OsbResponse.EmptyObject(200);
        }
    }

    private async Task<OsbResponse> ReplayAsync(InstanceRecord existing, ProvisionCommand command, CancellationToken cancellationToken)
    {
        if (!command.Matches(existing))
        {
            throw new OsbException(OsbErrors.InstanceConflict);
        }
        if (command.MismatchedField is { } field)
        {
            throw new OsbException(OsbErrors.ContextMismatch(field));
        }
        return responses.CreateChangeResponse(
            200,
            await instances.ApplyContextAsync(existing, command.Context.Update, time.GetUtcNow(), cancellationToken)
        );
    }

    private async Task<InstanceRecord> FindAsync(OsbRequest request) =>
        await instances.FindAsync(request.InstanceId, request.RequestAborted) ?? throw new OsbException(OsbErrors.InstanceNotFound);

    private AuditRecord AuditEntry(OsbRequest request, string action, string description) =>
        new(time.GetUtcNow(), action, request.InstanceId, null, request.Actor, AuditResult.Succeeded, description);

    /// <summary>
    /// Wakes the reconciler, whose desired state may have changed, and the feeds, whose labels and scopes may have changed.
    /// </summary>
    private void NotifyChanged()
    {
        signals.DesiredStateChanged.Notify();
        signals.ObservedStateChanged.Notify();
    }
}
