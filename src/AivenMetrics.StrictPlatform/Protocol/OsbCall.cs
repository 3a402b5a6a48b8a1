using System.Text.Json.Nodes;

namespace AivenMetrics.StrictPlatform.Protocol;

/// <summary>The endpoints of the Open Service Broker API.</summary>
internal enum Endpoint
{
    Catalog,
    Provision,
    FetchInstance,
    Update,
    Deprovision,
    InstanceOperation,
    Bind,
    FetchBinding,
    Unbind,
    BindingOperation,
}

/// <summary>A request to a broker. Headers that are not set have the values of a conforming platform.</summary>
/// <param name="Path">Path and query, sent verbatim.</param>
/// <param name="Body">JSON body; null for none.</param>
internal sealed record OsbCall(Endpoint Endpoint, HttpMethod Method, string Path, JsonObject? Body = null)
{
    /// <summary>A body that is sent verbatim instead of <see cref="Body"/>.</summary>
    public string? RawBody { get; init; }

    /// <summary>Content type of the body; null for none.</summary>
    public string? ContentType { get; init; } = "application/json";

    /// <summary>Headers that replace the default ones; null removes a header.</summary>
    public IReadOnlyDictionary<string, string?> Headers { get; init; } = new Dictionary<string, string?>();

    /// <summary>Whether the originating identity is sent. False for requests without a user, such as orphan mitigation.</summary>
    public bool SendsOriginatingIdentity { get; init; } = true;

    /// <summary><c>requires</c> of the offering, which determines the allowed fields of a bind response.</summary>
    public IReadOnlyList<string> Requires { get; init; } = [];

    /// <summary>Whether the request accepts asynchronous operations.</summary>
    public bool AcceptsIncomplete => Path.Contains("accepts_incomplete=true", StringComparison.Ordinal);

    public OsbCall WithHeader(string header, string? value) =>
        this with
        {
            Headers = new Dictionary<string, string?>(Headers) { [header] = value },
        };

    public override string ToString() => $"{Method} {Path}";
}

/// <summary>Creates the requests of the OSB specification.</summary>
internal static class OsbCalls
{
    public static OsbCall Catalog() => new(Endpoint.Catalog, HttpMethod.Get, "/v2/catalog");

    public static OsbCall Provision(string instance, JsonObject body, bool incomplete = true) =>
        new(Endpoint.Provision, HttpMethod.Put, Instance(instance) + Incomplete(incomplete), body);

    public static OsbCall FetchInstance(string instance) => new(Endpoint.FetchInstance, HttpMethod.Get, Instance(instance));

    public static OsbCall Update(string instance, JsonObject body, bool incomplete = true) =>
        new(Endpoint.Update, HttpMethod.Patch, Instance(instance) + Incomplete(incomplete), body);

    public static OsbCall Deprovision(string instance, PlanIds ids, bool incomplete = true) =>
        new(Endpoint.Deprovision, HttpMethod.Delete, $"{Instance(instance)}?{ids}{(incomplete ? "&accepts_incomplete=true" : "")}");

    public static OsbCall Bind(string instance, string binding, JsonObject body, bool incomplete = true) =>
        new(Endpoint.Bind, HttpMethod.Put, Binding(instance, binding) + Incomplete(incomplete), body);

    public static OsbCall FetchBinding(string instance, string binding) =>
        new(Endpoint.FetchBinding, HttpMethod.Get, Binding(instance, binding));

    public static OsbCall Unbind(string instance, string binding, PlanIds ids, bool incomplete = true) =>
        new(Endpoint.Unbind, HttpMethod.Delete, $"{Binding(instance, binding)}?{ids}{(incomplete ? "&accepts_incomplete=true" : "")}");

    /// <param name="binding">The binding; null for the operation of the instance.</param>
    /// <param name="ids">Hints in the query; null for none.</param>
    /// <param name="operation">The operation of the 202 response; null if it had none.</param>
    public static OsbCall LastOperation(string instance, string? binding, PlanIds? ids = null, string? operation = null)
    {
        var path = (binding is null ? Instance(instance) : Binding(instance, binding)) + "/last_operation";
        string[] hints =
        [
            .. ids is null ? [] : new[] { ids.ToString() },
            .. operation is null ? [] : new[] { "operation=" + Uri.EscapeDataString(operation) },
        ];
        var query = hints.Length == 0 ? "" : "?" + string.Join('&', hints);
        return new(binding is null ? Endpoint.InstanceOperation : Endpoint.BindingOperation, HttpMethod.Get, path + query);
    }

    private static string Instance(string instance) => "/v2/service_instances/" + Uri.EscapeDataString(instance);

    private static string Binding(string instance, string binding) =>
        $"{Instance(instance)}/service_bindings/{Uri.EscapeDataString(binding)}";

    private static string Incomplete(bool incomplete) => incomplete ? "?accepts_incomplete=true" : "";
}

/// <summary>Ids of an offering and one of its plans.</summary>
internal sealed record PlanIds(string ServiceId, string PlanId)
{
    /// <summary>Returns the ids as a query string.</summary>
    public override string ToString() => $"service_id={Uri.EscapeDataString(ServiceId)}&plan_id={Uri.EscapeDataString(PlanId)}";
}
