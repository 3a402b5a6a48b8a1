using System.Buffers.Text;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using AivenMetrics.Broker.State;
using AivenMetrics.Feed;

namespace AivenMetrics.Broker.Osb;

/// <summary>Body of PUT /v2/service_instances/:i. Unknown fields are ignored, as the specification asks.</summary>
internal sealed record ProvisionRequest(
    string? ServiceId,
    string? PlanId,
    string? OrganizationGuid,
    string? SpaceGuid,
    JsonElement? Context,
    JsonElement? Parameters,
    JsonElement? MaintenanceInfo
);

/// <summary>Body of PATCH /v2/service_instances/:i.</summary>
internal sealed record UpdateRequest(
    string? ServiceId,
    string? PlanId,
    JsonElement? Context,
    JsonElement? Parameters,
    JsonElement? PreviousValues,
    JsonElement? MaintenanceInfo
);

/// <summary>Body of PUT /v2/service_instances/:i/service_bindings/:b.</summary>
internal sealed record BindRequest(
    string? ServiceId,
    string? PlanId,
    string? AppGuid,
    JsonElement? BindResource,
    JsonElement? Context,
    JsonElement? Parameters,
    string? PredecessorBindingId
);

/// <summary>An empty object: never an empty body.</summary>
internal sealed record EmptyResponse;

/// <summary>Body of a 202.</summary>
internal sealed record OperationResponse(string Operation);

internal sealed record LastOperationResponse(string State, string? Description);

/// <summary>Body of the answer to a provision or an update.</summary>
internal sealed record InstanceChangeResponse(string? DashboardUrl, InstanceMetadata Metadata);

/// <param name="MaintenanceInfo">As applied to the instance, which may be older than the catalog's.</param>
internal sealed record InstanceResponse(
    string ServiceId,
    string PlanId,
    string? DashboardUrl,
    JsonElement Parameters,
    AppliedMaintenance? MaintenanceInfo,
    InstanceMetadata Metadata
);

internal sealed record AppliedMaintenance(string Version);

/// <param name="Labels">For users: the plan's scope and the names.</param>
/// <param name="Attributes">For platforms: the gateway's URL.</param>
internal sealed record InstanceMetadata(IReadOnlyDictionary<string, string> Labels, IReadOnlyDictionary<string, string> Attributes);

/// <param name="Metadata">Only when the credentials expire.</param>
/// <param name="Parameters">Only when fetched.</param>
/// <param name="Endpoints">Where the credentials lead to, all of it.</param>
internal sealed record BindingResponse(
    BindingMetadata? Metadata,
    Credentials Credentials,
    JsonElement? Parameters,
    IReadOnlyList<BindingEndpoint> Endpoints
);

/// <param name="ExpiresAt">The credentials are refused from then on, such as <c>2026-11-23T12:00:00.0Z</c>.</param>
/// <param name="RenewBefore">Until then there is time enough to replace them.</param>
internal sealed record BindingMetadata(string ExpiresAt, string RenewBefore);

/// <param name="Ports">As texts, as the specification wants them.</param>
/// <param name="Protocol"><c>tcp</c>.</param>
internal sealed record BindingEndpoint(string Host, IReadOnlyList<string> Ports, string Protocol);

/// <param name="InstanceUsable">Only in errors of update and deprovision.</param>
/// <param name="UpdateRepeatable">Only in errors of update.</param>
internal sealed record ErrorResponse(string? Error, string Description, bool? InstanceUsable, bool? UpdateRepeatable);

/// <summary>What a bound app finds; everything it needs and nothing to look up elsewhere.</summary>
/// <param name="Url">Base URL of the Prometheus query API.</param>
/// <param name="Username">User of HTTP basic authentication.</param>
/// <param name="Password">Its password, a secret.</param>
/// <param name="Uri">The URL with user and password, for clients that take nothing else.</param>
/// <param name="Scope">What the credentials show.</param>
/// <param name="Services">The Aiven services as of the bind.</param>
/// <param name="GrafanaDatasource">A data source provisioning file for Grafana.</param>
/// <param name="PrometheusVersion">Whose query language is spoken, such as <c>2.42.0</c>; absent while unknown.</param>
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
    /// <summary>User and password as one token, for clients that send <c>Authorization: Bearer</c>; a secret.</summary>
    public string BearerToken { get; init; } = Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{Username}:{Password}"));

    /// <summary>The user only, so that credentials that are logged by mistake show no password.</summary>
    public override string ToString() => $"Credentials {{ Username = {Username} }}";
}

/// <param name="Description">In words.</param>
/// <param name="Matchers">As label matchers.</param>
internal sealed record CredentialScope(string Description, IReadOnlyList<ScopeMatcher> Matchers);

/// <summary>What makes two bind requests the same one, kept in the row as canonical JSON.</summary>
internal sealed record BindIdentity(
    JsonElement Parameters,
    string? AppGuid,
    string? SpaceGuid,
    string? CredentialClientId,
    string? Route,
    string? PredecessorBindingId
)
{
    /// <summary>Equal requests have equal texts.</summary>
    public string ToCanonicalJson() => OsbFields.CanonicalJson(JsonSerializer.SerializeToElement(this, OsbJson.Default.BindIdentity));
}

/// <summary>The wire: snake_case, no nulls (Cloud Controller refuses them), unknown fields ignored.</summary>
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
[JsonSerializable(typeof(BindIdentity))]
internal sealed partial class OsbJson : JsonSerializerContext
{
    /// <summary>Readable texts: no \u0022 for every quote in a YAML. The answers are JSON, never HTML.</summary>
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
