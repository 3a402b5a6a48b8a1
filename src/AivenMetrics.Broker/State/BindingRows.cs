namespace AivenMetrics.Broker.State;

/// <summary>A row of a binding joined with one of its services.</summary>
internal abstract class BindingServiceRow
{
    public string InstanceId { get; init; } = "";

    public string BindingId { get; init; } = "";

    public string Username { get; init; } = "";

    public string SecretSha256 { get; init; } = "";

    public string OperationState { get; init; } = "";

    public string? ServiceInstanceId { get; init; }

    public string Operation { get; init; } = "";

    public string PlanScope { get; init; } = "";

    public long? ExpiresAt { get; init; }
}

/// <summary>Columns of a live binding for the reconciler and the credential feed.</summary>
internal sealed class LiveBindingRow : BindingServiceRow
{
    public string OrganizationId { get; init; } = "";

    public string SpaceId { get; init; } = "";
}

/// <summary>All columns of <c>service_binding</c>.</summary>
internal sealed class BindingRow : BindingServiceRow
{
    public string Request { get; init; } = "";

    public string SecretCiphertext { get; init; } = "";

    public string SecretKeyId { get; init; } = "";

    public string PlanId { get; init; } = "";

    public string? PredecessorBindingId { get; init; }

    public long? RenewBefore { get; init; }

    public string Description { get; init; } = "";

    public string? Snapshot { get; init; }

    public long CreatedAt { get; init; }

    public static BindingRow FromRecord(BindingRecord record) =>
        new()
        {
            InstanceId = record.InstanceId.Value,
            BindingId = record.BindingId.Value,
            PlanId = record.PlanId,
            PlanScope = record.PlanScope.ToText(),
            Request = record.Request,
            Username = record.Username,
            SecretSha256 = record.SecretSha256,
            SecretCiphertext = record.Secret.Ciphertext,
            SecretKeyId = record.Secret.KeyId,
            Operation = record.Operation,
            OperationState = record.OperationState.ToText(),
            Description = record.Description,
            Snapshot = record.Snapshot,
            CreatedAt = record.CreatedAt.ToUnixMilliseconds(),
            PredecessorBindingId = record.Predecessor?.Value,
            ExpiresAt = record.Validity?.ExpiresAt.ToUnixMilliseconds(),
            RenewBefore = record.Validity?.RenewBefore.ToUnixMilliseconds(),
        };

    public BindingRecord ToRecord(IReadOnlyList<string> serviceInstanceIds) =>
        new(
            new InstanceId(InstanceId),
            new BindingId(BindingId),
            PlanId,
            DatabaseValues.ToPlanScope(PlanScope),
            Request,
            Username,
            SecretSha256,
            new ProtectedSecret(SecretCiphertext, SecretKeyId),
            serviceInstanceIds,
            Operation,
            DatabaseValues.ToOperationState(OperationState),
            Description,
            Snapshot,
            DatabaseValues.FromUnixMilliseconds(CreatedAt),
            PredecessorBindingId is { } predecessor ? new BindingId(predecessor) : null,
            ExpiresAt is { } end
                ? new CredentialValidity(DatabaseValues.FromUnixMilliseconds(end), DatabaseValues.FromUnixMilliseconds(RenewBefore ?? end))
                : null
        );
}
