using System.Buffers.Text;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using AivenMetrics.Broker.State;
using AivenMetrics.Feed;

namespace AivenMetrics.Broker.Osb;

/// <summary>Request to provision an instance. Unknown members are ignored.</summary>
/// <param name="ServiceId">Id of the offering.</param>
/// <param name="PlanId">Id of the plan.</param>
/// <param name="OrganizationGuid">GUID of the organization that owns the instance.</param>
/// <param name="SpaceGuid">GUID of the space that owns the instance. The instance covers Aiven services of this space.</param>
/// <param name="Context">Context of the platform, with the members of its OSB profile. The platform is cloudfoundry or kubernetes.</param>
/// <param name="Parameters">Parameters, as defined by the plan's schema service_instance.create.</param>
/// <param name="MaintenanceInfo">Maintenance info of the plan, from the catalog. Only the version is compared.</param>
internal sealed record ProvisionRequest(
    string? ServiceId,
    string? PlanId,
    string? OrganizationGuid,
    string? SpaceGuid,
    JsonElement? Context,
    JsonElement? Parameters,
    JsonElement? MaintenanceInfo
);

/// <summary>Request to update an instance. Absent members stay unchanged.</summary>
/// <param name="ServiceId">Id of the offering.</param>
/// <param name="PlanId">Id of the new plan. Existing bindings keep their plan.</param>
/// <param name="Context">Context of the platform. Changed names and annotations are stored.</param>
/// <param name="Parameters">Parameters, as defined by the plan's schema service_instance.update. An empty object changes nothing.</param>
/// <param name="PreviousValues">Values before the update, for information only.</param>
/// <param name="MaintenanceInfo">Maintenance info of the plan, from the catalog. The instance is upgraded to its version.</param>
internal sealed record UpdateRequest(
    string? ServiceId,
    string? PlanId,
    JsonElement? Context,
    JsonElement? Parameters,
    JsonElement? PreviousValues,
    JsonElement? MaintenanceInfo
);

/// <summary>Request to create a binding. Unknown members are ignored.</summary>
/// <param name="ServiceId">Id of the offering of the instance. Optional for a rotation.</param>
/// <param name="PlanId">Id of the plan of the instance. Optional for a rotation.</param>
/// <param name="AppGuid">GUID of the app. Deprecated: use bind_resource.app_guid.</param>
/// <param name="BindResource">Resource to bind: app_guid and space_guid of an app, or credential_client_id of a service key.</param>
/// <param name="Context">Context of the platform.</param>
/// <param name="Parameters">Parameters, as defined by the plan's schema service_binding.create.</param>
/// <param name="PredecessorBindingId">
/// Id of the binding to replace, on the same instance. Its parameters carry over, and both bindings stay valid.
/// </param>
internal sealed record BindRequest(
    string? ServiceId,
    string? PlanId,
    string? AppGuid,
    JsonElement? BindResource,
    JsonElement? Context,
    JsonElement? Parameters,
    string? PredecessorBindingId
);

/// <summary>An empty object.</summary>
internal sealed record EmptyResponse;

/// <summary>An asynchronous operation in progress.</summary>
/// <param name="Operation">Id of the operation, for polling the last operation.</param>
internal sealed record OperationResponse(string Operation);

/// <summary>State of the last operation.</summary>
/// <param name="State">State of the operation.</param>
/// <param name="Description">Description for the user: the progress, or the reason of a failure and how to resolve it.</param>
internal sealed record LastOperationResponse(string State, string? Description);

/// <summary>The instance after a provision or an update.</summary>
/// <param name="DashboardUrl">URL of the dashboard of the instance; absent if the operator configured none.</param>
/// <param name="Metadata">Metadata of the instance.</param>
internal sealed record InstanceChangeResponse(string? DashboardUrl, InstanceMetadata Metadata);

/// <summary>An instance.</summary>
/// <param name="ServiceId">Id of the offering.</param>
/// <param name="PlanId">Id of the plan.</param>
/// <param name="DashboardUrl">URL of the dashboard of the instance; absent if the operator configured none.</param>
/// <param name="Parameters">Current parameters.</param>
/// <param name="MaintenanceInfo">Maintenance version of the instance; absent if the plan had none.</param>
/// <param name="Metadata">Metadata of the instance.</param>
internal sealed record InstanceResponse(
    string ServiceId,
    string PlanId,
    string? DashboardUrl,
    JsonElement Parameters,
    AppliedMaintenance? MaintenanceInfo,
    InstanceMetadata Metadata
);

/// <summary>Maintenance version of the instance. It may be older than the version in the catalog.</summary>
/// <param name="Version">Semantic version 2.0.</param>
internal sealed record AppliedMaintenance(string Version);

/// <summary>Metadata of the instance.</summary>
/// <param name="Labels">Labels for users: the scope of the plan, and names of organization, space and instance.</param>
/// <param name="Attributes">Attributes for platforms: the URL of the gateway.</param>
internal sealed record InstanceMetadata(IReadOnlyDictionary<string, string> Labels, IReadOnlyDictionary<string, string> Attributes);

