using System.Data.Common;

namespace AivenMetrics.Broker.State;

/// <summary>The result of inserting a binding.</summary>
public enum InsertBindingResult
{
    /// <summary>The binding was inserted.</summary>
    Inserted,

    /// <summary>The instance has a binding of that id; nothing was changed.</summary>
    AlreadyExists,

    /// <summary>The instance does not exist; nothing was changed.</summary>
    InstanceNotFound,
}

/// <summary>
/// Stores ServiceBindings, each with one credential and the operation that creates it. A lifecycle has three writes: the insert, the
/// outcome (shared by several binds) and the delete. Audit entries are written with them.
/// </summary>
public sealed class BindingStore(Database database)
{
    private const string KeyCondition = "instance_id = @instance AND binding_id = @binding";

    // Platforms poll for at most 7 days.
    private static readonly TimeSpan EndedBindingRetention = TimeSpan.FromDays(7);

    /// <summary>Returns the binding; null if there is none. A binding is accessible only through its own instance.</summary>
    public async Task<BindingRecord?> FindAsync(InstanceId instance, BindingId binding, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync<BindingRow>(
            """
            SELECT b.instance_id, b.binding_id, b.plan_id, b.plan_scope, b.request, b.username, b.secret_sha256, b.secret_ciphertext,
                   b.secret_key_id, b.operation, b.operation_state, b.description, b.snapshot, b.created_at, b.predecessor_binding_id,
                   b.expires_at, b.renew_before, s.service_instance_id
            FROM service_binding b
            LEFT JOIN service_binding_service s ON s.instance_id = b.instance_id AND s.binding_id = b.binding_id
            WHERE b.instance_id = @instance AND b.binding_id = @binding
            """,
            KeyParameters(instance, binding),
            cancellationToken
        );
        return rows.Count == 0 ? null : rows[0].ToRecord(LiveBindingReader.ServiceInstanceIds(rows));
    }

    /// <summary>Inserts a binding without an audit entry.</summary>
    public Task<InsertBindingResult> TryInsertAsync(BindingRecord binding, CancellationToken cancellationToken) =>
        TryInsertAsync(binding, null, cancellationToken);

    /// <summary>
    /// Inserts a binding and its services in one transaction. The unique key decides between concurrent requests. Deletes the row of an
    /// ended bind of the same id.
    /// </summary>
    /// <param name="binding">The record.</param>
    /// <param name="audit">Audit entry to append after an insert; null: none.</param>
    /// <param name="cancellationToken">Cancels the insert.</param>
    public async Task<InsertBindingResult> TryInsertAsync(BindingRecord binding, AuditRecord? audit, CancellationToken cancellationToken)
    {
        try
        {
            return await database.InTransactionAsync(transaction => InsertAsync(transaction, binding, audit), cancellationToken);
        }
        catch (DbException e) when (Database.IsForeignKeyViolation(e))
        {
            return InsertBindingResult.InstanceNotFound;
        }
    }

    /// <summary>
    /// Deletes a binding in any state, with its credential. For a bind in progress, the end is stored for 7 days, for platforms that poll
    /// it (docs/osb-conformance.md 119).
    /// </summary>
    /// <param name="instance">The instance.</param>
    /// <param name="binding">The binding.</param>
    /// <param name="ended">Description that <see cref="FindEndedDescriptionAsync"/> returns after a bind in progress was deleted.</param>
    /// <param name="audit">Audit entry to append; null: none.</param>
    /// <param name="at">The current time.</param>
    /// <param name="cancellationToken">Cancels the deletion.</param>
    /// <returns>State of the deleted binding; null if there was none.</returns>
    public Task<OperationState?> DeleteAsync(
        InstanceId instance,
        BindingId binding,
        string ended,
        AuditRecord? audit,
        DateTimeOffset at,
        CancellationToken cancellationToken
    ) =>
        database.InTransactionAsync<OperationState?>(
            async transaction =>
            {
                var deletedRows = await transaction.QueryAsync<BindingRow>(
                    $"DELETE FROM service_binding WHERE {KeyCondition} RETURNING operation, operation_state",
                    KeyParameters(instance, binding)
                );
                if (deletedRows.Count == 0)
                {
                    return null;
                }
                var state = DatabaseValues.ToOperationState(deletedRows[0].OperationState);
                if (state == OperationState.InProgress)
                {
                    await InsertEndedBindingAsync(transaction, instance, binding, deletedRows[0].Operation, ended, at);
                }
                if (audit is not null)
                {
                    await AuditStore.AppendAsync(transaction, audit);
                }
                return state;
            },
            cancellationToken
        );

