namespace AivenMetrics.Broker.Osb;

/// <summary>A refusal as the platform gets it.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Code">One of the four words that the specification defines (always with 422), else null.</param>
/// <param name="Description">For the user: what was wrong and what to do. Never a secret.</param>
/// <param name="RetryAfter">When trying again makes sense; null: not without a change.</param>
internal sealed record OsbError(int Status, string? Code, string Description, TimeSpan? RetryAfter = null)
{
    /// <summary>Whether the instance still works; only in errors of update and deprovision (17), null elsewhere.</summary>
    public bool? InstanceUsable { get; init; }

    /// <summary>Whether the same update may succeed later; only in errors of update (17), null elsewhere.</summary>
    public bool? UpdateRepeatable { get; init; }
}

/// <summary>Ends a request with an error; thrown where it is found and written in one place, <see cref="OsbPipeline"/>.</summary>
internal sealed class OsbException(OsbError error) : Exception(error.Description)
{
    public OsbError Error => error;
}

/// <summary>Every error that this broker answers; nothing else leaves <c>/v2</c>.</summary>
internal static class OsbErrors
{
    private static readonly TimeSpan ShortRetryAfter = TimeSpan.FromSeconds(10);

    public static readonly OsbError Unauthorized = new(
        401,
        null,
        "The user name or the password of the service broker is wrong: register the broker again with the right ones."
    );

    public static readonly OsbError TooManyAuthentications = new(
        429,
        null,
        "Too many unknown credentials wait to be checked: try again in a moment.",
        TimeSpan.FromSeconds(1)
    );

    public static readonly OsbError BodyTooLarge = new(413, null, "The request body is larger than 1 MiB.");

    public static readonly OsbError PathNotFound = new(404, null, "There is no such path in the Open Service Broker API.");

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
        "A service instance of this id exists with another service, plan, organization, space or parameters."
    );

    public static readonly OsbError BindingConflict = new(
        409,
        null,
        "A binding of this id exists on the service instance with another plan, other parameters, for another app or predecessor."
    );

    public static readonly OsbError ConcurrencyError = new(
        422,
        "ConcurrencyError",
        "Another request created or deleted the same thing in the meantime: try again."
    );

    public static readonly OsbError InstanceNotFound = new(404, null, "There is no service instance of this id.");

    public static readonly OsbError BindingNotFound = new(404, null, "The service instance has no usable binding of this id.");

    public static readonly OsbError InstanceGone = new(410, null, "There is no service instance of this id (any more).");

    public static readonly OsbError BindingGone = new(410, null, "The service instance has no binding of this id (any more).");

    public static readonly OsbError PlanMismatch = new(400, null, "service_id and plan_id are not those of the service instance.");

    public static readonly OsbError SpaceMismatch = new(
        400,
        null,
        "The service instance belongs to another space and shows the metrics of that space only, so it cannot be shared: "
            + "create an instance in the space of the app and bind that one."
    );

    public static readonly OsbError ServicesRequired = new(
        400,
        null,
        "This plan needs the parameter 'services' when binding, such as {\"services\": [\"<instance GUID or Aiven service name>\"]}, "
            + "or services that the instance names for all of its bindings."
    );

    public static readonly OsbError RotationParametersMismatch = new(
        400,
        null,
        "The field parameters differs from that of the predecessor, whose parameters a rotation keeps: leave it out."
    );

    public static readonly OsbError InventoryUnavailable = new(
        503,
        null,
        "The broker has not seen the Aiven services yet: try again in a moment.",
        ShortRetryAfter
    );

    public static readonly OsbError DatabaseUnavailable = new(
        503,
        null,
        "The broker's database is out of reach: try again in a moment.",
        ShortRetryAfter
    );

    public static readonly OsbError InternalError = new(
        500,
        null,
        "The broker failed unexpectedly; its operator finds the reason in its log."
    );

    /// <param name="version">The plan's; null: it has none.</param>
    public static OsbError MaintenanceInfoConflict(string? version) =>
        new(
            422,
            "MaintenanceInfoConflict",
            version is null
                ? "The plan has no maintenance_info: ask for the catalog again and leave it out."
                : $"The plan has maintenance_info of version {version}: ask for the catalog again and name that version."
        );

    /// <summary>An update that would give an instance to somebody else (81).</summary>
    public static OsbError OwnerMismatch(string field) =>
        new(
            422,
            null,
            $"The field context.{field} is not the service instance's: an instance cannot be moved, create a new one there instead."
        )
        {
            InstanceUsable = true,
            UpdateRepeatable = false,
        };

    public static OsbError ContextMismatch(string field) =>
        BadRequest($"The field context.{field} is not the {field} of the request: send the same value in both.");

    public static OsbError UnsupportedVersion(string problem) =>
        new(412, null, $"The header X-Broker-API-Version {problem}: this broker serves 2.13 and every newer 2.x.");

    public static OsbError MethodNotAllowed(string allowed) => new(405, null, $"This path does not take this method, only {allowed}.");

    public static OsbError BadRequest(string description) => new(400, null, description);

    public static OsbError InvalidPredecessor(string problem) => new(400, null, $"The field predecessor_binding_id {problem}.");

    /// <param name="budget">How long the bind waited.</param>
    /// <param name="progress">How far it was, in a sentence.</param>
    public static OsbError AsyncRequired(TimeSpan budget, string progress) =>
        new(
            422,
            "AsyncRequired",
            $"The binding was not ready within {budget.TotalSeconds:0.#} seconds and nothing was created: try again, "
                + $"with accepts_incomplete=true if the platform can wait for longer. {progress}"
        );

    /// <summary>A repeated request that cannot wait for the bind which the first one began.</summary>
    /// <param name="progress">How far it is, in a sentence.</param>
    public static OsbError BindInProgress(string progress) =>
        new(
            422,
            "AsyncRequired",
            $"The binding is still being created: try again in a moment, or with accepts_incomplete=true. {progress}"
        );

    /// <summary>Not found and not yours: one answer, so that nobody can probe for other tenants' services.</summary>
    public static OsbError ServicesNotFound(IEnumerable<string> names) =>
        new(
            400,
            null,
            $"The space has no Aiven service called {string.Join(" or ", names.Select(name => $"'{name}'"))}: "
                + "name services of this space by their instance GUID (cf service <name> --guid) or their Aiven service name."
        );
}
