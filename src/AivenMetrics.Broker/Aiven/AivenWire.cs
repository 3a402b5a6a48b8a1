using System.Text.Json;
using System.Text.Json.Serialization;

namespace AivenMetrics.Broker.Aiven;

// The part of Aiven's API that the broker reads. Parsing is tolerant: only identifying names are required, all other fields may be missing
// or null, and unknown fields are skipped. Enumerations are strings, so that new values are accepted.

internal sealed record AivenServiceList(IReadOnlyList<AivenService>? Services);

internal sealed record AivenServiceResponse(AivenService? Service);

/// <summary>A service in the list of a project. <c>State</c> is Aiven's value, verbatim.</summary>
internal sealed record AivenService(
    [property: JsonRequired] string ServiceName,
    [property: JsonRequired] string ServiceType,
    [property: JsonRequired] string State,
    string? Plan = null,
    string? CloudName = null,
    int? NodeCount = null,
    IReadOnlyDictionary<string, string?>? Tags = null,
    AivenUriParams? ServiceUriParams = null,
    IReadOnlyList<AivenComponent>? Components = null,
    IReadOnlyList<AivenIntegration>? ServiceIntegrations = null,
    string? ProjectVpcId = null,
    AivenUserConfig? UserConfig = null
);

/// <summary>The part of a service's configuration that controls network access. The rest may contain secrets and is never read.</summary>
/// <param name="IpFilter">Networks, each a string or an object with <c>network</c>.</param>
/// <param name="PublicAccess">For services in a VPC: components that are open to public networks.</param>
internal sealed record AivenUserConfig(JsonElement? IpFilter = null, JsonElement? PublicAccess = null);

/// <summary>The part of <c>service_uri_params</c> without secrets.</summary>
internal sealed record AivenUriParams(string? Host = null);

internal sealed record AivenComponent(string? Component, string? Host, int? Port, string? Route, string? Usage, string? Path = null);

/// <summary>An integration. A row without an id is a placeholder for a possible integration.</summary>
internal sealed record AivenIntegration(
    string? ServiceIntegrationId,
    string? IntegrationType,
    bool Enabled,
    bool Active,
    string? DestEndpointId,
    string? SourceService = null
);

internal sealed record AivenIntegrationResponse(AivenIntegration? ServiceIntegration);

internal sealed record AivenEndpointList(IReadOnlyList<AivenEndpoint>? ServiceIntegrationEndpoints);

internal sealed record AivenEndpointResponse(AivenEndpoint? ServiceIntegrationEndpoint);

/// <summary>An integration endpoint. Its password is never read back.</summary>
internal sealed record AivenEndpoint(
    [property: JsonRequired] string EndpointId,
    [property: JsonRequired] string EndpointName,
    [property: JsonRequired] string EndpointType,
    AivenEndpointUserConfig? UserConfig = null
);

internal sealed record AivenEndpointUserConfig(string? BasicAuthUsername = null);

internal sealed record AivenCertificate(string? Certificate);

internal sealed record AivenEndpointTypes(IReadOnlyList<AivenEndpointType>? EndpointTypes);

internal sealed record AivenEndpointType(string? EndpointType, IReadOnlyList<string>? ServiceTypes);

internal sealed record AivenIntegrationTypes(IReadOnlyList<AivenIntegrationType>? IntegrationTypes);

internal sealed record AivenIntegrationType(string? IntegrationType, IReadOnlyList<string>? SourceServiceTypes);

internal sealed record CreateEndpointRequest(string EndpointName, string EndpointType, AivenBasicAuth UserConfig);

internal sealed record UpdateEndpointRequest(AivenBasicAuth UserConfig);

/// <summary>User name and password of a <c>prometheus</c> endpoint. A secret.</summary>
internal sealed record AivenBasicAuth(string BasicAuthUsername, string BasicAuthPassword)
{
    /// <summary>Returns the user name only, so that logging the record does not expose the password.</summary>
    public override string ToString() => $"AivenBasicAuth {{ BasicAuthUsername = {BasicAuthUsername} }}";
}

internal sealed record CreateIntegrationRequest(string IntegrationType, string SourceService, string DestEndpointId);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    NumberHandling = JsonNumberHandling.AllowReadingFromString,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip
)]
[JsonSerializable(typeof(AivenServiceList))]
[JsonSerializable(typeof(AivenServiceResponse))]
[JsonSerializable(typeof(AivenIntegrationResponse))]
[JsonSerializable(typeof(AivenEndpointList))]
[JsonSerializable(typeof(AivenEndpointResponse))]
[JsonSerializable(typeof(AivenCertificate))]
[JsonSerializable(typeof(AivenEndpointTypes))]
[JsonSerializable(typeof(AivenIntegrationTypes))]
[JsonSerializable(typeof(CreateEndpointRequest))]
[JsonSerializable(typeof(UpdateEndpointRequest))]
[JsonSerializable(typeof(CreateIntegrationRequest))]
internal sealed partial class AivenJson : JsonSerializerContext;
