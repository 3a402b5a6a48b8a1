using System.Data;
using Dapper;

namespace AivenMetrics.Broker.State;

/// <summary>The result of an operation, as stored in <c>audit_entry.result</c>.</summary>
public enum AuditResult
{
    /// <summary>Accepted. The outcome is a separate entry.</summary>
    Begun,

    /// <summary>Succeeded.</summary>
    Succeeded,

    /// <summary>Failed.</summary>
    Failed,

    /// <summary>Rejected with an error; nothing was changed.</summary>
    Refused,
}

/// <summary>The originator of an operation: the platform and its user.</summary>
/// <param name="BrokerUser">Authenticated user name of the platform; empty: the broker itself.</param>
/// <param name="Platform">Platform of the originating identity; null if absent.</param>
/// <param name="Identity">JSON object of the originating identity, decoded; null if <paramref name="Platform"/> is null.</param>
/// <param name="RequestIdentity">Value of the request identity header; null if absent.</param>
public sealed record Actor(string BrokerUser, string? Platform, string? Identity, string? RequestIdentity)
{
    /// <summary>The broker itself, without a request.</summary>
    public static readonly Actor Broker = new("", null, null, null);
}

/// <summary>A row of <c>audit_entry</c>. Never contains a secret.</summary>
/// <param name="Action">The OSB operation: Provision, Update, Deprovision, Bind, Unbind or FetchBinding.</param>
/// <param name="Description">Description for the operator.</param>
public sealed record AuditRecord(
    DateTimeOffset At,
    string Action,
    InstanceId InstanceId,
    BindingId? BindingId,
    Actor Actor,
    AuditResult Result,
    string Description
);

/// <summary>A query for audit entries. Null values match everything.</summary>
/// <param name="Since">Earliest time.</param>
/// <param name="Limit">Maximum number of entries; the newest are returned.</param>
public sealed record AuditQuery(InstanceId? Instance, BindingId? Binding, DateTimeOffset? Since, int Limit);

/// <summary>Stores the audit trail. Entries are appended in the transaction of the change that they describe, and never changed.</summary>
public sealed class AuditStore(Database database)
{
    private static readonly string[] Columns =
    [
        "entry_id",
        "at",
        "action",
        "instance_id",
        "binding_id",
        "broker_user",
        "platform",
        "identity",
        "request_identity",
        "result",
        "description",
    ];

    /// <summary>Appends an entry in a transaction of its own, for example for a rejected request.</summary>
    public Task AppendAsync(AuditRecord entry, CancellationToken cancellationToken) =>
        database.InTransactionAsync(
            async transaction =>
            {
                await AppendAsync(transaction, entry);
                return true;
            },
            cancellationToken
        );

    /// <summary>Returns the entries of an instance and its bindings, oldest first.</summary>
    public Task<IReadOnlyList<AuditRecord>> FindByInstanceAsync(InstanceId instance, CancellationToken cancellationToken) =>
        FindAsync(new AuditQuery(instance, null, null, int.MaxValue), cancellationToken);

    /// <summary>Returns the newest entries that match the query, oldest first.</summary>
    public async Task<IReadOnlyList<AuditRecord>> FindAsync(AuditQuery query, CancellationToken cancellationToken)
    {
        var conditions = new List<string>();
        if (query.Instance is not null)
        {
            conditions.Add("instance_id = @instance");
        }
        if (query.Binding is not null)
        {
            conditions.Add("binding_id = @binding");
        }
        if (query.Since is not null)
        {
            conditions.Add("at >= @since");
        }
        var rows = await database.QueryAsync<Row>(
            $"""
            SELECT at, action, instance_id, binding_id, broker_user, platform, identity, request_identity, result, description
            FROM audit_entry {(conditions.Count == 0 ? "" : "WHERE " + string.Join(" AND ", conditions))}
            ORDER BY at DESC, entry_id DESC LIMIT @limit
            """,
            new
            {
                instance = query.Instance?.Value,
                binding = query.Binding?.Value,
                since = query.Since?.ToUnixMilliseconds(),
                limit = query.Limit,
            },
            cancellationToken
        );
        return [.. rows.Reverse().Select(row => row.ToRecord())];
    }

