using AivenMetrics.Broker.State;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.Osb;

/// <summary>ServiceBindings that are there: fetch, last operation, unbind. For the rest see <see cref="BindHandler"/>.</summary>
internal sealed class BindingHandlers(
    InstanceStore instances,
    BindingStore bindings,
    BindingView view,
    GatewayWaiter gateways,
    AuditStore audit,
    StateSignals signals,
    TimeProvider time,
    ILogger<BindingHandlers> logger)
{
    /// <summary>When to ask again for a bind that runs: sooner than platforms do by themselves; those that ask less often may.</summary>
    public static readonly TimeSpan PollAgain = TimeSpan.FromSeconds(5);

    private const string EndedByUnbind = "The binding was unbound while it was being created.";

    public async Task<OsbAnswer> Fetch(OsbRequest request)
    {
        var instance = await instances.Find(request.InstanceId, request.Aborted) ?? throw new OsbRefusal(OsbErrors.NoSuchBinding);
        var binding = await bindings.Find(instance.InstanceId, request.BindingId, request.Aborted);
        if (binding is not { OperationState: OperationState.Succeeded })
            throw new OsbRefusal(OsbErrors.NoSuchBinding);
        // A secret is read: the trail says so before it leaves.
        await audit.Append(Entry(request, "FetchBinding", "The credentials were read."), request.Aborted);
        return await view.Fetched(instance, binding, request.Aborted);
    }

    public async Task<OsbAnswer> LastOperation(OsbRequest request)
    {
        if (await bindings.Find(request.InstanceId, request.BindingId, request.Aborted) is { } binding)
            return Told(binding.OperationState, binding.Description);
        return await bindings.FindEnded(request.InstanceId, request.BindingId, request.Aborted) is { } ended
            ? Told(OperationState.Failed, ended)
            : throw new OsbRefusal(OsbErrors.NoSuchBinding);
    }

    public async Task<OsbAnswer> Unbind(OsbRequest request)
    {
        _ = request.AcceptsIncomplete;
        var (service, plan) = (request.RequiredQuery("service_id"), request.RequiredQuery("plan_id"));
        var (instanceId, bindingId) = (request.InstanceId, request.BindingId);
        var instance = await instances.Find(instanceId, request.Aborted) ?? throw new OsbRefusal(OsbErrors.BindingGone);
        var binding = await bindings.Find(instanceId, bindingId, request.Aborted) ?? throw new OsbRefusal(OsbErrors.BindingGone);
        // After a plan update platforms name the plan that they believe the binding to have, the old one or the new one (C18).
        if (service != instance.ServiceId || (plan != binding.PlanId && plan != instance.PlanId))
            throw new OsbRefusal(OsbErrors.OtherPlan);

        var entry = Entry(request, "Unbind", binding.OperationState == OperationState.InProgress ? EndedByUnbind : "The credentials are gone.");
        var state = await bindings.Delete(instanceId, bindingId, EndedByUnbind, entry, time.GetUtcNow(), request.Aborted)
            ?? throw new OsbRefusal(OsbErrors.BindingGone);
        logger.Unbound(instanceId.Value, bindingId.Value);
        signals.Intent.Notify();
        if (state == OperationState.InProgress)
            signals.Decided.Notify(binding.Operation);
        if (state != OperationState.Failed)
            await gateways.Wait(request.Aborted);
        return OsbAnswer.Nothing(200);
    }

    private static OsbAnswer Told(OperationState state, string description) =>
        OsbAnswer.Json(
            200,
            new LastOperationResponse(state.Word(), description.Length == 0 ? null : description),
            OsbJson.Wire.LastOperationResponse) with
        {
            RetryAfter = state == OperationState.InProgress ? PollAgain : null,
        };

    private AuditRecord Entry(OsbRequest request, string verb, string description) =>
        new(time.GetUtcNow(), verb, request.InstanceId, request.BindingId, request.Actor, AuditResult.Succeeded, description);
}
