using AivenMetrics.Broker.Catalog;
using AivenMetrics.Broker.State;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.Osb;

/// <summary>
/// ServiceInstances. An instance is a row and nothing else, so all of it is synchronous: each change is one
/// transaction with its entry in the audit trail.
/// </summary>
internal sealed class InstanceHandlers(
    ServiceCatalog catalog,
    InstanceStore instances,
    ServiceResolver resolver,
    InstanceView view,
    StateSignals signals,
    TimeProvider time,
    ILogger<InstanceHandlers> logger)
{
    public async Task<OsbAnswer> Provision(OsbRequest request)
    {
        var id = request.InstanceId;
        _ = request.AcceptsIncomplete;
        var wanted = ProvisionWish.Read(catalog, id, await request.Body(OsbJson.Default.ProvisionRequest), time.GetUtcNow());
        var instance = wanted.Instance;

        // What exists decides first: a replay needs no look at Aiven, and another request of its id is a conflict before all else.
        if (await instances.Find(id, request.Aborted) is { } existing)
            return await Replay(existing, wanted, request.Aborted);
        if (wanted.Contradiction is { } field)
            throw new OsbRefusal(OsbErrors.Contradiction(field));
        await resolver.Resolve(instance.Owner, wanted.Services, request.Aborted);

        var entry = Entry(
            request,
            "Provision",
            $"Plan {instance.PlanScope.Word()} for organization {instance.Owner.OrganizationId} and space {instance.Owner.SpaceId}.");
        if (!await instances.TryInsert(instance, entry, request.Aborted))
            return await Replay(
                await instances.Find(id, request.Aborted) ?? throw new OsbRefusal(OsbErrors.Changed), wanted, request.Aborted);

        logger.Provisioned(id.Value, instance.Owner.OrganizationId, instance.Owner.SpaceId);
        Changed();
        return view.Changed(201, instance);
    }

    public async Task<OsbAnswer> Fetch(OsbRequest request) => view.Fetched(await Find(request));

    public async Task<OsbAnswer> LastOperation(OsbRequest request)
    {
        await Find(request);
        return OsbAnswer.Json(200, new LastOperationResponse(OperationState.Succeeded.Word(), null), OsbJson.Wire.LastOperationResponse);
    }

    public async Task<OsbAnswer> Update(OsbRequest request)
    {
        var id = request.InstanceId;
        _ = request.AcceptsIncomplete;
        var wanted = UpdateWish.Read(catalog, await request.Body(OsbJson.Default.UpdateRequest));
        var instance = await Find(request);
        var plan = wanted.Plan(catalog, instance);
        // The services are looked for before the transaction, which must not wait for Aiven.
        await resolver.Resolve(wanted.Context.Follow(instance), plan.Parameters?.Services ?? [], request.Aborted);

        var changes = "";
        var now = time.GetUtcNow();
        var updated = await instances.Update(
            id,
            current => wanted.Apply(current, plan, now),
            (before, after) => Entry(request, "Update", changes = InstanceChanges.Describe(before, after)),
            request.Aborted) ?? throw new OsbRefusal(OsbErrors.NoSuchInstance);

        logger.Updated(id.Value, changes);
        Changed();
        return view.Changed(200, updated);
    }

    public async Task<OsbAnswer> Deprovision(OsbRequest request)
    {
        var id = request.InstanceId;
        _ = request.AcceptsIncomplete;
        var (service, plan) = (request.RequiredQuery("service_id"), request.RequiredQuery("plan_id"));
        var existing = await instances.Find(id, request.Aborted) ?? throw new OsbRefusal(OsbErrors.InstanceGone);
        if (service != existing.ServiceId || plan != existing.PlanId)
            throw new OsbRefusal(OsbErrors.OtherPlan);

        switch (await instances.Delete(id, Entry(request, "Deprovision", "Deleted."), request.Aborted))
        {
            case DeleteInstanceResult.HasBindings:
                throw new OsbRefusal(OsbErrors.HasBindings);
            case DeleteInstanceResult.NotFound:
                throw new OsbRefusal(OsbErrors.InstanceGone);
            default:
                logger.Deprovisioned(id.Value);
                Changed();
                return OsbAnswer.Nothing(200);
        }
    }

    private async Task<OsbAnswer> Replay(InstanceRecord existing, ProvisionWish wanted, CancellationToken ct)
    {
        if (!wanted.IsSame(existing))
            throw new OsbRefusal(OsbErrors.InstanceConflict);
        if (wanted.Contradiction is { } field)
            throw new OsbRefusal(OsbErrors.Contradiction(field));
        return view.Changed(200, await instances.TellNames(existing, wanted.Context.Told, time.GetUtcNow(), ct));
    }

    private async Task<InstanceRecord> Find(OsbRequest request) =>
        await instances.Find(request.InstanceId, request.Aborted) ?? throw new OsbRefusal(OsbErrors.NoSuchInstance);

    private AuditRecord Entry(OsbRequest request, string action, string description) =>
        new(time.GetUtcNow(), action, request.InstanceId, null, request.Actor, AuditResult.Succeeded, description);

    /// <summary>What is wanted may have changed for the reconciler, and labels and scopes for the feeds.</summary>
    private void Changed()
    {
        signals.Intent.Notify();
        signals.Result.Notify();
    }
}