/// <summary>A binding.</summary>
/// <param name="Metadata">Expiry of the credentials; absent if they never expire.</param>
/// <param name="Credentials">Credentials of the binding.</param>
/// <param name="Parameters">Parameters of the binding. Only in the response to a fetch.</param>
/// <param name="Endpoints">Network endpoints that the credentials give access to.</param>
internal sealed record BindingResponse(
    BindingMetadata? Metadata,
    Credentials Credentials,
    JsonElement? Parameters,
    IReadOnlyList<BindingEndpoint> Endpoints
);

/// <summary>Expiry of the credentials; absent if they never expire.</summary>
/// <param name="ExpiresAt">Time in UTC at which the credentials expire, for example 2026-11-23T12:00:00.0Z.</param>
/// <param name="RenewBefore">Recommended time in UTC to replace the credentials.</param>
internal sealed record BindingMetadata(string ExpiresAt, string RenewBefore);

/// <summary>A network endpoint.</summary>
/// <param name="Host">Host name.</param>
/// <param name="Ports">Ports, as strings.</param>
/// <param name="Protocol">Protocol: tcp.</param>
internal sealed record BindingEndpoint(string Host, IReadOnlyList<string> Ports, string Protocol);

/// <summary>An error.</summary>
/// <param name="Error">Error code of the OSB specification. Only with status 422.</param>
/// <param name="Description">Description for the user: what happened and how to resolve it.</param>
/// <param name="InstanceUsable">True: the instance is still usable. Only in errors of an update or deprovision.</param>
/// <param name="UpdateRepeatable">True: the same update may succeed later. Only in errors of an update.</param>
internal sealed record ErrorResponse(string? Error, string Description, bool? InstanceUsable, bool? UpdateRepeatable);

/// <summary>Credentials for reading the metrics.</summary>
/// <param name="Url">Base URL of the Prometheus query API.</param>
/// <param name="Username">User name for HTTP basic authentication.</param>
/// <param name="Password">Password for HTTP basic authentication. A secret.</param>
/// <param name="Uri">The URL with user name and password, for clients that accept only a URL. A secret.</param>
/// <param name="Scope">Scope of the credentials.</param>
/// <param name="Services">The covered Aiven services and their state at the time of the bind.</param>
/// <param name="GrafanaDatasource">Provisioning file (YAML) of a Grafana data source. It contains the password.</param>
/// <param name="PrometheusVersion">Version of the Prometheus behind the gateway, for example 2.42.0; absent if unknown.</param>
internal sealed record Credentials(
    string Url,
    string Username,
    string Password,
    string Uri,
    CredentialScope Scope,
    IReadOnlyList<ServiceStatus> Services,
    string GrafanaDatasource,
    string? PrometheusVersion
)
{
    /// <summary>User name and password as one token, for the header Authorization: Bearer. A secret.</summary>
    public string BearerToken { get; init; } = Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{Username}:{Password}"));

    /// <summary>Returns the user name only, so that logging the credentials does not expose the password.</summary>
    public override string ToString() => $"Credentials {{ Username = {Username} }}";
}

/// <summary>Scope of the credentials: the series that they give access to.</summary>
/// <param name="Description">Description for users.</param>
/// <param name="Matchers">Label matchers; a series must match all of them.</param>
internal sealed record CredentialScope(string Description, IReadOnlyList<ScopeMatcher> Matchers);

/// <summary>Values that identify a repeated bind request, stored in the row as canonical JSON.</summary>
internal sealed record BindReplayKey(
    JsonElement Parameters,
    string? AppGuid,
    string? SpaceGuid,
    string? CredentialClientId,
    string? Route,
    string? PredecessorBindingId
)
{
    /// <summary>Returns canonical JSON: equal requests have equal texts.</summary>
    public string ToCanonicalJson() => OsbFields.CanonicalJson(JsonSerializer.SerializeToElement(this, OsbJson.Default.BindReplayKey));
}

/// <summary>JSON serialization: snake_case, no nulls (Cloud Controller rejects them); unknown fields are ignored.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(ProvisionRequest))]
[JsonSerializable(typeof(UpdateRequest))]
[JsonSerializable(typeof(BindRequest))]
[JsonSerializable(typeof(EmptyResponse))]
[JsonSerializable(typeof(OperationResponse))]
[JsonSerializable(typeof(LastOperationResponse))]
[JsonSerializable(typeof(InstanceResponse))]
[JsonSerializable(typeof(InstanceChangeResponse))]
[JsonSerializable(typeof(Dictionary<string, JsonElement>))]
[JsonSerializable(typeof(Dictionary<string, IReadOnlyList<string>>))]
[JsonSerializable(typeof(BindingResponse))]
[JsonSerializable(typeof(ErrorResponse))]
[JsonSerializable(typeof(BindReplayKey))]
internal sealed partial class OsbJson : JsonSerializerContext
{
    /// <summary>Serializes strings readably, without \u0022 for every quote in the YAML. Responses are JSON, never HTML.</summary>
    public static OsbJson Wire { get; } =
        new(
            new JsonSerializerOptions
            {
                PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
                DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }
        );
}
