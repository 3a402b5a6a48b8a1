using System.Text.Json;
using AivenMetrics.Broker.Catalog;
using AivenMetrics.Broker.State;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.Osb;

/// <summary>
/// ServiceBindings. A bind:
/// 1. validate the request; 2. a row of that id already decides the answer, see <see cref="Replay"/>; 3. resolve the services
/// that it names among the owner's own; 4. write the row, the unique key deciding between equal requests; 5. wake the
/// reconciler and wait for its verdict in the row. A platform that leaves in between finds the row again with its replay.
/// </summary>
internal sealed class BindingHandlers(
    ServiceCatalog catalog,
    InstanceStore instances,
    BindingStore bindings,
    ServiceResolver resolver,
    BindWaiter waiter,
    BindingSecrets secrets,
    CredentialIssuer issuer,
    StateSignals signals,
    TimeProvider time,
    ILogger<BindingHandlers> logger)
{
    private const string Waiting = "Waiting until the metrics of the services are collected.";

    public async Task<OsbAnswer> Bind(OsbRequest request)
    {
        var incomplete = request.AcceptsIncomplete;
        var id = request.BindingId;
        var wanted = Read(await request.Body(OsbJson.Default.BindRequest));
        var instance = await instances.Find(request.InstanceId, request.Aborted) ?? throw new OsbRefusal(OsbErrors.NoSuchInstance);
        if (wanted.ServiceId != instance.ServiceId || wanted.PlanId != instance.PlanId)
            throw new OsbRefusal(OsbErrors.OtherPlan);

        if (await bindings.Find(instance.InstanceId, id, request.Aborted) is { } existing
            && await Replay(instance, existing, wanted, incomplete, request.Aborted) is { } replayed)
            return replayed;

        var services = await resolver.Resolve(instance.Owner, wanted.ServiceNames, request.Aborted);
        var row = NewRow(instance.InstanceId, id, wanted.Identity, services);
        switch (await bindings.TryInsert(row, request.Aborted))
        {
            case InsertBindingResult.InstanceGone:
                throw new OsbRefusal(OsbErrors.NoSuchInstance);
            case InsertBindingResult.Exists:
                var winner = await bindings.Find(instance.InstanceId, id, request.Aborted) ?? throw new OsbRefusal(OsbErrors.Changed);
                return await Replay(instance, winner, wanted, incomplete, request.Aborted) ?? throw new OsbRefusal(OsbErrors.Changed);
            default:
                logger.BindBegun(instance.InstanceId.Value, id.Value, row.Username);
                Changed();
                return await Finish(instance, row, incomplete, request.Aborted);
        }
    }

    public async Task<OsbAnswer> Fetch(OsbRequest request)
    {
        var instance = await instances.Find(request.InstanceId, request.Aborted) ?? throw new OsbRefusal(OsbErrors.NoSuchBinding);
        var binding = await bindings.Find(instance.InstanceId, request.BindingId, request.Aborted);
        if (binding is not { OperationState: OperationState.Succeeded })
            throw new OsbRefusal(OsbErrors.NoSuchBinding);
        using var identity = JsonDocument.Parse(binding.Request);
        return await Credentials(200, instance, binding, identity.RootElement.GetProperty("parameters"), request.Aborted);
    }

    public async Task<OsbAnswer> LastOperation(OsbRequest request)
    {
        var binding = await bindings.Find(request.InstanceId, request.BindingId, request.Aborted)
            ?? throw new OsbRefusal(OsbErrors.NoSuchBinding);
        var body = new LastOperationResponse(binding.OperationState.Word(), binding.Description.Length == 0 ? null : binding.Description);
        return OsbAnswer.Json(200, body, OsbJson.Wire.LastOperationResponse);
    }

    public async Task<OsbAnswer> Unbind(OsbRequest request)
    {
        _ = request.AcceptsIncomplete;
        var (service, plan) = (request.RequiredQuery("service_id"), request.RequiredQuery("plan_id"));
        var (instanceId, bindingId) = (request.InstanceId, request.BindingId);
        var instance = await instances.Find(instanceId, request.Aborted) ?? throw new OsbRefusal(OsbErrors.BindingGone);
        if (await bindings.Find(instanceId, bindingId, request.Aborted) is null)
            throw new OsbRefusal(OsbErrors.BindingGone);
        if (service != instance.ServiceId || plan != instance.PlanId)
            throw new OsbRefusal(OsbErrors.OtherPlan);
        if (!await bindings.Delete(instanceId, bindingId, request.Aborted))
            throw new OsbRefusal(OsbErrors.BindingGone);

        logger.Unbound(instanceId.Value, bindingId.Value);
        Changed();
        return OsbAnswer.Nothing(200);
    }

    private BindWish Read(BindRequest body)
    {
        var scope = OsbFields.CheckPlan(catalog, body.ServiceId, body.PlanId);
        OsbFields.Object(body.Context, "context");
        var resource = OsbFields.Object(body.BindResource, "bind_resource");
        if (body.PredecessorBindingId is not null)
            throw new OsbRefusal(OsbErrors.Rotation);

        var appGuid = OsbFields.NonEmpty(body.AppGuid, "app_guid");
        var names = OsbFields.Parameters(PlanParameters.ForBind(scope, body.Parameters)).Services;
        if (scope == PlanScope.Services && names is null)
            throw new OsbRefusal(OsbErrors.Invalid(PlanParameters.ServicesMissing));
        return new BindWish(
            body.ServiceId!,
            body.PlanId!,
            names ?? [],
            BindWish.CanonicalIdentity(
                body.Parameters,
                OsbFields.Text(resource, "bind_resource", "app_guid") ?? appGuid,
                OsbFields.Text(resource, "bind_resource", "space_guid"),
                OsbFields.Text(resource, "bind_resource", "credential_client_id"),
                OsbFields.Text(resource, "bind_resource", "route")));
    }

    private BindingRecord NewRow(InstanceId instance, BindingId id, string identity, IReadOnlyList<string> services)
    {
        var secret = secrets.New();
        return new BindingRecord(
            instance,
            id,
            identity,
            secret.Username,
            secret.Sha256,
            secret.Protected,
            services,
            BindingSecrets.NewOperation(),
            OperationState.InProgress,
            Waiting,
            null,
            time.GetUtcNow());
    }

    /// <summary>The answer that an existing row gives; null: its bind failed and was cleared away, so this is a new bind.</summary>
    private async Task<OsbAnswer?> Replay(
        InstanceRecord instance, BindingRecord existing, BindWish wanted, bool incomplete, CancellationToken ct)
    {
        if (existing.OperationState == OperationState.Failed)
        {
            await bindings.DeleteIfFailed(existing.InstanceId, existing.BindingId, existing.Operation, ct);
            return null;
        }

        if (existing.Request != wanted.Identity)
            throw new OsbRefusal(OsbErrors.BindingConflict);
        if (existing.OperationState == OperationState.Succeeded)
            return await Credentials(200, instance, existing, null, ct);
        if (incomplete)
            return Accepted(existing);

        // Whoever began the bind decides what becomes of it when the time is up; a replay only looks on.
        var outcome = await waiter.Wait(existing, BindWaiter.Patience.Whole, ct);
        return outcome switch
        {
            null => throw new OsbRefusal(OsbErrors.Changed),
            { OperationState: OperationState.Succeeded } => await Credentials(200, instance, outcome, null, ct),
            { OperationState: OperationState.Failed } => throw new OsbRefusal(OsbErrors.Invalid(outcome.Description)),
            _ => throw new OsbRefusal(OsbErrors.Changed),
        };
    }

    private async Task<OsbAnswer> Finish(InstanceRecord instance, BindingRecord row, bool incomplete, CancellationToken ct)
    {
        var outcome = await waiter.Wait(row, incomplete ? BindWaiter.Patience.Short : BindWaiter.Patience.Whole, ct);
        if (outcome is { OperationState: OperationState.InProgress })
        {
            if (incomplete)
                return Accepted(row);
            if (await bindings.DeleteIfInProgress(row.InstanceId, row.BindingId, row.Operation, ct))
            {
                logger.BindEnded(row.InstanceId.Value, row.BindingId.Value, "abandoned");
                Changed();
                throw new OsbRefusal(OsbErrors.AsyncRequired(waiter.Budget));
            }

            outcome = await waiter.Wait(row, BindWaiter.Patience.None, ct);
        }

        switch (outcome?.OperationState)
        {
            case OperationState.Succeeded:
                logger.BindEnded(row.InstanceId.Value, row.BindingId.Value, "ready");
                return await Credentials(201, instance, outcome, null, ct);
            case OperationState.Failed:
                logger.BindEnded(row.InstanceId.Value, row.BindingId.Value, "refused");
                await bindings.DeleteIfFailed(row.InstanceId, row.BindingId, row.Operation, ct);
                Changed();
                throw new OsbRefusal(OsbErrors.Invalid(outcome.Description));
            default:
                throw new OsbRefusal(OsbErrors.Changed);
        }
    }

    private static OsbAnswer Accepted(BindingRecord row) =>
        OsbAnswer.Json(202, new OperationResponse(row.Operation), OsbJson.Wire.OperationResponse);

    private async Task<OsbAnswer> Credentials(
        int status, InstanceRecord instance, BindingRecord binding, JsonElement? parameters, CancellationToken ct)
    {
        var credentials = await issuer.Issue(instance, binding, ct) ?? throw new OsbRefusal(OsbErrors.Changed);
        return OsbAnswer.Json(status, new BindingResponse(credentials, parameters), OsbJson.Wire.BindingResponse);
    }

    /// <summary>What is wanted has changed for the reconciler, and who may query has changed for the gateways.</summary>
    private void Changed()
    {
        signals.Intent.Notify();
        signals.Result.Notify();
    }
}

/// <summary>A bind request that was found well-formed.</summary>
/// <param name="ServiceNames">As given; empty for plan <c>space</c>.</param>
/// <param name="Identity">Canonical JSON of <see cref="BindIdentity"/>: equal requests have equal texts.</param>
internal sealed record BindWish(string ServiceId, string PlanId, IReadOnlyList<string> ServiceNames, string Identity)
{
    private static readonly JsonElement NoParameters = JsonDocument.Parse("{}").RootElement.Clone();

    public static string CanonicalIdentity(
        JsonElement? parameters, string? appGuid, string? spaceGuid, string? credentialClientId, string? route)
    {
        var identity = new BindIdentity(parameters ?? NoParameters, appGuid, spaceGuid, credentialClientId, route);
        return OsbFields.Canonical(JsonSerializer.SerializeToElement(identity, OsbJson.Default.BindIdentity));
    }
}
