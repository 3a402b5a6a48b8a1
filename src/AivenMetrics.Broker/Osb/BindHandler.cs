using AivenMetrics.Broker.Catalog;
using AivenMetrics.Broker.State;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.Osb;

/// <summary>
/// Binds and rotations:
/// 1. validate the request; 2. a row of that id already decides the answer, see <see cref="Replay"/>; 3. decide what the binding
/// covers, from its parameters or its predecessor; 4. write the row, the unique key deciding between equal requests; 5. wake the
/// reconciler and wait for its verdict in the row. A platform that leaves in between finds the row again with its replay.
/// </summary>
internal sealed class BindHandler(
    ServiceCatalog catalog,
    InstanceStore instances,
    BindingStore bindings,
    BindingMaker maker,
    BindWaiter waiter,
    BindingView view,
    AuditStore audit,
    StateSignals signals,
    TimeProvider time,
    ILogger<BindHandler> logger)
{
    private const string Verb = "Bind";

    public async Task<OsbAnswer> Bind(OsbRequest request)
    {
        var incomplete = request.AcceptsIncomplete;
        var id = request.BindingId;
        var wanted = BindWish.Read(await request.Body(OsbJson.Default.BindRequest), catalog);
        var instance = await instances.Find(request.InstanceId, request.Aborted) ?? throw new OsbRefusal(OsbErrors.NoSuchInstance);
        if (wanted.IsShared(instance))
            throw new OsbRefusal(OsbErrors.OtherSpace);

        var existing = await bindings.Find(instance.InstanceId, id, request.Aborted);
        if (existing is not null && await Replay(request, instance, existing, wanted, incomplete) is { } replayed)
            return replayed;

        var row = await maker.Make(instance, id, wanted, request.Aborted);
        // A bind that failed is cleared away by the one that takes its place; one that is refused changes nothing (18, 54).
        if (existing is not null)
            await bindings.DeleteIfFailed(existing, request.Aborted);
        if (wanted.TellsOf(instance) is { } told)
        {
            instance = await instances.TellNames(instance, told, time.GetUtcNow(), request.Aborted);
            signals.Result.Notify();
        }

        switch (await bindings.TryInsert(row, Entry(request, row, AuditResult.Begun, Terms(row)), request.Aborted))
        {
            case InsertBindingResult.InstanceGone:
                // It was there a moment ago: its delete and this bind came at once.
                throw new OsbRefusal(OsbErrors.Changed);
            case InsertBindingResult.Exists:
                var winner = await bindings.Find(instance.InstanceId, id, request.Aborted) ?? throw new OsbRefusal(OsbErrors.Changed);
                return await Replay(request, instance, winner, wanted, incomplete) ?? throw new OsbRefusal(OsbErrors.Changed);
            default:
                logger.BindBegun(instance.InstanceId.Value, id.Value, row.Username);
                signals.Intent.Notify();
                return await Finish(request, instance, row, incomplete);
        }
    }

    /// <summary>The answer that an existing row gives; null: its bind failed, so this is a new bind.</summary>
    private async Task<OsbAnswer?> Replay(
        OsbRequest request, InstanceRecord instance, BindingRecord existing, BindWish wanted, bool incomplete)
    {
        var ct = request.Aborted;
        if (existing.OperationState == OperationState.Failed)
            return null;
        if (!wanted.IsFor(existing))
            throw new OsbRefusal(OsbErrors.BindingConflict);
        if (existing.OperationState == OperationState.Succeeded)
        {
            // Whoever asks again gets the password again.
            await audit.Append(Entry(request, existing, AuditResult.Succeeded, "A repeated request was given the credentials again."), ct);
            return await view.Created(200, instance, existing, ct);
        }

        if (incomplete)
            return Accepted(existing);

        // Whoever began the bind decides what becomes of it when the time is up; a replay only looks on.
        var outcome = await waiter.Wait(existing, BindWaiter.Patience.Whole, ct);
        return outcome switch
        {
            null => throw new OsbRefusal(OsbErrors.Changed),
            { OperationState: OperationState.Succeeded } => await view.Created(200, instance, outcome, ct),
            { OperationState: OperationState.Failed } => throw new OsbRefusal(OsbErrors.Invalid(outcome.Description)),
            _ => throw new OsbRefusal(OsbErrors.StillRuns(outcome.Description)),
        };
    }

    private async Task<OsbAnswer> Finish(OsbRequest request, InstanceRecord instance, BindingRecord row, bool incomplete)
    {
        var ct = request.Aborted;
        var outcome = await waiter.WaitForNew(row, incomplete ? BindWaiter.Patience.Short : BindWaiter.Patience.Whole, ct);
        if (outcome is { OperationState: OperationState.InProgress })
        {
            if (incomplete)
                return Accepted(row);
            var given = $"Given up after {waiter.Budget.TotalSeconds:0.#} seconds: {outcome.Description}";
            if (await bindings.DeleteIfInProgress(row, Entry(request, row, AuditResult.Failed, given), ct))
            {
                logger.BindEnded(row.InstanceId.Value, row.BindingId.Value, "abandoned");
                Ended(row);
                throw new OsbRefusal(OsbErrors.AsyncRequired(waiter.Budget, outcome.Description));
            }

            outcome = await waiter.Wait(row, BindWaiter.Patience.None, ct);
        }

        switch (outcome?.OperationState)
        {
            case OperationState.Succeeded:
                logger.BindEnded(row.InstanceId.Value, row.BindingId.Value, "ready");
                return await view.Created(201, instance, outcome, ct);
            case OperationState.Failed:
                logger.BindEnded(row.InstanceId.Value, row.BindingId.Value, "refused");
                await bindings.DeleteIfFailed(row, ct);
                Ended(row);
                throw new OsbRefusal(OsbErrors.Invalid(outcome.Description));
            default:
                throw new OsbRefusal(OsbErrors.Changed);
        }
    }

    private static OsbAnswer Accepted(BindingRecord row) =>
        OsbAnswer.Json(202, new OperationResponse(row.Operation), OsbJson.Wire.OperationResponse) with { RetryAfter = BindingHandlers.PollAgain };

    /// <summary>The reconciler and the gateways' feed need it no longer, and replays wait for it in vain.</summary>
    private void Ended(BindingRecord row)
    {
        signals.Intent.Notify();
        signals.Asked.Notify();
        signals.Decided.Notify(row.Operation);
    }

    private AuditRecord Entry(OsbRequest request, BindingRecord row, AuditResult result, string description) =>
        new(time.GetUtcNow(), Verb, row.InstanceId, row.BindingId, request.Actor, result, description);

    private static string Terms(BindingRecord row)
    {
        var covers = row.PlanScope == PlanScope.Space ? "All services of the space" : $"Services {string.Join(", ", row.ServiceInstanceIds)}";
        var replaces = row.Predecessor is { } predecessor ? $", to replace {predecessor}" : "";
        var ends = row.Life is { } life ? $", until {life.ExpiresAt.UtcDateTime:O}" : "";
        return $"{covers}{replaces}{ends}.";
    }
}
