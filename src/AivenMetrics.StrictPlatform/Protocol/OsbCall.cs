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

/// <summary>A request to a broker. What is not said here is as a well-behaved platform sends it.</summary>
/// <param name="Path">Path and query, sent as they are written.</param>
/// <param name="Body">JSON body; null: none.</param>
internal sealed record OsbCall(Endpoint Endpoint, HttpMethod Method, string Path, JsonObject? Body = null)
{
    /// <summary>A body that is sent as it is instead of <see cref="Body"/>.</summary>
    public string? RawBody { get; init; }

    /// <summary>Content type of the body; null: none is sent.</summary>
    public string? ContentType { get; init; } = "application/json";

    /// <summary>Headers that differ from the usual ones; null: the header is left out.</summary>
    public IReadOnlyDictionary<string, string?> Headers { get; init; } = new Dictionary<string, string?>();

    /// <summary>False: nobody asked, as with orphan mitigation; no originating identity is sent.</summary>
    public bool SendsOriginatingIdentity { get; init; } = true;

    /// <summary><c>requires</c> of the offering, which decides what a bind may answer.</summary>
    public IReadOnlyList<string> Requires { get; init; } = [];

    /// <summary>True: the platform said that it can poll.</summary>
    public bool AcceptsIncomplete => Path.Contains("accepts_incomplete=true", StringComparison.Ordinal);

    public OsbCall WithHeader(string header, string? value) =>
        this with
        {
            Headers = new Dictionary<string, string?>(Headers) { [header] = value },
        };

    public override string ToString() => $"{Method} {Path}";
}

/// <summary>Makes the requests of the specification.</summary>
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

    /// <param name="binding">Null: the instance's operation.</param>
    /// <param name="ids">Hints; null: none.</param>
    /// <param name="operation">As the 202 said; null: it said none.</param>
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
    /// <summary>As a query.</summary>
    public override string ToString() => $"service_id={Uri.EscapeDataString(ServiceId)}&plan_id={Uri.EscapeDataString(PlanId)}";
}
