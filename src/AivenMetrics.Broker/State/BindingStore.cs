using System.Data.Common;

namespace AivenMetrics.Broker.State;

/// <summary>What an insert of a binding met.</summary>
public enum InsertBindingResult
{
    /// <summary>This call inserted it.</summary>
    Inserted,

    /// <summary>The instance has a binding of that id; nothing was changed.</summary>
    Exists,

    /// <summary>The instance is not there (any more); nothing was changed.</summary>
    InstanceGone,
}

/// <summary>The ServiceBindings: one credential each, and the operation that makes it usable.</summary>
public sealed class BindingStore(Database database)
{
    private const string Key = "instance_id = @instance AND binding_id = @binding";

    /// <summary>The binding of that instance, or null. A binding is reachable only through its own instance.</summary>
    public async Task<BindingRecord?> Find(InstanceId instance, BindingId binding, CancellationToken ct)
    {
        var rows = await database.Query<BindingRow>(
            """
            SELECT b.instance_id, b.binding_id, b.request, b.username, b.secret_sha256, b.secret_ciphertext, b.secret_key_id,
                   b.operation, b.operation_state, b.description, b.snapshot, b.created_at, s.service_instance_id
            FROM service_binding b
            LEFT JOIN service_binding_service s ON s.instance_id = b.instance_id AND s.binding_id = b.binding_id
            WHERE b.instance_id = @instance AND b.binding_id = @binding
            """,
            Id(instance, binding),
            ct);
        return rows.Count == 0 ? null : rows[0].Record(ServiceInstanceIds(rows));
    }

    /// <summary>Inserts a binding and the services it names in one transaction. The unique key decides between equal requests.</summary>
    public async Task<InsertBindingResult> TryInsert(BindingRecord binding, CancellationToken ct)
    {
        try
        {
            return await database.Write(transaction => Insert(transaction, binding), ct);
        }
        catch (DbException e) when (Database.IsForeignKeyViolation(e))
        {
            return InsertBindingResult.InstanceGone;
        }
    }

    /// <summary>Deletes a binding in any state: its credential is gone with the row.</summary>
    /// <returns>True: this call deleted it.</returns>
    public async Task<bool> Delete(InstanceId instance, BindingId binding, CancellationToken ct) =>
        await database.Execute($"DELETE FROM service_binding WHERE {Key}", Id(instance, binding), ct) == 1;

    /// <summary>Deletes a binding while its bind still runs under that operation; used when nobody will wait for it.</summary>
    /// <returns>True: this call deleted it; false: it is done, gone, or another one.</returns>
    public Task<bool> DeleteIfInProgress(InstanceId instance, BindingId binding, string operation, CancellationToken ct) =>
        DeleteIf(OperationState.InProgress, instance, binding, operation, ct);

    /// <summary>Deletes a binding whose bind failed under that operation, so that it can be tried anew.</summary>
    /// <returns>True: this call deleted it; false: it is gone, or another one.</returns>
    public Task<bool> DeleteIfFailed(InstanceId instance, BindingId binding, string operation, CancellationToken ct) =>
        DeleteIf(OperationState.Failed, instance, binding, operation, ct);

    /// <summary>What all live bindings (in progress and succeeded) cover.</summary>
    public async Task<IReadOnlyList<BindingScope>> Scopes(CancellationToken ct) =>
        await Live(
            rows => new BindingScope(
                new InstanceId(rows[0].InstanceId),
                new BindingId(rows[0].BindingId),
                Words.ToPlanScope(rows[0].PlanScope),
                new SpaceOwner(rows[0].OrganizationId, rows[0].SpaceId),
                ServiceInstanceIds(rows),
                Words.ToOperationState(rows[0].OperationState)),
            ct);

    /// <summary>Every live credential (in progress and succeeded), sorted by user name.</summary>
    public async Task<IReadOnlyList<CredentialRecord>> Credentials(CancellationToken ct)
    {
        var credentials = await Live(
            rows => new CredentialRecord(
                rows[0].Username,
                rows[0].SecretSha256,
                Words.ToPlanScope(rows[0].PlanScope),
                new SpaceOwner(rows[0].OrganizationId, rows[0].SpaceId),
                ServiceInstanceIds(rows)),
            ct);
        return [.. credentials.OrderBy(credential => credential.Username, StringComparer.Ordinal)];
    }

    /// <summary>True while any bind waits for the reconciler, of this process or another.</summary>
    public async Task<bool> AnyInProgress(CancellationToken ct)
    {
        var rows = await database.Query<string>(
            "SELECT binding_id FROM service_binding WHERE operation_state = @state LIMIT 1",
            new { state = OperationState.InProgress.Word() },
            ct);
        return rows.Count > 0;
    }

