namespace AivenMetrics.StrictPlatform.Protocol;

/// <summary>The level of a requirement.</summary>
internal enum RequirementLevel
{
    /// <summary>MUST, MUST NOT or REQUIRED of the specification.</summary>
    Must,

    /// <summary>Follows from another requirement.</summary>
    Implied,

    /// <summary>SHOULD or RECOMMENDED.</summary>
    Should,

    /// <summary>Required by Cloud Controller, beyond the specification.</summary>
    CloudController,
}

/// <summary>A requirement of a broker.</summary>
/// <param name="Id">
/// Number in docs/osb-conformance.md (<c>1</c> to <c>133</c>), or a group of Cloud Controller's rules. The groups are
/// <c>B2</c> (statuses), <c>B4</c> (bodies) and <c>B5</c> (catalog).
/// </param>
internal sealed record Requirement(string Id, RequirementLevel Level, string Text);

/// <summary>The requirements of OSB 2.17 whose violation this platform can observe, paraphrased.</summary>
internal static class Requirements
{
    private static readonly Dictionary<string, Requirement> ById = new Requirement[]
    {
        new("1", RequirementLevel.Must, "Every request is authenticated; a failure is 401."),
        new("3", RequirementLevel.Implied, "A rejected request has no effect."),
        new("4", RequirementLevel.Implied, "A 401 carries WWW-Authenticate."),
        new("5", RequirementLevel.Must, "A request without X-Broker-API-Version is 400, 412 or served."),
        new("6", RequirementLevel.Must, "An unsupported version is 412 with a description."),
        new("7", RequirementLevel.Must, "Newer minor versions are served, compared as numbers."),
        new("8", RequirementLevel.Should, "X-Broker-API-Request-Identity is returned with the same value."),
        new("9", RequirementLevel.Must, "The originating identity is optional, and a malformed one is 400 or ignored."),
        new("10", RequirementLevel.Implied, "A repeated request by another user is the same request."),
        new("11", RequirementLevel.Must, "Unknown fields are ignored."),
        new("13", RequirementLevel.Should, "A body has the Content-Type application/json."),
        new("14", RequirementLevel.Should, "A wrong Content-Type or a malformed body is 400."),
        new("15", RequirementLevel.Must, "Responses have exactly the statuses of the specification."),
        new("16", RequirementLevel.Must, "In errors, error is a single word and description a non-empty text."),
        new("17", RequirementLevel.Must, "instance_usable and update_repeatable are only in errors of update and deprovision."),
        new("18", RequirementLevel.Must, "A request with a 4xx response changes nothing."),
        new("20", RequirementLevel.Must, "The four defined error codes come with status 422."),
        new("21", RequirementLevel.Implied, "Ids may contain any character and are percent-decoded once."),
        new("23", RequirementLevel.Implied, "Invalid input is never a 5xx."),
        new("24", RequirementLevel.Must, "The catalog is 200 with an array of services."),
        new("25", RequirementLevel.Must, "Names of offerings are unique and CLI-friendly."),
        new("26", RequirementLevel.Must, "Ids are unique and stable, and every offering has bindable."),
        new("28", RequirementLevel.Must, "Every offering has a plan; ids of plans are unique, names unique in the offering."),
        new("29", RequirementLevel.Must, "The fields of the catalog have the specified types."),
        new("32", RequirementLevel.Must, "Parameter schemas have $schema, no external references and at most 64 kB."),
        new("33", RequirementLevel.Must, "maintenance_info has a semantic version."),
        new("34", RequirementLevel.Should, "Strings of the catalog are at most 255 characters."),
        new("35", RequirementLevel.Must, "Conditional requests for the catalog follow HTTP."),
        new(
            "39",
            RequirementLevel.Must,
            "Without accepts_incomplete, an operation that must be asynchronous is 422 AsyncRequired and does not start."
        ),
        new("41", RequirementLevel.Implied, "202 requires accepts_incomplete=true; AsyncRequired requires its absence."),
        new("42", RequirementLevel.Must, "A request that conflicts with a running operation is 422 ConcurrencyError."),
        new("43", RequirementLevel.Must, "operation is a string of at most 10,000 characters, non-empty after an update."),
        new("44", RequirementLevel.Must, "A repeated request of a running operation is 202 with the same operation."),
        new("47", RequirementLevel.Must, "last_operation is 200 with state in progress, succeeded or failed."),
        new("48", RequirementLevel.Must, "A description of last_operation is not empty."),
        new("49", RequirementLevel.Must, "A malformed last_operation request is 400."),
        new("50", RequirementLevel.Must, "last_operation of a resource that does not exist is 404."),
        new("51", RequirementLevel.Must, "last_operation after an asynchronous delete is 410 or 200 succeeded."),
        new("52", RequirementLevel.Implied, "last_operation does not need the hints in the query."),
        new("53", RequirementLevel.Should, "Retry-After is a number of seconds."),
        new("54", RequirementLevel.Should, "The outcome can be polled again."),
        new("55", RequirementLevel.Must, "instance_usable and update_repeatable are only in failed updates and deletes."),
        new("57", RequirementLevel.Must, "A synchronous provision is 201."),
        new("59", RequirementLevel.Should, "An identical provision of a finished instance is 200 with the same body."),
        new("60", RequirementLevel.Must, "A provision of an existing id with other attributes is 409."),
        new("61", RequirementLevel.Must, "A provision without a required field is 400."),
        new("62", RequirementLevel.Implied, "An unknown offering or plan is a 4xx."),
        new("63", RequirementLevel.Must, "context and parameters are optional objects."),
        new("64", RequirementLevel.Should, "Parameters are validated."),
        new("65", RequirementLevel.Must, "Another maintenance_info.version is 422 MaintenanceInfoConflict; only the version is compared."),
        new("66", RequirementLevel.Must, "dashboard_url is a string or null, in the first response."),
        new("67", RequirementLevel.Must, "metadata has objects labels and attributes."),
        new("69", RequirementLevel.Implied, "Equal concurrent requests have one effect."),
        new("70", RequirementLevel.Must, "An instance can be fetched as soon as it is provisioned."),
        new("71", RequirementLevel.Must, "Fetching an instance that does not exist is 404."),
        new("73", RequirementLevel.Must, "A fetched instance has the specified fields and types."),
        new("74", RequirementLevel.Implied, "Fetching an instance does not need the hints in the query."),
        new("76", RequirementLevel.Must, "An update that was applied is 200."),
        new("78", RequirementLevel.Must, "An update without service_id is 400."),
        new("79", RequirementLevel.Must, "Fields that an update omits do not change."),
        new("80", RequirementLevel.Must, "The plan of an update belongs to the offering."),
        new("81", RequirementLevel.Must, "An update that is not supported is 422."),
        new("83", RequirementLevel.Must, "A rejected update changes nothing."),
        new("86", RequirementLevel.Implied, "previous_values has no effect."),
        new("87", RequirementLevel.Must, "With allow_context_updates an update of the context alone is valid."),
        new("88", RequirementLevel.Implied, "An update of an unknown instance is a 4xx."),
        new("89", RequirementLevel.Must, "A synchronous bind is 201 with its credentials."),
        new("90", RequirementLevel.Must, "A 202 to a bind contains no credentials."),
        new("91", RequirementLevel.Should, "An identical bind is 200 with the same body."),
        new("92", RequirementLevel.Must, "A bind of an existing id with other content is 409."),
        new("93", RequirementLevel.Must, "A bind without service_id or plan_id is 400."),
        new(
            "94",
            RequirementLevel.Must,
            "An app_guid is accepted at the top and in bind_resource; a missing one is RequiresApp or accepted."
        ),
        new("95", RequirementLevel.Must, "bind_resource and its members are optional."),
        new("97", RequirementLevel.Should, "Credentials are unique per binding."),
        new("98", RequirementLevel.Must, "endpoints has host, ports and protocol."),
        new("99", RequirementLevel.Must, "syslog_drain_url, route_service_url and volume_mounts require the matching requires."),
        new("101", RequirementLevel.Must, "expires_at and renew_before are times, the second not after the first."),
        new("102", RequirementLevel.Implied, "A bind to an unknown instance is a 4xx."),
        new("103", RequirementLevel.Implied, "A binding belongs to its instance."),
        new("104", RequirementLevel.Must, "A predecessor is a binding of the same instance."),
        new("105", RequirementLevel.Must, "A rotation creates a new binding."),
        new("106", RequirementLevel.Must, "After a rotation both bindings are valid."),
        new("108", RequirementLevel.Implied, "A rotation is accepted with and without service_id and plan_id."),
        new("109", RequirementLevel.Implied, "Repeated rotations follow the rules of repeated binds."),
        new("110", RequirementLevel.Must, "A binding can be fetched as soon as it is bound."),
        new("111", RequirementLevel.Must, "Fetching a binding that does not exist or is being created is 404."),
        new("112", RequirementLevel.Must, "A fetched binding has its credentials if the bind was asynchronous."),
        new("113", RequirementLevel.Must, "A fetched binding has the specified types."),
        new("114", RequirementLevel.Must, "A synchronous unbind is 200 with an object."),
        new("116", RequirementLevel.Must, "An unbind without service_id or plan_id is 400."),
        new("117", RequirementLevel.Must, "An unbind of a resource that does not exist is 410."),
        new("119", RequirementLevel.Must, "An unbind is accepted while the bind is running."),
        new("120", RequirementLevel.Implied, "An unbind with a wrong service_id or plan_id is never 410 while the binding exists."),
        new("121", RequirementLevel.Must, "A deprovision is 200, 202, 410 or 400 as specified."),
        new("122", RequirementLevel.Must, "A deprovision is accepted while the provision is running."),
        new(
            "123",
            RequirementLevel.Implied,
            "A deprovision with remaining bindings is rejected and changes nothing, or deletes all bindings."
        ),
        new("125", RequirementLevel.Implied, "Orphan mitigation may happen before, during and after a create, and twice."),
        new("129", RequirementLevel.Implied, "The identities of Cloud Foundry and Kubernetes are accepted."),
        new("130", RequirementLevel.Implied, "The context of Cloud Foundry is accepted."),
        new("131", RequirementLevel.Implied, "The context of Kubernetes is accepted."),
        new("132", RequirementLevel.Implied, "The bind_resource of apps and service keys is accepted."),
        new("B2", RequirementLevel.CloudController, "Responses have statuses that Cloud Controller supports."),
        new("B4", RequirementLevel.CloudController, "Bodies are objects without nulls, as Cloud Controller requires."),
        new("B5", RequirementLevel.CloudController, "Cloud Controller accepts the catalog."),
    }.ToDictionary(requirement => requirement.Id);

    /// <summary>Returns the requirement with an id.</summary>
    /// <exception cref="KeyNotFoundException">There is no requirement with this id.</exception>
    public static Requirement Get(string id) => ById[id];
}

/// <summary>An observed violation of a requirement.</summary>
/// <param name="Requirement">The violated requirement.</param>
/// <param name="Observation">The observation, for the author of the broker. It never contains credentials.</param>
/// <param name="Location">The request, such as <c>PUT /v2/service_instances/… 201</c>.</param>
internal sealed record Finding(Requirement Requirement, string Observation, string Location)
{
    public Finding(string requirement, string seen, string where)
        : this(Requirements.Get(requirement), seen, where) { }
}
