namespace AivenMetrics.Broker.State;

/// <summary>Reads many bindings at once, each with its owner and the services it names.</summary>
internal static class BindingReader
{
    // One statement, so that no binding is seen without its services.
    private const string Live =
        """
        SELECT b.instance_id, b.binding_id, b.username, b.secret_sha256, b.operation, b.operation_state, b.plan_scope, b.expires_at,
               i.organization_id, i.space_id, s.service_instance_id
        FROM service_binding b
        JOIN service_instance i ON i.instance_id = b.instance_id
        LEFT JOIN service_binding_service s ON s.instance_id = b.instance_id AND s.binding_id = b.binding_id
        """;

    public static Task<IReadOnlyList<BindingScope>> Scopes(Database database, CancellationToken ct) =>
        Read(database, $"{Live} WHERE b.operation_state <> @state", OperationState.Failed, Scope, ct);

    public static Task<IReadOnlyList<WaitingBind>> Waiting(Database database, CancellationToken ct) =>
        Read(
            database,
            $"{Live} WHERE b.operation_state = @state",
            OperationState.InProgress,
            rows => new WaitingBind(Scope(rows), rows[0].Operation),
            ct);

    public static async Task<IReadOnlyList<CredentialRecord>> Credentials(Database database, CancellationToken ct)
    {
        var credentials = await Read(database, $"{Live} WHERE b.operation_state <> @state", OperationState.Failed, Credential, ct);
        return [.. credentials.OrderBy(credential => credential.Username, StringComparer.Ordinal)];
    }

    public static IReadOnlyList<string> ServiceInstanceIds(IEnumerable<BindingServiceRow> rows) =>
        [.. rows.Select(row => row.ServiceInstanceId).OfType<string>().Order(StringComparer.Ordinal)];

    private static BindingScope Scope(IReadOnlyList<LiveRow> rows) => new(
        new InstanceId(rows[0].InstanceId),
        new BindingId(rows[0].BindingId),
        Words.ToPlanScope(rows[0].PlanScope),
        new SpaceOwner(rows[0].OrganizationId, rows[0].SpaceId),
        ServiceInstanceIds(rows),
        Words.ToOperationState(rows[0].OperationState));

    private static CredentialRecord Credential(IReadOnlyList<LiveRow> rows) => new(
        rows[0].Username,
        rows[0].SecretSha256,
        Words.ToPlanScope(rows[0].PlanScope),
        new SpaceOwner(rows[0].OrganizationId, rows[0].SpaceId),
        ServiceInstanceIds(rows),
        Words.Time(rows[0].ExpiresAt));

    private static async Task<IReadOnlyList<T>> Read<T>(
        Database database, string sql, OperationState state, Func<IReadOnlyList<LiveRow>, T> record, CancellationToken ct)
    {
        var rows = await database.Query<LiveRow>($"{sql} ORDER BY b.instance_id, b.binding_id", new { state = state.Word() }, ct);
        return [.. rows.GroupBy(row => (row.InstanceId, row.BindingId)).Select(group => record([.. group]))];
    }
}
