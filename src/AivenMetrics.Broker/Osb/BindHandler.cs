using AivenMetrics.Broker.Catalog;
using AivenMetrics.Broker.State;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.Osb;

/// <summary>
/// Binds and rotations:
/// 1. validate the request; 2. a row of that id already decides the answer, see <see cref="ReplayAsync"/>; 3. decide what the binding
/// covers, from its parameters or its predecessor; 4. write the row, the unique key deciding between equal requests; 5. wake the
/// reconciler and wait for its verdict in the row. A platform that leaves in between finds the row again with its replay.
/// </summary>
internal sealed class BindHandler(
    ServiceCatalog catalog,
    InstanceStore instances,
    BindingStore bindings,
    BindingFactory factory,
    BindOutcomeWaiter waiter,
    BindingResponseFactory responses,
    AuditStore audit,
    StateSignals signals,
    TimeProvider time,
    ILogger<BindHandler> logger
)
{
    private const string AuditAction = "Bind";

    public async Task<OsbResponse> BindAsync(OsbRequest request)
    {
        var incomplete = request.AcceptsIncomplete;
        var id = request.BindingId;
        var wanted = BindCommand.Read(await request.ReadJsonAsync(OsbJson.Default.BindRequest), catalog);
        var instance = await instances.FindAsync(request.InstanceId, request.RequestAborted)
            ?? throw new OsbException(OsbErrors.InstanceNotFound);
        if (wanted.IsForOtherSpace(instance))
        {
            throw new OsbException(OsbErrors.SpaceMismatch);
        }

        var existing = await bindings.FindAsync(instance.InstanceId, id, request.RequestAborted);
        if (existing is not null && await ReplayAsync(request, instance, existing, wanted, incomplete) is { } replayed)
        {
            return replayed;
        }

        var row = await factory.CreateAsync(instance, id, wanted, request.RequestAborted);
        // A bind that failed is cleared away by the one that takes its place; one that is refused changes nothing (18, 54).
        if (existing is not null)
        {
            await bindings.DeleteIfFailedAsync(existing, request.RequestAborted);
        }
        if (wanted.ContextUpdateFor(instance) is { } told)
        {
            instance = await instances.ApplyContextAsync(instance, told, time.GetUtcNow(), request.RequestAborted);
            signals.ObservedStateChanged.Notify();
        }

        switch (await bindings.TryInsertAsync(row, AuditEntry(request, row, AuditResult.Begun, DescribeTerms(row)), request.RequestAborted))
        {
            case InsertBindingResult.InstanceNotFound:
                // It was there a moment ago: its delete and this bind came at once.
                throw new OsbException(OsbErrors.ConcurrencyError);
            case InsertBindingResult.AlreadyExists:
                var winner = await bindings.FindAsync(instance.InstanceId, id, request.RequestAborted)
                    ?? throw new OsbException(OsbErrors.ConcurrencyError);
                return await ReplayAsync(request, instance, winner, wanted, incomplete)
                    ?? throw new OsbException(OsbErrors.ConcurrencyError);
            default:
                logger.BindStarted(instance.InstanceId.Value, id.Value, row.Username);
                signals.DesiredStateChanged.Notify();
                return await WaitForOutcomeAsync(request, instance, row, incomplete);
        }
    }

    /// <summary>The answer that an existing row gives; null: its bind failed, so this is a new bind.</summary>
    private async Task<OsbResponse?> ReplayAsync(
        OsbRequest request,
        InstanceRecord instance,
        BindingRecord existing,
        BindCommand command,
        bool acceptsIncomplete
    )
    {
        var ct = request.RequestAborted;
        if (existing.OperationState == OperationState.Failed)
        {
            return null;
        }
        if (!command.Matches(existing))
        {
            throw new OsbException(OsbErrors.BindingConflict);
        }
        if (existing.OperationState == OperationState.Succeeded)
        {
            // Whoever asks again gets the password again.
            await audit.AppendAsync(
                AuditEntry(request, existing, AuditResult.Succeeded, "A repeated request was given the credentials again."),
                ct
            );
            return await responses.CreateBindResponseAsync(200, instance, existing, ct);
        }

        if (acceptsIncomplete)
        {
            return Accepted(existing);
        }

        // Whoever began the bind decides what becomes of it when the time is up; a replay only looks on.
        var outcome = await waiter.WaitAsync(existing, BindOutcomeWaiter.WaitTimeout.Full, ct);
        return outcome switch
        {
            null => throw new OsbException(OsbErrors.ConcurrencyError),
            { OperationState: OperationState.Succeeded } => await responses.CreateBindResponseAsync(200, instance, outcome, ct),
            { OperationState: OperationState.Failed } => throw new OsbException(OsbErrors.BadRequest(outcome.Description)),
            _ => throw new OsbException(OsbErrors.BindInProgress(outcome.Description)),
        };
    }

    private async Task<OsbResponse> WaitForOutcomeAsync(
        OsbRequest request,
        InstanceRecord instance,
        BindingRecord row,
        bool acceptsIncomplete
    )
    {
        var ct = request.RequestAborted;
        var outcome = await waiter.WaitForNewAsync(
            row,
            acceptsIncomplete ? BindOutcomeWaiter.WaitTimeout.Short : BindOutcomeWaiter.WaitTimeout.Full,
            ct
        );
        if (outcome is { OperationState: OperationState.InProgress })
        {
            if (acceptsIncomplete)
            {
                return Accepted(row);
            }
            var given = $"Given up after {waiter.Budget.TotalSeconds:0.#} seconds: {outcome.Description}";
            if (await bindings.DeleteIfInProgressAsync(row, AuditEntry(request, row, AuditResult.Failed, given), ct))
            {
                logger.BindEnded(row.InstanceId.Value, row.BindingId.Value, "abandoned");
                NotifyEnded(row);
                throw new OsbException(OsbErrors.AsyncRequired(waiter.Budget, outcome.Description));
            }

            outcome = await waiter.WaitAsync(row, BindOutcomeWaiter.WaitTimeout.None, ct);
        }

        switch (outcome?.OperationState)
        {
            case OperationState.Succeeded:
                logger.BindEnded(row.InstanceId.Value, row.BindingId.Value, "ready");
                return await responses.CreateBindResponseAsync(201, instance, outcome, ct);
            case OperationState.Failed:
                logger.BindEnded(row.InstanceId.Value, row.BindingId.Value, "refused");
                await bindings.DeleteIfFailedAsync(row, ct);
                NotifyEnded(row);
                throw new OsbException(OsbErrors.BadRequest(outcome.Description));
            default:
                throw new OsbException(OsbErrors.ConcurrencyError);
        }
    }

    private static OsbResponse Accepted(BindingRecord row) =>
        OsbResponse.Json(202, new OperationResponse(row.Operation), OsbJson.Wire.OperationResponse) with
        {
            RetryAfter = BindingHandlers.LastOperationRetryAfter,
        };

    /// <summary>The reconciler and the gateways' feed need it no longer, and replays wait for it in vain.</summary>
    private void NotifyEnded(BindingRecord row)
    {
        signals.DesiredStateChanged.Notify();
        signals.CredentialsChanged.Notify();
        signals.BindDecided.Notify(row.Operation);
    }

    private AuditRecord AuditEntry(OsbRequest request, BindingRecord row, AuditResult result, string description) =>
        new(time.GetUtcNow(), AuditAction, row.InstanceId, row.BindingId, request.Actor, result, description);

    private static string DescribeTerms(BindingRecord row)
    {
        var covers =
            row.PlanScope == PlanScope.Space ? "All services of the space" : $"Services {string.Join(", ", row.ServiceInstanceIds)}";
        var replaces = row.Predecessor is { } predecessor ? $", to replace {predecessor}" : "";
        var ends = row.Validity is { } life ? $", until {life.ExpiresAt.UtcDateTime:O}" : "";
        return $"{covers}{replaces}{ends}.";
    }
}
