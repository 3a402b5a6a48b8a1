using System.Data;
using System.Data.Common;
using System.Globalization;
using Dapper;

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

/// <summary>
/// The ServiceBindings: one credential each, and the operation that makes it usable. A lifecycle is three writes: the insert,
/// the outcome (several binds share one), the delete; the audit trail's entries are written with them.
/// </summary>
public sealed class BindingStore(Database database)
{
    private const string Key = "instance_id = @instance AND binding_id = @binding";

    // Each outcome has six parameters, of which a statement may have some thousands.
    private const int RecordedAtOnce = 200;

    // Platforms poll for a week at most.
    private static readonly TimeSpan EndedKept = TimeSpan.FromDays(7);

    /// <summary>The binding of that instance, or null. A binding is reachable only through its own instance.</summary>
    public async Task<BindingRecord?> Find(InstanceId instance, BindingId binding, CancellationToken ct)
    {
        var rows = await database.Query<BindingRow>(
            """
            SELECT b.instance_id, b.binding_id, b.plan_id, b.plan_scope, b.request, b.username, b.secret_sha256, b.secret_ciphertext,
                   b.secret_key_id, b.operation, b.operation_state, b.description, b.snapshot, b.created_at, b.predecessor_binding_id,
                   b.expires_at, b.renew_before, s.service_instance_id
            FROM service_binding b
            LEFT JOIN service_binding_service s ON s.instance_id = b.instance_id AND s.binding_id = b.binding_id
            WHERE b.instance_id = @instance AND b.binding_id = @binding
            """,
            Id(instance, binding),
            ct);
        return rows.Count == 0 ? null : rows[0].Record(BindingReader.ServiceInstanceIds(rows));
    }

    /// <summary>Inserts without an entry in the audit trail.</summary>
    public Task<InsertBindingResult> TryInsert(BindingRecord binding, CancellationToken ct) => TryInsert(binding, null, ct);

    /// <summary>
    /// Inserts a binding and the services it names in one transaction. The unique key decides between equal requests. A bind
    /// of that id that was ended before is forgotten.
    /// </summary>
    /// <param name="binding">The row.</param>
    /// <param name="audit">Kept with it if this call inserts; null: nothing.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<InsertBindingResult> TryInsert(BindingRecord binding, AuditRecord? audit, CancellationToken ct)
    {
        try
        {
            return await database.Write(transaction => Insert(transaction, binding, audit), ct);
        }
        catch (DbException e) when (Database.IsForeignKeyViolation(e))
        {
            return InsertBindingResult.InstanceGone;
        }
    }

    /// <summary>
    /// Deletes a binding in any state: its credential is gone with the row. Of a bind that was still running the end is kept
    /// for a week, for platforms that poll it (osb.md 119).
    /// </summary>
    /// <param name="instance">The instance.</param>
    /// <param name="binding">The binding.</param>
    /// <param name="ended">What <see cref="FindEnded"/> tells of a bind that was still running.</param>
    /// <param name="audit">Kept with the delete; null: nothing.</param>
    /// <param name="at">Now.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>The state that the bind was in; null: there was none to delete.</returns>
    public Task<OperationState?> Delete(
        InstanceId instance, BindingId binding, string ended, AuditRecord? audit, DateTimeOffset at, CancellationToken ct) =>
        database.Write<OperationState?>(
            async transaction =>
            {
                var gone = await transaction.Query<BindingRow>(
                    $"DELETE FROM service_binding WHERE {Key} RETURNING operation, operation_state", Id(instance, binding));
                if (gone.Count == 0)
                    return null;
                var state = Words.ToOperationState(gone[0].OperationState);
                if (state == OperationState.InProgress)
                    await KeepEnd(transaction, instance, binding, gone[0].Operation, ended, at);
                if (audit is not null)
                    await AuditStore.Append(transaction, audit);
                return state;
            },
            ct);