    /// <summary>Deletes the oldest entries before a time, limited to one batch.</summary>
    /// <param name="before">Entries before this time are deleted.</param>
    /// <param name="batch">Maximum number of entries per transaction, so that other writers do not wait long.</param>
    /// <param name="cancellationToken">Cancels the deletion; nothing is changed then.</param>
    /// <returns>Number of deleted entries; fewer than <paramref name="batch"/> if none is left.</returns>
    public Task<int> DeleteEntriesBeforeAsync(DateTimeOffset before, int batch, CancellationToken cancellationToken) =>
        database.ExecuteAsync(
            """
            DELETE FROM audit_entry WHERE entry_id IN
              (SELECT entry_id FROM audit_entry WHERE at < @before ORDER BY at LIMIT @batch)
            """,
            new { before = before.ToUnixMilliseconds(), batch },
            cancellationToken
        );

    /// <summary>
    /// Deletes the oldest rows of ended binds before a time, limited to one batch, like <see cref="DeleteEntriesBeforeAsync"/>.
    /// </summary>
    public Task<int> DeleteEndedBindingsBeforeAsync(DateTimeOffset before, int batch, CancellationToken cancellationToken) =>
        database.ExecuteAsync(
            """
            DELETE FROM ended_binding WHERE (instance_id, binding_id) IN
              (SELECT instance_id, binding_id FROM ended_binding WHERE ended_at < @before ORDER BY ended_at LIMIT @batch)
            """,
            new { before = before.ToUnixMilliseconds(), batch },
            cancellationToken
        );

    /// <summary>Appends an entry within the transaction of the change.</summary>
    internal static Task AppendAsync(WriteTransaction transaction, AuditRecord entry) => AppendAsync(transaction, [entry]);

    /// <summary>Appends several entries within the transaction of their changes.</summary>
    internal static Task AppendAsync(WriteTransaction transaction, IReadOnlyList<AuditRecord> entries)
    {
        if (entries.Count == 0)
        {
            return Task.CompletedTask;
        }
        // One statement for all entries saves round trips to the server.
        var args = new DynamicParameters();
        foreach (var (i, row) in entries.Select(Row.FromRecord).Index())
        {
            foreach (var (name, value) in row.ColumnValues)
            {
                args.Add($"{name}{i}", value, value is long ? DbType.Int64 : DbType.String);
            }
        }
        var rows = entries.Index().Select(entry => $"({string.Join(", ", Columns.Select(name => $"@{name}{entry.Index}"))})");
        return transaction.ExecuteAsync($"INSERT INTO audit_entry ({string.Join(", ", Columns)}) VALUES {string.Join(", ", rows)}", args);
    }

    private sealed class Row
    {
        public string EntryId { get; init; } = "";

        public long At { get; init; }

        public string Action { get; init; } = "";

        public string InstanceId { get; init; } = "";

        public string? BindingId { get; init; }

        public string BrokerUser { get; init; } = "";

        public string? Platform { get; init; }

        public string? Identity { get; init; }

        public string? RequestIdentity { get; init; }

        public string Result { get; init; } = "";

        public string Description { get; init; } = "";

        /// <summary>Values in the order of <see cref="Columns"/>.</summary>
        public IEnumerable<(string Name, object? Value)> ColumnValues =>
            Columns.Zip<string, object?>([
                EntryId,
                At,
                Action,
                InstanceId,
                BindingId,
                BrokerUser,
                Platform,
                Identity,
                RequestIdentity,
                Result,
                Description,
            ]);

        public static Row FromRecord(AuditRecord entry) =>
            new()
            {
                EntryId = Guid.CreateVersion7(entry.At).ToString(),
                At = entry.At.ToUnixMilliseconds(),
                Action = entry.Action,
                InstanceId = entry.InstanceId.Value,
                BindingId = entry.BindingId?.Value,
                BrokerUser = entry.Actor.BrokerUser,
                Platform = entry.Actor.Platform,
                Identity = entry.Actor.Identity,
                RequestIdentity = entry.Actor.RequestIdentity,
                Result = entry.Result.ToText(),
                Description = entry.Description,
            };

        public AuditRecord ToRecord() =>
            new(
                DatabaseValues.FromUnixMilliseconds(At),
                Action,
                new InstanceId(InstanceId),
                BindingId is null ? null : new BindingId(BindingId),
                new Actor(BrokerUser, Platform, Identity, RequestIdentity),
                DatabaseValues.ToAuditResult(Result),
                Description
            );
    }
}
