using AivenMetrics.Broker.State;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.Osb;

/// <summary>ServiceBindings that are there: fetch, last operation, unbind. For the rest see <see cref="BindHandler"/>.</summary>
internal sealed class BindingHandlers(
    InstanceStore instances,
    BindingStore bindings,
    BindingResponseFactory responses,
    GatewayAcknowledgementWaiter gateways,
    AuditStore audit,
    StateSignals signals,
    TimeProvider time,
    ILogger<BindingHandlers> logger
)
{
    /// <summary>When to ask again for a bind that runs: sooner than platforms do by themselves; those that ask less often may.</summary>
    public static readonly TimeSpan LastOperationRetryAfter = TimeSpan.FromSeconds(5);

    private const string UnboundDuringBind = "The binding was unbound while it was being created.";

    public async Task<OsbResponse> FetchAsync(OsbRequest request)
    {
        var instance = await instances.FindAsync(request.InstanceId, request.RequestAborted)
            ?? throw new OsbException(OsbErrors.BindingNotFound);
        var binding = await bindings.FindAsync(instance.InstanceId, request.BindingId, request.RequestAborted);
        if (binding is not { OperationState: OperationState.Succeeded })
        {
            throw new OsbException(OsbErrors.BindingNotFound);
        }
        // A secret is read: the trail says so before it leaves.
        await audit.AppendAsync(AuditEntry(request, "FetchBinding", "The credentials were read."), request.RequestAborted);
        return await responses.CreateFetchResponseAsync(instance, binding, request.RequestAborted);
    }

    public async Task<OsbResponse> LastOperationAsync(OsbRequest request)
    {
        if (await bindings.FindAsync(request.InstanceId, request.BindingId, request.RequestAborted) is { } binding)
        {
            return OperationStateResponse(binding.OperationState, binding.Description);
        }
        return await bindings.FindEndedDescriptionAsync(request.InstanceId, request.BindingId, request.RequestAborted) is { } ended
            ? OperationStateResponse(OperationState.Failed, ended)
            : throw new OsbException(OsbErrors.BindingNotFound);
    }

    public async Task<OsbResponse> UnbindAsync(OsbRequest request)
    {
        _ = request.AcceptsIncomplete;
        var (service, plan) = (request.RequiredQueryValue("service_id"), request.RequiredQueryValue("plan_id"));
        var (instanceId, bindingId) = (request.InstanceId, request.BindingId);
        var instance = await instances.FindAsync(instanceId, request.RequestAborted) ?? throw new OsbException(OsbErrors.BindingGone);
        var binding = await bindings.FindAsync(instanceId, bindingId, request.RequestAborted)
            ?? throw new OsbException(OsbErrors.BindingGone);
        // After a plan update platforms name the plan that they believe the binding to have, the old one or the new one (C18).
        if (service != instance.ServiceId || (plan != binding.PlanId && plan != instance.PlanId))
        {
            throw new OsbException(OsbErrors.PlanMismatch);
        }

        var entry = AuditEntry(
            request,
            "Unbind",
            binding.OperationState == OperationState.InProgress ? UnboundDuringBind : "The credentials are gone."
        );
        var state = await bindings.DeleteAsync(instanceId, bindingId, UnboundDuringBind, entry, time.GetUtcNow(), request.RequestAborted)
            ?? throw new OsbException(OsbErrors.BindingGone);
        logger.Unbound(instanceId.Value, bindingId.Value);
        signals.DesiredStateChanged.Notify();
        if (state == OperationState.InProgress)
        {
            signals.BindDecided.Notify(binding.Operation);
        }
        if (state != OperationState.Failed)
        {
            await gateways.WaitAsync(request.RequestAborted);
        }
        return OsbResponse.EmptyObject(200);
    }

    private static OsbResponse OperationStateResponse(OperationState state, string description) =>
        OsbResponse.Json(
            200,
            new LastOperationResponse(state.ToText(), description.Length == 0 ? null : description),
            OsbJson.Wire.LastOperationResponse
        ) with
        {
            RetryAfter = state == OperationState.InProgress ? LastOperationRetryAfter : null,
        };

    private AuditRecord AuditEntry(OsbRequest request, string verb, string description) =>
        new(time.GetUtcNow(), verb, request.InstanceId, request.BindingId, request.Actor, AuditResult.Succeeded, description);
}
