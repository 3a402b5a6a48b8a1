namespace AivenMetrics.Broker.State;

/// <summary>Scope of the credentials of a plan (docs/decisions/0001-founding-decisions.md, section 3).</summary>
public enum PlanScope
{
    /// <summary>All eligible Aiven services of the space, present and future.</summary>
    Space,

    /// <summary>The services named in the bind parameters.</summary>
    Services,
}

/// <summary>A row of <c>service_instance</c>.</summary>
/// <param name="Parameters">Canonical JSON object; <c>{}</c> if there are no parameters.</param>
public sealed record InstanceRecord(
    InstanceId InstanceId,
    string ServiceId,
    string PlanId,
    PlanScope PlanScope,
    OwningSpace Owner,
    string? OrganizationName,
    string? SpaceName,
    string? InstanceName,
    string Parameters,
    DateTimeOffset CreatedAt
)
{
    /// <summary>Platform of the context, for example <c>cloudfoundry</c> or <c>kubernetes</c>; empty if it was not reported.</summary>
    public string Platform { get; init; } = "cloudfoundry";

    /// <summary>JSON object with the annotation objects of the context by name.</summary>
    public string Annotations { get; init; } = "{}";

    /// <summary>Maintenance version of the instance; null if the plan had none.</summary>
    public string? MaintenanceVersion { get; init; }

    /// <summary>Time of the last context update. The most recent names of an owner are used.</summary>
    public DateTimeOffset ContextAt { get; init; } = CreatedAt;
}

/// <summary>States of an OSB operation: <c>in progress</c>, <c>succeeded</c>, <c>failed</c>.</summary>
public enum OperationState
{
    /// <summary>Not decided yet.</summary>
    InProgress,

    /// <summary>Succeeded.</summary>
    Succeeded,

    /// <summary>Failed. A new request is needed.</summary>
    Failed,
}

/// <summary>Validity period of a credential.</summary>
/// <param name="ExpiresAt">Time at which the credential expires.</param>
/// <param name="RenewBefore">Recommended time to replace the credential; not after <paramref name="ExpiresAt"/>.</param>
public sealed record CredentialValidity(DateTimeOffset ExpiresAt, DateTimeOffset RenewBefore);

/// <summary>A row of <c>service_binding</c> with its services.</summary>
/// <param name="PlanId">Plan at the time of the bind. A later plan update applies to later bindings only.</param>
/// <param name="PlanScope">Scope of that plan.</param>
/// <param name="Request">
/// Canonical JSON of the values that identify a repeated request: parameters, app_guid, bind_resource, predecessor.
/// </param>
/// <param name="ServiceInstanceIds">GUIDs of the services, sorted; empty for plan <c>space</c>.</param>
/// <param name="Snapshot">JSON of the parts of the credentials read when the bind succeeded; null before.</param>
/// <param name="Predecessor">The binding that this one replaces; null: none.</param>
/// <param name="Validity">Validity period of the credential; null: it never expires.</param>
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

/// <summary>The scope of a live binding. The union of all scopes must be integrated.</summary>
/// <param name="ServiceInstanceIds">GUIDs of the services; empty for plan <c>space</c>.</param>
public sealed record BindingScope(
    InstanceId InstanceId,
    BindingId BindingId,
    PlanScope PlanScope,
    OwningSpace Owner,
    IReadOnlyList<string> ServiceInstanceIds,
    OperationState OperationState
);

/// <summary>A bind in progress.</summary>
/// <param name="Operation">The operation string. A later bind of the same id has another one.</param>
public sealed record PendingBind(BindingScope Scope, string Operation);

/// <summary>The outcome or progress of a pending bind.</summary>
/// <param name="Description">Description for the tenant; not empty.</param>
/// <param name="Snapshot">JSON of a <see cref="BindingSnapshot"/>; null unless the bind succeeded.</param>
public sealed record BindOutcome(PendingBind Bind, OperationState State, string Description, string? Snapshot = null);

/// <summary>A live credential, for the credential feed.</summary>
/// <param name="NotAfter">Time at which the credential expires; null: never.</param>
public sealed record CredentialRecord(
    string Username,
    string SecretSha256,
    PlanScope PlanScope,
    OwningSpace Owner,
    IReadOnlyList<string> ServiceInstanceIds,
    DateTimeOffset? NotAfter = null
);

/// <summary>A row of <c>aiven_project</c>. The scrape password is generated and stored before it is sent to Aiven.</summary>
/// <param name="InventoryAt">Start time of the last successful list request; null: none yet.</param>
public sealed record AivenProjectRecord(
    AivenProject Project,
    string? CaCertificate,
    string? EndpointId,
    string? ScrapeUsername,
    ProtectedSecret? ScrapePassword,
    DateTimeOffset? InventoryAt
);

/// <summary>A row of <c>aiven_service</c>: the last observed state and the derived condition.</summary>
/// <param name="Owner">Owner according to the tags; null if they are missing.</param>
/// <param name="ServiceInstanceId">GUID of the service instance according to the tags; null if missing.</param>
/// <param name="IsScraped">True if the service belongs in the target feed.</param>
/// <param name="Reason">Reason of the condition in CamelCase, for example <c>Integrated</c> or <c>PoweredOff</c>.</param>
/// <param name="Message">Description of the condition for the tenant.</param>
public sealed record AivenServiceRecord(
    AivenProject Project,
    string ServiceName,
    string ServiceType,
    string State,
    string Plan,
    string CloudName,
    int NodeCount,
    OwningSpace? Owner,
    string? ServiceInstanceId,
    IReadOnlyList<ScrapeHostRecord> ScrapeHosts,
    bool IsScraped,
    string Reason,
    string Message
);

/// <summary>A host whose addresses (A records) are nodes with a metrics listener.</summary>
public sealed record ScrapeHostRecord(string Host, int Port, string Path);

/// <summary>A row of <c>service_integration</c>, written before the request to Aiven.</summary>
/// <param name="IntegrationId">Id of the integration; null: requested but not confirmed.</param>
/// <param name="CreatedByUs">False: it existed before, and the broker never deletes it.</param>
/// <param name="UnneededSince">Start of the grace period; null while a binding needs the integration.</param>
/// <param name="Attempts">Number of consecutive failed attempts.</param>
/// <param name="DueAt">Time of the next attempt.</param>
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

/// <summary>An encrypted secret: base64 of nonce, ciphertext and tag of AES-256-GCM, and the id of the key.</summary>
public sealed record ProtectedSecret(string Ciphertext, string KeyId);

/// <summary>The most recently reported names of the organization and space of an owner.</summary>
public sealed record OwnerNames(OwningSpace Owner, string? OrganizationName, string? SpaceName);
