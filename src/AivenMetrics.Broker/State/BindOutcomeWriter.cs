using System.Data;
using System.Globalization;
using Dapper;

namespace AivenMetrics.Broker.State;

/// <summary>Writes outcomes and progress of binds, many with each statement, and appends final outcomes to the audit trail.</summary>
internal static class BindOutcomeWriter
{
    // Each outcome has six parameters, and a statement is limited to some thousands.
    private const int MaximumOutcomesPerStatement = 200;

    /// <summary>Writes each outcome whose operation is still in progress.</summary>
    /// <returns>The outcomes that were written.</returns>
    public static async Task<IReadOnlyList<BindOutcome>> WriteAsync(
        WriteTransaction transaction,
        IReadOnlyList<BindOutcome> outcomes,
        DateTimeOffset at
    )
    {
        var written = new List<BindOutcome>(outcomes.Count);
        foreach (var batch in outcomes.Chunk(MaximumOutcomesPerStatement))
        {
            written.AddRange(await WriteBatchAsync(transaction, batch, at));
        }
        return written;
    }

    private static async Task<IReadOnlyList<BindOutcome>> WriteBatchAsync(
        WriteTransaction transaction,
        BindOutcome[] outcomes,
        DateTimeOffset at
    )
    {
        var args = new DynamicParameters();
        args.Add("inProgress", OperationState.InProgress.ToText(), DbType.String);
        foreach (var (i, outcome) in outcomes.Index())
        {
            args.Add($"state{i}", outcome.State.ToText(), DbType.String);
            args.Add($"description{i}", outcome.Description, DbType.String);
            args.Add($"snapshot{i}", outcome.Snapshot, DbType.String);
            args.Add($"instance{i}", outcome.Bind.Scope.InstanceId.Value, DbType.String);
            args.Add($"binding{i}", outcome.Bind.Scope.BindingId.Value, DbType.String);
            args.Add($"operation{i}", outcome.Bind.Operation, DbType.String);
        }

        var rows = outcomes
            .Index()
            .Select(entry =>
                string.Create(CultureInfo.InvariantCulture, $"(@state{entry.Index}, @description{entry.Index}, @snapshot{entry.Index}, ")
                + string.Create(CultureInfo.InvariantCulture, $"@instance{entry.Index}, @binding{entry.Index}, @operation{entry.Index})")
            );
        // Both databases name the columns of VALUES column1, column2, and so on.
        var written = await transaction.QueryAsync<string>(
            $"""
            UPDATE service_binding SET operation_state = o.column1, description = o.column2, snapshot = o.column3
            FROM (VALUES {string.Join(", ", rows)}) AS o
            WHERE instance_id = o.column4 AND binding_id = o.column5 AND operation = o.column6 AND operation_state = @inProgress
            RETURNING operation
            """,
            args
        );
        var recorded = outcomes.Where(outcome => written.Contains(outcome.Bind.Operation, StringComparer.Ordinal)).ToList();
        await AuditStore.AppendAsync(
            transaction,
            [.. recorded.Where(outcome => outcome.State != OperationState.InProgress).Select(outcome => AuditEntry(outcome, at))]
        );
        return recorded;
    }

    private static AuditRecord AuditEntry(BindOutcome outcome, DateTimeOffset at) =>
        new(
            at,
            "Bind",
            outcome.Bind.Scope.InstanceId,
            outcome.Bind.Scope.BindingId,
            Actor.Broker,
            outcome.State == OperationState.Succeeded ? AuditResult.Succeeded : AuditResult.Failed,
            outcome.Description
        );
}
