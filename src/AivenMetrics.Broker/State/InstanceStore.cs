using System.Data.Common;

namespace AivenMetrics.Broker.State;

/// <summary>The result of deleting an instance.</summary>
public enum DeleteInstanceResult
{
    /// <summary>The instance was deleted.</summary>
    Deleted,

    /// <summary>The instance does not exist.</summary>
    NotFound,

    /// <summary>The instance has live bindings; nothing was changed.</summary>
    HasBindings,
}

/// <summary>Stores ServiceInstances.</summary>
public sealed class InstanceStore(Database database)
{
    private const string Columns =
        "instance_id, service_id, plan_id, plan_scope, organization_id, space_id, organization_name, space_name, instance_name, "
        + "parameters, created_at, platform, annotations, maintenance_version, context_at";

    /// <summary>Returns the instance; null if it does not exist.</summary>
    public async Task<InstanceRecord?> FindAsync(InstanceId id, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync<InstanceRow>(
            $"SELECT {Columns} FROM service_instance WHERE instance_id = @id",
            new { id = id.Value },
            cancellationToken
        );
        return rows.SingleOrDefault()?.ToRecord();
    }

    /// <summary>Inserts an instance unless the id exists. The unique key decides between concurrent requests.</summary>
    /// <returns>False if the id exists; nothing was changed then.</returns>
    public Task<bool> TryInsertAsync(InstanceRecord instance, CancellationToken cancellationToken) =>
        TryInsertAsync(instance, null, cancellationToken);

    /// <summary>Inserts an instance unless the id exists, and appends an audit entry.</summary>
    /// <param name="instance">The record.</param>
    /// <param name="entry">Audit entry to append after an insert; null: none.</param>
    /// <param name="cancellationToken">Cancels the insert; nothing is changed then.</param>
    /// <returns>False if the id exists; nothing was changed then.</returns>
    public Task<bool> TryInsertAsync(InstanceRecord instance, AuditRecord? entry, CancellationToken cancellationToken) =>
        database.InTransactionAsync(
            async transaction =>
            {
                var inserted =
                    await transaction.ExecuteAsync(
                        $"""
                        INSERT INTO service_instance ({Columns})
                        VALUES (@InstanceId, @ServiceId, @PlanId, @PlanScope, @OrganizationId, @SpaceId, @OrganizationName, @SpaceName,
                                @InstanceName, @Parameters, @CreatedAt, @Platform, @Annotations, @MaintenanceVersion, @ContextAt)
                        ON CONFLICT (instance_id) DO NOTHING
                        """,
                        InstanceRow.FromRecord(instance)
                    ) == 1;
                if (inserted && entry is not null)
                {
                    await AuditStore.AppendAsync(transaction, entry);
                }
                return inserted;
            },
            cancellationToken
        );

    /// <summary>Changes an instance in one transaction. Concurrent changes are executed one after the other.</summary>
    /// <param name="id">Id of the instance.</param>
    /// <param name="change">Returns the changed record. An exception rolls back the transaction.</param>
    /// <param name="entry">Creates the audit entry from the records before and after; null: none.</param>
    /// <param name="cancellationToken">Cancels the change; nothing is changed then.</param>
    /// <returns>The changed record; null if the instance does not exist.</returns>
    public Task<InstanceRecord?> UpdateAsync(
        InstanceId id,
        Func<InstanceRecord, InstanceRecord> change,
        Func<InstanceRecord, InstanceRecord, AuditRecord>? entry,
        CancellationToken cancellationToken
    )
    {
        var args = new { id = id.Value };
        return database.InTransactionAsync(
            async transaction =>
            {
                // Locks the row before reading it, in both databases. Binds of the instance are not blocked.
                await transaction.ExecuteAsync("UPDATE service_instance SET plan_id = plan_id WHERE instance_id = @id", args);
                var rows = await transaction.QueryAsync<InstanceRow>(
                    $"SELECT {Columns} FROM service_instance WHERE instance_id = @id",
                    args
                );
                if (rows.SingleOrDefault()?.ToRecord() is not { } before)
                {
                    return null;
                }
                var after = change(before);
                await transaction.ExecuteAsync(
                    """
                    UPDATE service_instance SET
                      plan_id = @PlanId, plan_scope = @PlanScope, organization_id = @OrganizationId, space_id = @SpaceId,
                      organization_name = @OrganizationName, space_name = @SpaceName, instance_name = @InstanceName,
                      parameters = @Parameters, platform = @Platform, annotations = @Annotations,
                      maintenance_version = @MaintenanceVersion, context_at = @ContextAt
                    WHERE instance_id = @InstanceId
                    """,
                    InstanceRow.FromRecord(after)
                );
                if (entry is not null)
                {
                    await AuditStore.AppendAsync(transaction, entry(before, after));
                }
                return after;
            },
            cancellationToken
        );
    }

