using AivenMetrics.Broker.State;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.Osb;

/// <summary>Handles fetch, last operation and unbind of ServiceBindings. See <see cref="BindHandler"/> for bind.</summary>
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
    /// <summary>Recommended poll interval for a bind in progress. It is shorter than the default of most platforms.</summary>
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
        // The response contains a secret, so the audit entry is written before.
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
        // After a plan update, platforms send either the old or the new plan of the instance.
        if (service != instance.ServiceId || (plan != binding.PlanId && plan != instance.PlanId))
        {
            throw new OsbException(OsbErrors.PlanMismatch);
        }

        var entry = AuditEntry(
            request,
            "Unbind",
            binding.OperationState == OperationState.InProgress ? UnboundDuringBind : "The credentials were deleted."
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
