namespace AivenMetrics.Broker.State;

/// <summary>What a plan's credentials cover (design decision 3).</summary>
public enum PlanScope
{
    /// <summary>Every eligible Aiven service of the space, present and future.</summary>
    Space,

    /// <summary>The services named in the bind parameters.</summary>
    Services,
}

/// <summary>A row of <c>service_instance</c>.</summary>
/// <param name="Parameters">Canonical JSON object; <c>{}</c>: none.</param>
public sealed record InstanceRecord(
    InstanceId InstanceId,
    string ServiceId,
    string PlanId,
    PlanScope PlanScope,
    SpaceOwner Owner,
    string? OrganizationName,
    string? SpaceName,
    string? InstanceName,
    string Parameters,
    DateTimeOffset CreatedAt
)
{
    /// <summary>The context's word for the platform, such as <c>cloudfoundry</c> or <c>kubernetes</c>; empty: it named none.</summary>
    public string Platform { get; init; } = "cloudfoundry";

    /// <summary>JSON object of the context's annotation objects by their names.</summary>
    public string Annotations { get; init; } = "{}";

    /// <summary>Version of the plan's maintenance_info as applied; null: the plan had none.</summary>
    public string? MaintenanceVersion { get; init; }

    /// <summary>When the platform last told the names: the newest of an owner count.</summary>
    public DateTimeOffset ContextAt { get; init; } = CreatedAt;
}

/// <summary>The states of an OSB operation, as the wire names them: <c>in progress</c>, <c>succeeded</c>, <c>failed</c>.</summary>
public enum OperationState
{
    /// <summary>Not decided yet.</summary>
    InProgress,

    /// <summary>Done.</summary>
    Succeeded,

    /// <summary>Will not succeed without a new request.</summary>
    Failed,
}

/// <summary>How long a credential works.</summary>
/// <param name="ExpiresAt">It is refused from this time on.</param>
/// <param name="RenewBefore">Until then there is time enough to replace it; not after <paramref name="ExpiresAt"/>.</param>
public sealed record CredentialValidity(DateTimeOffset ExpiresAt, DateTimeOffset RenewBefore);

/// <summary>A row of <c>service_binding</c> with the services it names.</summary>
/// <param name="PlanId">The plan that it was made with: a later plan update of the instance holds for later bindings.</param>
/// <param name="PlanScope">What that plan covers.</param>
/// <param name="Request">Canonical JSON of what identifies a replay: parameters, app_guid, bind_resource, predecessor.</param>
/// <param name="ServiceInstanceIds">Sorted; empty for plan <c>space</c>.</param>
/// <param name="Snapshot">JSON of the parts of the credentials read when the bind succeeded, so that replays are equal; else null.</param>
/// <param name="Predecessor">The binding that this one was made to replace; null: none.</param>
/// <param name="Validity">Null: the credential never expires.</param>
public sealed record BindingRecord(
    InstanceId InstanceId,
    BindingId BindingId,
    string PlanId,
    PlanScope PlanScope,
    string Request,
    string Username,
    string SecretSha256,
    ProtectedSecret Secret,
    IReadOnlyList<string> ServiceInstanceIds,
    string Operation,
    OperationState OperationState,
    string Description,
    string? Snapshot,
    DateTimeOffset CreatedAt,
    BindingId? Predecessor = null,
    CredentialValidity? Validity = null
);

/// <summary>What a live binding covers; the union of these is what must be integrated.</summary>
/// <param name="ServiceInstanceIds">Empty for plan <c>space</c>.</param>
public sealed record BindingScope(
    InstanceId InstanceId,
    BindingId BindingId,
    PlanScope PlanScope,
    SpaceOwner Owner,
    IReadOnlyList<string> ServiceInstanceIds,
    OperationState OperationState
);

/// <summary>A bind that waits for its outcome.</summary>
/// <param name="Operation">Its operation string: an id that was unbound and bound anew has another.</param>
public sealed record PendingBind(BindingScope Scope, string Operation);

/// <summary>What became of a waiting bind, or how far it is.</summary>
/// <param name="Description">For the tenant; not empty.</param>
/// <param name="Snapshot">JSON of a <see cref="BindingSnapshot"/>; null unless it succeeded.</param>
public sealed record BindOutcome(PendingBind Bind, OperationState State, string Description, string? Snapshot = null);

/// <summary>A live credential, as the gateways' feed needs it.</summary>
/// <param name="NotAfter">It is refused from this time on; null: no end.</param>
public sealed record CredentialRecord(
    string Username,
    string SecretSha256,
    PlanScope PlanScope,
    SpaceOwner Owner,
    IReadOnlyList<string> ServiceInstanceIds,
    DateTimeOffset? NotAfter = null
);

/// <summary>A row of <c>aiven_project</c>. The scrape password is generated and stored before Aiven is told (intent first).</summary>
/// <param name="InventoryAt">Start of the last list call that was answered well; null: none yet.</param>
public sealed record AivenProjectRecord(
    AivenProject Project,
    string? CaCertificate,
    string? EndpointId,
    string? ScrapeUsername,
    ProtectedSecret? ScrapePassword,
    DateTimeOffset? InventoryAt
);

/// <summary>A row of <c>aiven_service</c>: what Aiven last showed, and the condition that we derived.</summary>
/// <param name="Owner">From the tags; null when the service carries none.</param>
/// <param name="ServiceInstanceId">From the tags; null when absent.</param>
/// <param name="IsScraped">True: the service belongs in the target feed.</param>
/// <param name="Reason">The condition in one CamelCase word, such as <c>Integrated</c>, <c>PoweredOff</c>.</param>
/// <param name="Message">The condition in a sentence for the tenant.</param>
public sealed record AivenServiceRecord(
    AivenProject Project,
    string ServiceName,
    string ServiceType,
    string State,
    string Plan,
    string CloudName,
    int NodeCount,
    SpaceOwner? Owner,
    string? ServiceInstanceId,
    IReadOnlyList<ScrapeHostRecord> ScrapeHosts,
    bool IsScraped,
    string Reason,
    string Message
);

/// <summary>A host whose A records are nodes with a metrics listener.</summary>
public sealed record ScrapeHostRecord(string Host, int Port, string Path);

/// <summary>A row of <c>service_integration</c>: written before Aiven is asked.</summary>
/// <param name="IntegrationId">Null: asked for, not seen yet.</param>
/// <param name="CreatedByUs">False: it was there before us and is never deleted by us.</param>
/// <param name="UnneededSince">Null while a binding needs it; else the start of the grace period.</param>
/// <param name="Attempts">Failed attempts in a row.</param>
/// <param name="DueAt">Not tried again before.</param>
public sealed record IntegrationRecord(
    AivenProject Project,
    string ServiceName,
    string? IntegrationId,
    bool CreatedByUs,
    DateTimeOffset RequestedAt,
    DateTimeOffset? UnneededSince,
    int Attempts,
    DateTimeOffset DueAt
);

/// <summary>A secret at rest: AES-256-GCM, base64 of nonce, ciphertext and tag, and the id of the key.</summary>
public sealed record ProtectedSecret(string Ciphertext, string KeyId);

/// <summary>Names of the organization and space of an owner, as platforms last told us.</summary>
public sealed record OwnerNames(SpaceOwner Owner, string? OrganizationName, string? SpaceName);