    /// <summary>
    /// Returns the reason why the last bind of that id ended before it completed; null if there is none, or if the id was bound again.
    /// </summary>
    public async Task<string?> FindEndedDescriptionAsync(InstanceId instance, BindingId binding, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync<string>(
            $"SELECT description FROM ended_binding WHERE {KeyCondition}",
            KeyParameters(instance, binding),
            cancellationToken
        );
        return rows.SingleOrDefault();
    }

    /// <summary>Deletes a binding if its bind is still in progress with the same operation.</summary>
    /// <param name="row">The bind.</param>
    /// <param name="audit">Audit entry to append; null: none.</param>
    /// <param name="cancellationToken">Cancels the deletion.</param>
    /// <returns>True if this call deleted it; false if it is decided, deleted or replaced.</returns>
    public Task<bool> DeleteIfInProgressAsync(BindingRecord row, AuditRecord? audit, CancellationToken cancellationToken) =>
        DeleteIfAsync(OperationState.InProgress, row, audit, cancellationToken);

    /// <summary>Deletes a binding if its bind failed with the same operation, so that it can be retried.</summary>
    /// <returns>True if this call deleted it; false if it is deleted or replaced.</returns>
    public Task<bool> DeleteIfFailedAsync(BindingRecord row, CancellationToken cancellationToken) =>
        DeleteIfAsync(OperationState.Failed, row, null, cancellationToken);

    /// <summary>
    /// Writes outcomes and progress of binds in one transaction, each only while its operation is in progress, so that an outcome never
    /// changes. Final outcomes are also appended to the audit trail.
    /// </summary>
    /// <returns>The outcomes that were written. The other binds are decided, deleted or replaced.</returns>
    public Task<IReadOnlyList<BindOutcome>> RecordOutcomesAsync(
        IReadOnlyList<BindOutcome> outcomes,
        DateTimeOffset at,
        CancellationToken cancellationToken
    ) => database.InTransactionAsync(transaction => BindOutcomeWriter.WriteAsync(transaction, outcomes, at), cancellationToken);

    /// <summary>Stores the first snapshot and returns the stored one, so that all responses are equal.</summary>
    /// <returns>The stored snapshot; null if the binding does not exist or has not succeeded.</returns>
    public async Task<string?> SaveSnapshotAsync(
        InstanceId instance,
        BindingId binding,
        string snapshot,
        CancellationToken cancellationToken
    ) =>
        await database.InTransactionAsync(
            async transaction =>
            {
                var args = new
                {
                    instance = instance.Value,
                    binding = binding.Value,
                    snapshot,
                    succeeded = OperationState.Succeeded.ToText(),
                };
                await transaction.ExecuteAsync(
                    $"UPDATE service_binding SET snapshot = @snapshot WHERE {KeyCondition} AND operation_state = @succeeded AND "
                        + "snapshot IS NULL",
                    args
                );
                var stored = await transaction.QueryAsync<string?>(
                    $"SELECT snapshot FROM service_binding WHERE {KeyCondition} AND operation_state = @succeeded",
                    args
                );
                return stored.SingleOrDefault();
            },
            cancellationToken
        );

    /// <summary>Returns the scopes of all live bindings (in progress and succeeded).</summary>
    public Task<IReadOnlyList<BindingScope>> LiveScopesAsync(CancellationToken cancellationToken) =>
        LiveBindingReader.ScopesAsync(database, cancellationToken);

    /// <summary>Returns all binds in progress, of this and other processes.</summary>
    public Task<IReadOnlyList<PendingBind>> PendingBindsAsync(CancellationToken cancellationToken) =>
        LiveBindingReader.PendingBindsAsync(database, cancellationToken);

