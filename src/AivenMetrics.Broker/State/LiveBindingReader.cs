namespace AivenMetrics.Broker.State;

/// <summary>Reads many live bindings at once, with their owners and services.</summary>
internal static class LiveBindingReader
{
    // One statement, so that a binding is never read without its services.
    private const string SelectLiveBindings = """
        SELECT b.instance_id, b.binding_id, b.username, b.secret_sha256, b.operation, b.operation_state, b.plan_scope, b.expires_at,
               i.organization_id, i.space_id, s.service_instance_id
        FROM service_binding b
        JOIN service_instance i ON i.instance_id = b.instance_id
        LEFT JOIN service_binding_service s ON s.instance_id = b.instance_id AND s.binding_id = b.binding_id
        """;

    public static Task<IReadOnlyList<BindingScope>> ScopesAsync(Database database, CancellationToken cancellationToken) =>
        ReadAsync(database, $"{SelectLiveBindings} WHERE b.operation_state <> @state", OperationState.Failed, Scope, cancellationToken);

    public static Task<IReadOnlyList<PendingBind>> PendingBindsAsync(Database database, CancellationToken cancellationToken) =>
        ReadAsync(
            database,
            $"{SelectLiveBindings} WHERE b.operation_state = @state",
            OperationState.InProgress,
            rows => new PendingBind(Scope(rows), rows[0].Operation),
            cancellationToken
        );

    public static async Task<IReadOnlyList<CredentialRecord>> CredentialsAsync(Database database, CancellationToken cancellationToken)
    {
        var credentials = await ReadAsync(
            database,
            $"{SelectLiveBindings} WHERE b.operation_state <> @state",
            OperationState.Failed,
            Credential,
            cancellationToken
        );
        return [.. credentials.OrderBy(credential => credential.Username, StringComparer.Ordinal)];
    }

    public static IReadOnlyList<string> ServiceInstanceIds(IEnumerable<BindingServiceRow> rows) =>
        [.. rows.Select(row => row.ServiceInstanceId).OfType<string>().Order(StringComparer.Ordinal)];

    private static BindingScope Scope(IReadOnlyList<LiveBindingRow> rows) =>
        new(
            new InstanceId(rows[0].InstanceId),
            new BindingId(rows[0].BindingId),
            DatabaseValues.ToPlanScope(rows[0].PlanScope),
            new OwningSpace(rows[0].OrganizationId, rows[0].SpaceId),
            ServiceInstanceIds(rows),
            DatabaseValues.ToOperationState(rows[0].OperationState)
        );

    private static CredentialRecord Credential(IReadOnlyList<LiveBindingRow> rows) =>
        new(
            rows[0].Username,
            rows[0].SecretSha256,
            DatabaseValues.ToPlanScope(rows[0].PlanScope),
            new OwningSpace(rows[0].OrganizationId, rows[0].SpaceId),
            ServiceInstanceIds(rows),
            DatabaseValues.FromUnixMilliseconds(rows[0].ExpiresAt)
        );

    private static async Task<IReadOnlyList<T>> ReadAsync<T>(
        Database database,
        string sql,
        OperationState state,
        Func<IReadOnlyList<LiveBindingRow>, T> record,
        CancellationToken cancellationToken
    )
    {
        var rows = await database.QueryAsync<LiveBindingRow>(
            $"{sql} ORDER BY b.instance_id, b.binding_id",
            new { state = state.ToText() },
            cancellationToken
        );
        return [.. rows.GroupBy(row => (row.InstanceId, row.BindingId)).Select(group => record([.. group]))];
    }
}