    /// <summary>Why the last bind of that id ended before it was done; null: there was none, or it was bound anew.</summary>
    public async Task<string?> FindEnded(InstanceId instance, BindingId binding, CancellationToken ct)
    {
        var rows = await database.Query<string>($"SELECT description FROM ended_binding WHERE {Key}", Id(instance, binding), ct);
        return rows.SingleOrDefault();
    }

    /// <summary>Deletes a binding while its bind still runs under that operation; used when nobody will wait for it.</summary>
    /// <param name="row">The bind.</param>
    /// <param name="audit">Kept with the delete; null: nothing.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>True: this call deleted it; false: it is done, gone, or another one.</returns>
    public Task<bool> DeleteIfInProgress(BindingRecord row, AuditRecord? audit, CancellationToken ct) =>
        DeleteIf(OperationState.InProgress, row, audit, ct);

    /// <summary>Deletes a binding whose bind failed under that operation, so that it can be tried anew.</summary>
    /// <returns>True: this call deleted it; false: it is gone, or another one.</returns>
    public Task<bool> DeleteIfFailed(BindingRecord row, CancellationToken ct) => DeleteIf(OperationState.Failed, row, null, ct);

    /// <summary>
    /// Writes outcomes of binds, and how far others are, in one transaction; each only while its operation runs, so that an
    /// outcome is never changed. Outcomes that are final go to the audit trail.
    /// </summary>
    /// <returns>Those that were written; the others are over, gone, or other binds of the same id.</returns>
    public Task<IReadOnlyList<BindOutcome>> Record(IReadOnlyList<BindOutcome> outcomes, DateTimeOffset at, CancellationToken ct) =>
        database.Write<IReadOnlyList<BindOutcome>>(
            async transaction =>
            {
                var written = new List<BindOutcome>(outcomes.Count);
                foreach (var batch in outcomes.Chunk(RecordedAtOnce))
                    written.AddRange(await Record(transaction, batch, at));
                return written;
            },
            ct);

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

    /// <summary>What all live bindings (in progress and succeeded) cover.</summary>
    public Task<IReadOnlyList<BindingScope>> Scopes(CancellationToken ct) => BindingReader.Scopes(database, ct);

    /// <summary>The binds in progress, of this process or another.</summary>
    public Task<IReadOnlyList<WaitingBind>> Waiting(CancellationToken ct) => BindingReader.Waiting(database, ct);

    /// <summary>Every live credential (in progress and succeeded), sorted by user name; expired ones too, which say so.</summary>
    public Task<IReadOnlyList<CredentialRecord>> Credentials(CancellationToken ct) => BindingReader.Credentials(database, ct);

    private static async Task<InsertBindingResult> Insert(WriteTransaction transaction, BindingRecord binding, AuditRecord? audit)
    {
        var inserted = await transaction.Execute(
            """
            INSERT INTO service_binding (instance_id, binding_id, plan_id, plan_scope, request, username, secret_sha256, secret_ciphertext,
                                         secret_key_id, operation, operation_state, description, snapshot, created_at,
                                         predecessor_binding_id, expires_at, renew_before)
            VALUES (@InstanceId, @BindingId, @PlanId, @PlanScope, @Request, @Username, @SecretSha256, @SecretCiphertext,
                    @SecretKeyId, @Operation, @OperationState, @Description, @Snapshot, @CreatedAt,
                    @PredecessorBindingId, @ExpiresAt, @RenewBefore)
            ON CONFLICT (instance_id, binding_id) DO NOTHING
            """,
            BindingRow.Of(binding));
        if (inserted == 0)
            return InsertBindingResult.Exists;
        if (binding.ServiceInstanceIds.Count > 0)
            await transaction.Execute(
                """
                INSERT INTO service_binding_service (instance_id, binding_id, service_instance_id)
                VALUES (@instance, @binding, @service)
                """,
                binding.ServiceInstanceIds
                    .Select(service => new { instance = binding.InstanceId.Value, binding = binding.BindingId.Value, service })
                    .ToList());
        await transaction.Execute($"DELETE FROM ended_binding WHERE {Key}", Id(binding.InstanceId, binding.BindingId));
        if (audit is not null)
            await AuditStore.Append(transaction, audit);
        return InsertBindingResult.Inserted;
    }