    /// <summary>Stores the context reported by a platform. If it is unchanged, which is the common case, nothing is written.</summary>
    /// <returns>The updated instance; the given one if it no longer exists.</returns>
    public async Task<InstanceRecord> ApplyContextAsync(
        InstanceRecord instance,
        ContextUpdate update,
        DateTimeOffset at,
        CancellationToken cancellationToken
    ) =>
        update.HasNoEffectOn(instance)
            ? instance
            : await UpdateAsync(instance.InstanceId, known => update.ApplyTo(known, at), null, cancellationToken) ?? instance;

    /// <summary>Deletes an instance that has no live binding.</summary>
    public Task<DeleteInstanceResult> DeleteAsync(InstanceId id, CancellationToken cancellationToken) =>
        DeleteAsync(id, null, cancellationToken);

    /// <summary>
    /// Deletes an instance that has no live binding, and appends an audit entry. Failed bindings that the platform did not delete are
    /// deleted with it.
    /// </summary>
    /// <param name="id">Id of the instance.</param>
    /// <param name="entry">Audit entry to append after the deletion; null: none.</param>
    /// <param name="cancellationToken">Cancels the deletion; nothing is changed then.</param>
    public async Task<DeleteInstanceResult> DeleteAsync(InstanceId id, AuditRecord? entry, CancellationToken cancellationToken)
    {
        try
        {
            return await database.InTransactionAsync(transaction => DeleteAsync(transaction, id, entry), cancellationToken);
        }
        catch (DbException e) when (Database.IsForeignKeyViolation(e))
        {
            // A concurrent bind was inserted after the check.
            return DeleteInstanceResult.HasBindings;
        }
    }

    /// <summary>Returns the most recently reported names of each owner, for labels. Owners without a name are omitted.</summary>
    public async Task<IReadOnlyList<OwnerNames>> OwnerNamesAsync(CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync<InstanceRow>(
            $"""
            SELECT {Columns} FROM service_instance
            WHERE organization_name IS NOT NULL OR space_name IS NOT NULL
            ORDER BY context_at DESC, created_at DESC, instance_id
            """,
            null,
            cancellationToken
        );
        return
        [
            .. rows.Select(row => row.ToRecord())
                .GroupBy(record => record.Owner)
                .Select(group => new OwnerNames(
                    group.Key,
                    group.FirstOrDefault(record => record.OrganizationName is not null)?.OrganizationName,
                    group.FirstOrDefault(record => record.SpaceName is not null)?.SpaceName
                )),
        ];
    }

    private static async Task<DeleteInstanceResult> DeleteAsync(WriteTransaction transaction, InstanceId id, AuditRecord? entry)
    {
        var args = new { id = id.Value, failed = OperationState.Failed.ToText() };
        var found = await transaction.QueryAsync<string>("SELECT instance_id FROM service_instance WHERE instance_id = @id", args);
        if (found.Count == 0)
        {
            return DeleteInstanceResult.NotFound;
        }
        var live = await transaction.QueryAsync<string>(
            "SELECT binding_id FROM service_binding WHERE instance_id = @id AND operation_state <> @failed LIMIT 1",
            args
        );
        if (live.Count > 0)
        {
            return DeleteInstanceResult.HasBindings;
        }
        await transaction.ExecuteAsync("DELETE FROM service_binding WHERE instance_id = @id AND operation_state = @failed", args);
        if (await transaction.ExecuteAsync("DELETE FROM service_instance WHERE instance_id = @id", args) == 0)
        {
            return DeleteInstanceResult.NotFound;
        }
        if (entry is not null)
        {
            await AuditStore.AppendAsync(transaction, entry);
        }
        return DeleteInstanceResult.Deleted;
    }
}
