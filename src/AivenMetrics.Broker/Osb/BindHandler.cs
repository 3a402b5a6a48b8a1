using AivenMetrics.Broker.Catalog;
using AivenMetrics.Broker.State;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.Osb;

/// <summary>
/// Handles binds and rotations: 1. validates the request; 2. if a binding of that id exists, replays its response, see
/// <see cref="ReplayAsync"/>; 3. resolves the covered services, from the parameters or the predecessor; 4. inserts the row, whose unique
/// key decides between equal requests; 5. wakes the reconciler and waits for the outcome in the row. If the platform disconnects, a replay
/// finds the row.
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
        var acceptsIncomplete = request.AcceptsIncomplete;
        var id = request.BindingId;
        var command = BindCommand.Read(await request.ReadJsonAsync(OsbJson.Default.BindRequest), catalog);
        var instance = await instances.FindAsync(request.InstanceId, request.RequestAborted)
            ?? throw new OsbException(OsbErrors.InstanceNotFound);
        if (command.IsForOtherSpace(instance))
        {
            throw new OsbException(OsbErrors.SpaceMismatch);
        }

        var existing = await bindings.FindAsync(instance.InstanceId, id, request.RequestAborted);
        if (existing is not null && await ReplayAsync(request, instance, existing, command, acceptsIncomplete) is { } replayed)
        {
            return replayed;
        }

        var row = await factory.CreateAsync(instance, id, command, request.RequestAborted);
        // A failed bind is deleted only by the bind that replaces it; a rejected request changes nothing (docs/osb-conformance.md 18 and
        // 54).
        if (existing is not null)
        {
            await bindings.DeleteIfFailedAsync(existing, request.RequestAborted);
        }
        if (command.ContextUpdateFor(instance) is { } contextUpdate)
        {
            instance = await instances.ApplyContextAsync(instance, contextUpdate, time.GetUtcNow(), request.RequestAborted);
            signals.ObservedStateChanged.Notify();
        }

        switch (await bindings.TryInsertAsync(row, AuditEntry(request, row, AuditResult.Begun, DescribeTerms(row)), request.RequestAborted))
        {
            case InsertBindingResult.InstanceNotFound:
                // The instance was deleted concurrently.
                throw new OsbException(OsbErrors.ConcurrencyError);
            case InsertBindingResult.AlreadyExists:
                var concurrent = await bindings.FindAsync(instance.InstanceId, id, request.RequestAborted)
                    ?? throw new OsbException(OsbErrors.ConcurrencyError);
                return await ReplayAsync(request, instance, concurrent, command, acceptsIncomplete)
                    ?? throw new OsbException(OsbErrors.ConcurrencyError);
            default:
                logger.BindStarted(instance.InstanceId.Value, id.Value, row.Username);
                signals.DesiredStateChanged.Notify();
                return await WaitForOutcomeAsync(request, instance, row, acceptsIncomplete);
        }
    }

    /// <summary>
    /// Returns the response that an existing binding determines; null if its bind failed, so that this request is a new bind.
    /// </summary>
    private async Task<OsbResponse?> ReplayAsync(
        OsbRequest request,
        InstanceRecord instance,
        BindingRecord existing,
        BindCommand command,
        bool acceptsIncomplete
    )
    {
        var cancellationToken = request.RequestAborted;
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
            // A repeated request returns the password again.
            await audit.AppendAsync(
                AuditEntry(request, existing, AuditResult.Succeeded, "The credentials were returned to a repeated request."),
                cancellationToken
            );
            return await responses.CreateBindResponseAsync(200, instance, existing, cancellationToken);
        }

        if (acceptsIncomplete)
        {
            return Accepted(existing);
        }

        // Only the first request deletes the bind at the end of the budget; a replay waits without side effects.
        var outcome = await waiter.WaitAsync(existing, BindOutcomeWaiter.WaitTimeout.Full, cancellationToken);
        return outcome switch
        {
            null => throw new OsbException(OsbErrors.ConcurrencyError),
            { OperationState: OperationState.Succeeded } => await responses.CreateBindResponseAsync(
                200,
                instance,
                outcome,
                cancellationToken
            ),
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
        var cancellationToken = request.RequestAborted;
        var outcome = await waiter.WaitForNewAsync(
            row,
            acceptsIncomplete ? BindOutcomeWaiter.WaitTimeout.Short : BindOutcomeWaiter.WaitTimeout.Full,
            cancellationToken
        );
        if (outcome is { OperationState: OperationState.InProgress })
        {
            if (acceptsIncomplete)
            {
                return Accepted(row);
            }
            var description = $"Not ready after {waiter.Budget.TotalSeconds:0.#} seconds: {outcome.Description}";
            if (await bindings.DeleteIfInProgressAsync(row, AuditEntry(request, row, AuditResult.Failed, description), cancellationToken))
            {
                logger.BindEnded(row.InstanceId.Value, row.BindingId.Value, "abandoned");
                NotifyEnded(row);
                throw new OsbException(OsbErrors.AsyncRequired(waiter.Budget, outcome.Description));
            }

            outcome = await waiter.WaitAsync(row, BindOutcomeWaiter.WaitTimeout.None, cancellationToken);
        }

        switch (outcome?.OperationState)
        {
            case OperationState.Succeeded:
                logger.BindEnded(row.InstanceId.Value, row.BindingId.Value, "ready");
                return await responses.CreateBindResponseAsync(201, instance, outcome, cancellationToken);
            case OperationState.Failed:
                logger.BindEnded(row.InstanceId.Value, row.BindingId.Value, "rejected");
                await bindings.DeleteIfFailedAsync(row, cancellationToken);
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

    /// <summary>Wakes the reconciler, the credential feed and replays, which no longer need this bind.</summary>
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