    private static async Task KeepEnd(
        WriteTransaction transaction, InstanceId instance, BindingId binding, string operation, string description, DateTimeOffset at)
    {
        await transaction.Execute("DELETE FROM ended_binding WHERE ended_at < @old", new { old = (at - EndedKept).Milliseconds() });
        await transaction.Execute(
            """
            INSERT INTO ended_binding (instance_id, binding_id, operation, description, ended_at)
            VALUES (@instance, @binding, @operation, @description, @at)
            ON CONFLICT (instance_id, binding_id) DO UPDATE SET
              operation = excluded.operation, description = excluded.description, ended_at = excluded.ended_at
            """,
            new { instance = instance.Value, binding = binding.Value, operation, description, at = at.Milliseconds() });
    }

    private static async Task<IReadOnlyList<BindOutcome>> Record(WriteTransaction transaction, BindOutcome[] outcomes, DateTimeOffset at)
    {
        var args = new DynamicParameters();
        args.Add("inProgress", OperationState.InProgress.Word(), DbType.String);
        foreach (var (i, outcome) in outcomes.Index())
        {
            args.Add($"state{i}", outcome.State.Word(), DbType.String);
            args.Add($"description{i}", outcome.Description, DbType.String);
            args.Add($"snapshot{i}", outcome.Snapshot, DbType.String);
            args.Add($"instance{i}", outcome.Bind.Scope.InstanceId.Value, DbType.String);
            args.Add($"binding{i}", outcome.Bind.Scope.BindingId.Value, DbType.String);
            args.Add($"operation{i}", outcome.Bind.Operation, DbType.String);
        }

        var rows = outcomes.Index().Select(entry =>
            string.Create(CultureInfo.InvariantCulture, $"(@state{entry.Index}, @description{entry.Index}, @snapshot{entry.Index}, ")
            + string.Create(CultureInfo.InvariantCulture, $"@instance{entry.Index}, @binding{entry.Index}, @operation{entry.Index})"));
        // Both databases name the columns of VALUES so.
        var written = await transaction.Query<string>(
            $"""
            UPDATE service_binding SET operation_state = o.column1, description = o.column2, snapshot = o.column3
            FROM (VALUES {string.Join(", ", rows)}) AS o
            WHERE instance_id = o.column4 AND binding_id = o.column5 AND operation = o.column6 AND operation_state = @inProgress
            RETURNING operation
            """,
            args);
        var ours = outcomes.Where(outcome => written.Contains(outcome.Bind.Operation, StringComparer.Ordinal)).ToList();
        await AuditStore.Append(
            transaction, [.. ours.Where(outcome => outcome.State != OperationState.InProgress).Select(outcome => Entry(outcome, at))]);
        return ours;
    }

    private static AuditRecord Entry(BindOutcome outcome, DateTimeOffset at) => new(
        at, "Bind", outcome.Bind.Scope.InstanceId, outcome.Bind.Scope.BindingId, Actor.Broker,
        outcome.State == OperationState.Succeeded ? AuditResult.Succeeded : AuditResult.Failed, outcome.Description);

    private Task<bool> DeleteIf(OperationState state, BindingRecord row, AuditRecord? audit, CancellationToken ct) =>
        database.Write(
            async transaction =>
            {
                var deleted = await transaction.Execute(
                    $"DELETE FROM service_binding WHERE {Key} AND operation = @operation AND operation_state = @state",
                    new { instance = row.InstanceId.Value, binding = row.BindingId.Value, operation = row.Operation, state = state.Word() }) == 1;
                if (deleted && audit is not null)
                    await AuditStore.Append(transaction, audit);
                return deleted;
            },
            ct);

    private static object Id(InstanceId instance, BindingId binding) => new { instance = instance.Value, binding = binding.Value };
}
