using System.Data.Common;

namespace AivenMetrics.Broker.State;

/// <summary>What a delete of an instance met.</summary>
public enum DeleteInstanceResult
{
    /// <summary>This call deleted it.</summary>
    Deleted,

    /// <summary>There is none.</summary>
    NotFound,

    /// <summary>It has live bindings; nothing was changed.</summary>
    HasBindings,
}

/// <summary>The ServiceInstances that platforms ordered.</summary>
public sealed class InstanceStore(Database database)
{
    private const string Columns =
        "instance_id, service_id, plan_id, plan_scope, organization_id, space_id, organization_name, space_name, instance_name, "
        + "parameters, created_at";

    /// <summary>The instance, or null when there is none.</summary>
    public async Task<InstanceRecord?> Find(InstanceId id, CancellationToken ct)
    {
        var rows = await database.Query<Row>(
            $"SELECT {Columns} FROM service_instance WHERE instance_id = @id", new { id = id.Value }, ct);
        return rows.SingleOrDefault()?.Record();
    }

    /// <summary>Inserts unless the id exists. The unique key decides between requests that come at once.</summary>
    /// <returns>False: the id exists; nothing was changed.</returns>
    public async Task<bool> TryInsert(InstanceRecord instance, CancellationToken ct) =>
        await database.Execute(
            $"""
            INSERT INTO service_instance ({Columns})
            VALUES (@InstanceId, @ServiceId, @PlanId, @PlanScope, @OrganizationId, @SpaceId, @OrganizationName, @SpaceName, @InstanceName,
                    @Parameters, @CreatedAt)
            ON CONFLICT (instance_id) DO NOTHING
            """,
            Row.Of(instance),
            ct) == 1;

    /// <summary>
    /// Deletes an instance that has no live binding. Binds that failed and were never deleted by the platform go with it.
    /// </summary>
    public async Task<DeleteInstanceResult> Delete(InstanceId id, CancellationToken ct)
    {
        var args = new { id = id.Value, failed = OperationState.Failed.Word() };
        try
        {
            return await database.Write(
                async transaction =>
                {
                    var found = await transaction.Query<string>(
                        "SELECT instance_id FROM service_instance WHERE instance_id = @id", args);
                    if (found.Count == 0)
                        return DeleteInstanceResult.NotFound;
                    var live = await transaction.Query<string>(
                        "SELECT binding_id FROM service_binding WHERE instance_id = @id AND operation_state <> @failed LIMIT 1", args);
                    if (live.Count > 0)
                        return DeleteInstanceResult.HasBindings;
                    await transaction.Execute("DELETE FROM service_binding WHERE instance_id = @id AND operation_state = @failed", args);
                    return await transaction.Execute("DELETE FROM service_instance WHERE instance_id = @id", args) == 1
                        ? DeleteInstanceResult.Deleted
                        : DeleteInstanceResult.NotFound;
                },
                ct);
        }
        catch (DbException e) when (Database.IsForeignKeyViolation(e))
        {
            // A bind came between our look and our delete.
            return DeleteInstanceResult.HasBindings;
        }
    }

    /// <summary>The newest known names per owner, for labels; owners without any name are left out.</summary>
    public async Task<IReadOnlyList<OwnerNames>> OwnerNames(CancellationToken ct)
    {
        var rows = await database.Query<Row>(
            $"""
            SELECT {Columns} FROM service_instance
            WHERE organization_name IS NOT NULL OR space_name IS NOT NULL
            ORDER BY created_at DESC, instance_id
            """,
            null,
            ct);
        return
        [
            .. rows.Select(row => row.Record())
                .GroupBy(record => record.Owner)
                .Select(group => new OwnerNames(
                    group.Key,
                    group.FirstOrDefault(record => record.OrganizationName is not null)?.OrganizationName,
                    group.FirstOrDefault(record => record.SpaceName is not null)?.SpaceName)),
        ];
    }

    private sealed class Row
    {
        public string InstanceId { get; init; } = "";

        public string ServiceId { get; init; } = "";

        public string PlanId { get; init; } = "";

        public string PlanScope { get; init; } = "";

        public string OrganizationId { get; init; } = "";

        public string SpaceId { get; init; } = "";

        public string? OrganizationName { get; init; }

        public string? SpaceName { get; init; }

        public string? InstanceName { get; init; }

        public string Parameters { get; init; } = "";

        public long CreatedAt { get; init; }

        public static Row Of(InstanceRecord record) => new()
        {
            InstanceId = record.InstanceId.Value,
            ServiceId = record.ServiceId,
            PlanId = record.PlanId,
            PlanScope = record.PlanScope.Word(),
            OrganizationId = record.Owner.OrganizationId,
            SpaceId = record.Owner.SpaceId,
            OrganizationName = record.OrganizationName,
            SpaceName = record.SpaceName,
            InstanceName = record.InstanceName,
            Parameters = record.Parameters,
            CreatedAt = record.CreatedAt.Milliseconds(),
        };

        public InstanceRecord Record() => new(
            new InstanceId(InstanceId),
            ServiceId,
            PlanId,
            Words.ToPlanScope(PlanScope),
            new SpaceOwner(OrganizationId, SpaceId),
            OrganizationName,
            SpaceName,
            InstanceName,
            Parameters,
            Words.Time(CreatedAt));
    }
}
