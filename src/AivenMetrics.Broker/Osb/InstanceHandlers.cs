using System.Text.Json;
using AivenMetrics.Broker.Catalog;
using AivenMetrics.Broker.State;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.Osb;

/// <summary>ServiceInstances. A provision is a row and nothing else, so all of it is synchronous.</summary>
internal sealed class InstanceHandlers(
    ServiceCatalog catalog, InstanceStore instances, StateSignals signals, TimeProvider time, ILogger<InstanceHandlers> logger)
{
    private const string NoParameters = "{}";

    public async Task<OsbAnswer> Provision(OsbRequest request)
    {
        var id = request.InstanceId;
        _ = request.AcceptsIncomplete;
        var wanted = Read(id, await request.Body(OsbJson.Default.ProvisionRequest));

        if (await instances.TryInsert(wanted, request.Aborted))
        {
            logger.Provisioned(id.Value, wanted.Owner.OrganizationId, wanted.Owner.SpaceId);
            signals.Intent.Notify();
            signals.Result.Notify();
            return OsbAnswer.Nothing(201);
        }

        var existing = await instances.Find(id, request.Aborted) ?? throw new OsbRefusal(OsbErrors.Changed);
        return IsSame(existing, wanted) ? OsbAnswer.Nothing(200) : throw new OsbRefusal(OsbErrors.InstanceConflict);
    }

    public async Task<OsbAnswer> Fetch(OsbRequest request)
    {
        var instance = await Find(request);
        using var parameters = JsonDocument.Parse(instance.Parameters);
        var body = new InstanceResponse(instance.ServiceId, instance.PlanId, parameters.RootElement);
        return OsbAnswer.Json(200, body, OsbJson.Wire.InstanceResponse);
    }

    public async Task<OsbAnswer> LastOperation(OsbRequest request)
    {
        await Find(request);
        return OsbAnswer.Json(200, new LastOperationResponse(OperationState.Succeeded.Word(), null), OsbJson.Wire.LastOperationResponse);
    }

    public async Task<OsbAnswer> Update(OsbRequest request)
    {
        _ = request.AcceptsIncomplete;
        var body = await request.Body(OsbJson.Default.UpdateRequest);
        OsbFields.CheckService(catalog, body.ServiceId);
        OsbFields.Object(body.Context, "context");
        OsbFields.Object(body.PreviousValues, "previous_values");
        OsbFields.CheckMaintenanceInfo(body.MaintenanceInfo);
        if (body.PlanId is not null)
            OsbFields.CheckPlan(catalog, body.ServiceId, body.PlanId);
        var parameters = OsbFields.Object(body.Parameters, "parameters");

        var instance = await Find(request);
        var changes = (body.PlanId is not null && body.PlanId != instance.PlanId) || parameters?.EnumerateObject().Any() == true;
        return changes ? throw new OsbRefusal(OsbErrors.UpdateUnsupported) : OsbAnswer.Nothing(200);
    }

    public async Task<OsbAnswer> Deprovision(OsbRequest request)
    {
        var id = request.InstanceId;
        _ = request.AcceptsIncomplete;
        var (service, plan) = (request.RequiredQuery("service_id"), request.RequiredQuery("plan_id"));
        var existing = await instances.Find(id, request.Aborted) ?? throw new OsbRefusal(OsbErrors.InstanceGone);
        if (service != existing.ServiceId || plan != existing.PlanId)
            throw new OsbRefusal(OsbErrors.OtherPlan);

        switch (await instances.Delete(id, request.Aborted))
        {
            case DeleteInstanceResult.HasBindings:
                throw new OsbRefusal(OsbErrors.HasBindings);
            case DeleteInstanceResult.NotFound:
                throw new OsbRefusal(OsbErrors.InstanceGone);
            default:
                logger.Deprovisioned(id.Value);
                signals.Intent.Notify();
                signals.Result.Notify();
                return OsbAnswer.Nothing(200);
        }
    }

    private async Task<InstanceRecord> Find(OsbRequest request) =>
        await instances.Find(request.InstanceId, request.Aborted) ?? throw new OsbRefusal(OsbErrors.NoSuchInstance);

    private InstanceRecord Read(InstanceId id, ProvisionRequest body)
    {
        var scope = OsbFields.CheckPlan(catalog, body.ServiceId, body.PlanId);
        var owner = new SpaceOwner(
            OsbFields.Required(body.OrganizationGuid, "organization_guid"), OsbFields.Required(body.SpaceGuid, "space_guid"));
        var context = OsbFields.Object(body.Context, "context");
        OsbFields.Parameters(PlanParameters.ForProvision(scope, body.Parameters));
        OsbFields.CheckMaintenanceInfo(body.MaintenanceInfo);
        return new InstanceRecord(
            id,
            body.ServiceId!,
            body.PlanId!,
            scope,
            owner,
            OsbFields.Text(context, "context", "organization_name"),
            OsbFields.Text(context, "context", "space_name"),
            OsbFields.Text(context, "context", "instance_name"),
            body.Parameters is { } parameters ? OsbFields.Canonical(parameters) : NoParameters,
            time.GetUtcNow());
    }

    // Names may change between two equal requests (130), so only what identifies the instance counts.
    private static bool IsSame(InstanceRecord existing, InstanceRecord wanted) =>
        existing.ServiceId == wanted.ServiceId
        && existing.PlanId == wanted.PlanId
        && existing.Owner == wanted.Owner
        && existing.Parameters == wanted.Parameters;
}