    /// <summary>Writes the outcome of a bind, or how far it is, but only while it is in progress: an outcome is never changed.</summary>
    /// <param name="instance">The instance.</param>
    /// <param name="binding">The binding.</param>
    /// <param name="expectOperation">Only if this operation is the one that runs; null: any.</param>
    /// <param name="state">The state.</param>
    /// <param name="description">For the tenant; not empty.</param>
    /// <param name="snapshot">Null: left to who first answers with the credentials.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>True: written; false: the operation is over, another, or gone.</returns>
    public async Task<bool> RecordOperation(
        InstanceId instance,
        BindingId binding,
        string? expectOperation,
        OperationState state,
        string description,
        string? snapshot,
        CancellationToken ct)
    {
        var expected = expectOperation is null ? "" : " AND operation = @expectOperation";
        var snapshotted = snapshot is null ? "" : ", snapshot = @snapshot";
        return await database.Execute(
            $"""
            UPDATE service_binding SET operation_state = @state, description = @description{snapshotted}
            WHERE {Key} AND operation_state = @inProgress{expected}
            """,
            new
            {
                instance = instance.Value,
                binding = binding.Value,
                expectOperation,
                state = state.Word(),
                inProgress = OperationState.InProgress.Word(),
                description,
                snapshot,
            },
            ct) == 1;
    }

    /// <summary>Keeps the first snapshot that is offered and gives back the one kept, so that every answer is equal.</summary>
    /// <returns>The snapshot kept; null when the binding is gone or has not succeeded.</returns>
    public async Task<string?> SaveSnapshot(InstanceId instance, BindingId binding, string snapshot, CancellationToken ct) =>
        await database.Write(
            async transaction =>
            {
                var args = new { instance = instance.Value, binding = binding.Value, snapshot, succeeded = OperationState.Succeeded.Word() };
                await transaction.Execute(
                    $"UPDATE service_binding SET snapshot = @snapshot WHERE {Key} AND operation_state = @succeeded AND snapshot IS NULL", args);
                var kept = await transaction.Query<string?>(
                    $"SELECT snapshot FROM service_binding WHERE {Key} AND operation_state = @succeeded", args);
                return kept.SingleOrDefault();
            },
            ct);

    private static async Task<InsertBindingResult> Insert(WriteTransaction transaction, BindingRecord binding)
    {
        var inserted = await transaction.Execute(
            """
            INSERT INTO service_binding (instance_id, binding_id, request, username, secret_sha256, secret_ciphertext, secret_key_id,
                                         operation, operation_state, description, snapshot, created_at)
            VALUES (@InstanceId, @BindingId, @Request, @Username, @SecretSha256, @SecretCiphertext, @SecretKeyId,
                    @Operation, @OperationState, @Description, @Snapshot, @CreatedAt)
            ON CONFLICT (instance_id, binding_id) DO NOTHING
            """,
            BindingRow.Of(binding));
        if (inserted == 0)
            return InsertBindingResult.Exists;
        await transaction.Execute(
            """
            INSERT INTO service_binding_service (instance_id, binding_id, service_instance_id)
            VALUES (@instance, @binding, @service)
            """,
            binding.ServiceInstanceIds
                .Select(service => new { instance = binding.InstanceId.Value, binding = binding.BindingId.Value, service })
                .ToList());
        return InsertBindingResult.Inserted;
    }

    private async Task<bool> DeleteIf(
        OperationState state, InstanceId instance, BindingId binding, string operation, CancellationToken ct) =>
        await database.Execute(
            $"DELETE FROM service_binding WHERE {Key} AND operation = @operation AND operation_state = @state",
            new { instance = instance.Value, binding = binding.Value, operation, state = state.Word() },
            ct) == 1;

    private async Task<IReadOnlyList<T>> Live<T>(Func<List<LiveRow>, T> record, CancellationToken ct)
    {
        // One statement, so that no binding is seen without its services.
        var rows = await database.Query<LiveRow>(
            """
            SELECT b.instance_id, b.binding_id, b.username, b.secret_sha256, b.operation_state,
                   i.plan_scope, i.organization_id, i.space_id, s.service_instance_id
            FROM service_binding b
            JOIN service_instance i ON i.instance_id = b.instance_id
            LEFT JOIN service_binding_service s ON s.instance_id = b.instance_id AND s.binding_id = b.binding_id
            WHERE b.operation_state <> @failed
            ORDER BY b.instance_id, b.binding_id
            """,
            new { failed = OperationState.Failed.Word() },
            ct);
        return [.. rows.GroupBy(row => (row.InstanceId, row.BindingId)).Select(group => record([.. group]))];
    }

    private static object Id(InstanceId instance, BindingId binding) => new { instance = instance.Value, binding = binding.Value };

    private static IReadOnlyList<string> ServiceInstanceIds(IEnumerable<BindingServiceRow> rows) =>
        [.. rows.Select(row => row.ServiceInstanceId).OfType<string>().Order(StringComparer.Ordinal)];
}