    /// <summary>Returns all live credentials (in progress and succeeded), sorted by user name. Expired credentials are included.</summary>
    public Task<IReadOnlyList<CredentialRecord>> LiveCredentialsAsync(CancellationToken cancellationToken) =>
        LiveBindingReader.CredentialsAsync(database, cancellationToken);

    private static async Task<InsertBindingResult> InsertAsync(WriteTransaction transaction, BindingRecord binding, AuditRecord? audit)
    {
        var inserted = await transaction.ExecuteAsync(
            """
            INSERT INTO service_binding (instance_id, binding_id, plan_id, plan_scope, request, username, secret_sha256, secret_ciphertext,
                                         secret_key_id, operation, operation_state, description, snapshot, created_at,
                                         predecessor_binding_id, expires_at, renew_before)
            VALUES (@InstanceId, @BindingId, @PlanId, @PlanScope, @Request, @Username, @SecretSha256, @SecretCiphertext,
                    @SecretKeyId, @Operation, @OperationState, @Description, @Snapshot, @CreatedAt,
                    @PredecessorBindingId, @ExpiresAt, @RenewBefore)
            ON CONFLICT (instance_id, binding_id) DO NOTHING
            """,
            BindingRow.FromRecord(binding)
        );
        if (inserted == 0)
        {
            return InsertBindingResult.AlreadyExists;
        }
        if (binding.ServiceInstanceIds.Count > 0)
        {
            await transaction.ExecuteAsync(
                """
                INSERT INTO service_binding_service (instance_id, binding_id, service_instance_id)
                VALUES (@instance, @binding, @service)
                """,
                binding
                    .ServiceInstanceIds.Select(service => new
                    {
                        instance = binding.InstanceId.Value,
                        binding = binding.BindingId.Value,
                        service,
                    })
                    .ToList()
            );
        }
        await transaction.ExecuteAsync(
            $"DELETE FROM ended_binding WHERE {KeyCondition}",
            KeyParameters(binding.InstanceId, binding.BindingId)
        );
        if (audit is not null)
        {
            await AuditStore.AppendAsync(transaction, audit);
        }
        return InsertBindingResult.Inserted;
    }

    private static async Task InsertEndedBindingAsync(
        WriteTransaction transaction,
        InstanceId instance,
        BindingId binding,
        string operation,
        string description,
        DateTimeOffset at
    )
    {
        await transaction.ExecuteAsync(
            "DELETE FROM ended_binding WHERE ended_at < @old",
            new { old = (at - EndedBindingRetention).ToUnixMilliseconds() }
        );
        await transaction.ExecuteAsync(
            """
            INSERT INTO ended_binding (instance_id, binding_id, operation, description, ended_at)
            VALUES (@instance, @binding, @operation, @description, @at)
            ON CONFLICT (instance_id, binding_id) DO UPDATE SET
              operation = excluded.operation, description = excluded.description, ended_at = excluded.ended_at
            """,
            new
            {
                instance = instance.Value,
                binding = binding.Value,
                operation,
                description,
                at = at.ToUnixMilliseconds(),
            }
        );
    }

    private Task<bool> DeleteIfAsync(OperationState state, BindingRecord row, AuditRecord? audit, CancellationToken cancellationToken) =>
        database.InTransactionAsync(
            async transaction =>
            {
                var deleted =
                    await transaction.ExecuteAsync(
                        $"DELETE FROM service_binding WHERE {KeyCondition} AND operation = @operation AND operation_state = @state",
                        new
                        {
                            instance = row.InstanceId.Value,
                            binding = row.BindingId.Value,
                            operation = row.Operation,
                            state = state.ToText(),
                        }
                    ) == 1;
                if (deleted && audit is not null)
                {
                    await AuditStore.AppendAsync(transaction, audit);
                }
                return deleted;
            },
            cancellationToken
        );

    private static object KeyParameters(InstanceId instance, BindingId binding) =>
        new { instance = instance.Value, binding = binding.Value };
}
