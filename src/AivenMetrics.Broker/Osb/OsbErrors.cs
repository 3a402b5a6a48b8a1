namespace AivenMetrics.Broker.Osb;

/// <summary>An error response.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Code">Error code of the OSB specification, always with status 422; null otherwise.</param>
/// <param name="Description">Description for the user: what happened and how to resolve it. Never contains a secret.</param>
/// <param name="RetryAfter">Recommended delay before a retry; null if a retry does not help.</param>
internal sealed record OsbError(int Status, string? Code, string Description, TimeSpan? RetryAfter = null)
{
    /// <summary>
    /// True if the instance is still usable. Only for errors of update and deprovision (docs/osb-conformance.md 17), otherwise null.
    /// </summary>
    public bool? InstanceUsable { get; init; }

    /// <summary>
    /// True if the same update may succeed later. Only for errors of update (docs/osb-conformance.md 17), otherwise null.
    /// </summary>
    public bool? UpdateRepeatable { get; init; }
}

/// <summary>Ends a request with an error response, which <see cref="OsbPipeline"/> writes.</summary>
internal sealed class OsbException(OsbError error) : Exception(error.Description)
{
    public OsbError Error => error;
}

/// <summary>Errors of the OSB endpoints with a fixed text. Texts about a field are beside its check.</summary>
internal static class OsbErrors
{
    private static readonly TimeSpan ShortRetryAfter = TimeSpan.FromSeconds(10);

    public static readonly OsbError Unauthorized = new(
        401,
        null,
        "The user name or password for the service broker is wrong. Update the registration of the broker with the right credentials."
    );

    public static readonly OsbError TooManyAuthentications = new(
        429,
        null,
        "Too many credentials wait for verification. Retry in a moment.",
        TimeSpan.FromSeconds(1)
    );

    public static readonly OsbError BodyTooLarge = new(413, null, "The request body exceeds 1 MiB. Send a smaller body.");

    public static readonly OsbError PathNotFound = new(
        404,
        null,
        "The path does not exist. Use a path of the Open Service Broker API, below /v2."
    );

    public static readonly OsbError BodyNotJson = new(
        400,
        null,
        "The request body must be JSON: send it with the header Content-Type: application/json."
    );

    public static readonly OsbError HasBindings = new(
        400,
        null,
        "The service instance still has bindings or service keys: delete them first."
    )
    {
        InstanceUsable = true,
    };

    public static readonly OsbError InstanceConflict = new(
        409,
        null,
        "A service instance with this id already exists with another service, plan, organization, space or parameters. Use a new id."
    );

    public static readonly OsbError BindingConflict = new(
        409,
        null,
        "A binding with this id already exists with another plan, other parameters, another app or another predecessor. Use a new id."
    );

    public static readonly OsbError ConcurrencyError = new(
        422,
        "ConcurrencyError",
        "A concurrent request changed the same instance or binding. Retry."
    );

    public static readonly OsbError InstanceNotFound = new(
        404,
        null,
        "The service instance does not exist. Correct its id, or create the instance first."
    );

    public static readonly OsbError BindingNotFound = new(
        404,
        null,
        "The service instance has no usable binding with this id. Correct the id, or bind again."
    );

    public static readonly OsbError InstanceGone = new(410, null, "The service instance does not exist or was deleted.");

    public static readonly OsbError BindingGone = new(410, null, "The binding does not exist or was deleted.");

    public static readonly OsbError PlanMismatch = new(
        400,
        null,
        "service_id and plan_id do not match the service instance. Send the ids of the instance."
    );

    public static readonly OsbError SpaceMismatch = new(
        400,
        null,
        "The service instance belongs to another space and covers only that space, so it cannot be shared. "
            + "Create an instance in the space of the app and bind that instance."
    );

    public static readonly OsbError ServicesRequired = new(
        400,
        null,
        "The plan requires services. Set the parameter 'services' when binding, such as {\"services\": [\"<instance "
            + "GUID or Aiven service name>\"]}, "
            + "or set default services on the instance."
    );

    public static readonly OsbError RotationParametersMismatch = new(
        400,
        null,
        "The field parameters differs from the parameters of the predecessor, which a rotation keeps. Omit the field."
    );

    public static readonly OsbError InventoryUnavailable = new(
        503,
        null,
        "The broker has not read the Aiven services yet. Retry in a moment.",
        ShortRetryAfter
    );

    public static readonly OsbError DatabaseUnavailable = new(
        503,
        null,
        "The broker's database is unavailable. Retry in a moment.",
        ShortRetryAfter
    );

    public static readonly OsbError InternalError = new(
        500,
        null,
        "The broker failed unexpectedly. Contact the operator, who finds the reason in the log."
    );

    /// <param name="version">Maintenance version of the plan; null if it has none.</param>
    public static OsbError MaintenanceInfoConflict(string? version) =>
        new(
            422,
            "MaintenanceInfoConflict",
            version is null
                ? "The plan has no maintenance_info. Refresh the catalog and omit maintenance_info."
                : $"The plan has maintenance_info of version {version}. Refresh the catalog and send this version."
        );

    /// <summary>An update would change the owner of the instance (docs/osb-conformance.md 81).</summary>
    public static OsbError OwnerMismatch(string field) =>
        new(
            422,
            null,
            $"The field context.{field} does not match the service instance. An instance cannot be moved; create a new one instead."
        )
        {
            InstanceUsable = true,
            UpdateRepeatable = false,
        };

    public static OsbError ContextMismatch(string field) =>
        BadRequest($"The fields context.{field} and {field} have different values. Send the same value in both.");

    public static OsbError UnsupportedVersion(string problem) =>
        new(412, null, $"The header X-Broker-API-Version {problem}. This broker supports 2.13 and every newer 2.x.");

    public static OsbError MethodNotAllowed(string allowed) =>
        new(405, null, $"The method is not allowed for this path. Allowed: {allowed}.");

    public static OsbError BadRequest(string description) => new(400, null, description);

    public static OsbError InvalidPredecessor(string problem) => new(400, null, $"The field predecessor_binding_id {problem}.");

    /// <param name="budget">Time for which the bind waited.</param>
    /// <param name="progress">Progress of the bind, as a sentence.</param>
    public static OsbError AsyncRequired(TimeSpan budget, string progress) =>
        new(
            422,
            "AsyncRequired",
            $"The binding was not ready within {budget.TotalSeconds:0.#} seconds, and nothing was created. Retry, "
                + $"with accepts_incomplete=true if the platform supports it. {progress}"
        );

    /// <summary>A repeated request cannot wait for the bind that is in progress.</summary>
    /// <param name="progress">Progress of the bind, as a sentence.</param>
    public static OsbError BindInProgress(string progress) =>
        new(422, "AsyncRequired", $"The binding is still being created. Retry in a moment, or with accepts_incomplete=true. {progress}");

    /// <summary>
    /// Unknown services and services of other tenants produce the same error, so that tenants cannot probe for services of others.
    /// </summary>
    public static OsbError ServicesNotFound(IEnumerable<string> names) =>
        new(
            400,
            null,
            $"The space has no Aiven service named {string.Join(" or ", names.Select(name => $"'{name}'"))}. "
                + "Name services of this space by their instance GUID (cf service <name> --guid) or their Aiven service name."
        );
}
