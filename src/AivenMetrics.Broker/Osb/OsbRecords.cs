using System.Buffers.Text;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
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
    JsonElement? MaintenanceInfo);

/// <summary>Body of PATCH /v2/service_instances/:i.</summary>
internal sealed record UpdateRequest(
    string? ServiceId,
    string? PlanId,
    JsonElement? Context,
    JsonElement? Parameters,
    JsonElement? PreviousValues,
    JsonElement? MaintenanceInfo);

/// <summary>Body of PUT /v2/service_instances/:i/service_bindings/:b.</summary>
internal sealed record BindRequest(
    string? ServiceId,
    string? PlanId,
    string? AppGuid,
    JsonElement? BindResource,
    JsonElement? Context,
    JsonElement? Parameters,
    string? PredecessorBindingId);

/// <summary>An empty object: never an empty body.</summary>
internal sealed record EmptyResponse;

/// <summary>Body of a 202.</summary>
internal sealed record OperationResponse(string Operation);

internal sealed record LastOperationResponse(string State, string? Description);

internal sealed record InstanceResponse(string ServiceId, string PlanId, JsonElement Parameters);

/// <param name="Parameters">Only when fetched.</param>
internal sealed record BindingResponse(Credentials Credentials, JsonElement? Parameters);

internal sealed record ErrorResponse(string? Error, string Description);

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
    string? PrometheusVersion)
{
    /// <summary>User and password as one token, for clients that send <c>Authorization: Bearer</c>; a secret.</summary>
    public string BearerToken { get; init; } = Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{Username}:{Password}"));

    /// <summary>The user only, so that credentials that are logged by mistake show no password.</summary>
    public override string ToString() => $"Credentials {{ Username = {Username} }}";
}

/// <param name="Description">In words.</param>
/// <param name="Matchers">As label matchers.</param>
internal sealed record CredentialScope(string Description, IReadOnlyList<ScopeMatcher> Matchers);

/// <param name="Name">Aiven service name.</param>
/// <param name="Type">Aiven's word, such as <c>pg</c>.</param>
/// <param name="State">Aiven's word, such as <c>RUNNING</c>.</param>
/// <param name="Metrics">What became of its metrics, in a sentence.</param>
internal sealed record ServiceStatus(string Name, string Type, string State, string Metrics);

/// <summary>The parts of the credentials that were read when the bind succeeded.</summary>
internal sealed record CredentialSnapshot(IReadOnlyList<ServiceStatus> Services, string? PrometheusVersion);

/// <summary>What makes two bind requests the same one, kept in the row as canonical JSON.</summary>
internal sealed record BindIdentity(
    JsonElement Parameters,
    string? AppGuid,
    string? SpaceGuid,
    string? CredentialClientId,
    string? Route);

/// <summary>The wire: snake_case, no nulls (Cloud Controller refuses them), unknown fields ignored.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ProvisionRequest))]
[JsonSerializable(typeof(UpdateRequest))]
[JsonSerializable(typeof(BindRequest))]
[JsonSerializable(typeof(EmptyResponse))]
[JsonSerializable(typeof(OperationResponse))]
[JsonSerializable(typeof(LastOperationResponse))]
[JsonSerializable(typeof(InstanceResponse))]
[JsonSerializable(typeof(BindingResponse))]
[JsonSerializable(typeof(ErrorResponse))]
[JsonSerializable(typeof(CredentialSnapshot))]
[JsonSerializable(typeof(BindIdentity))]
internal sealed partial class OsbJson : JsonSerializerContext
{
    /// <summary>Readable texts: no \u0022 for every quote in a YAML. The answers are JSON, never HTML.</summary>
    public static OsbJson Wire { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
