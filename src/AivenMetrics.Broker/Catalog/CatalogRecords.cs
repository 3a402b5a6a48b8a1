using System.Text.Json;
using System.Text.Json.Serialization;

namespace AivenMetrics.Broker.Catalog;

/// <summary>Body of <c>GET /v2/catalog</c>.</summary>
internal sealed record CatalogResponse(IReadOnlyList<ServiceOffering> Services);

internal sealed record ServiceOffering(
    string Name,
    string Id,
    string Description,
    IReadOnlyList<string> Tags,
    bool Bindable,
    bool InstancesRetrievable,
    bool BindingsRetrievable,
    bool AllowContextUpdates,
    bool PlanUpdateable,
    OfferingMetadata Metadata,
    IReadOnlyList<ServicePlan> Plans
);

/// <summary>The profile's names, which are camel case.</summary>
internal sealed record OfferingMetadata(
    [property: JsonPropertyName("displayName")] string DisplayName,
    [property: JsonPropertyName("longDescription")] string LongDescription,
    [property: JsonPropertyName("providerDisplayName")] string? ProviderDisplayName,
    [property: JsonPropertyName("documentationUrl")] string? DocumentationUrl,
    [property: JsonPropertyName("supportUrl")] string? SupportUrl,
    [property: JsonPropertyName("imageUrl")] string? ImageUrl,
    bool Shareable
);

internal sealed record ServicePlan(
    string Id,
    string Name,
    string Description,
    bool Free,
    bool Bindable,
    bool BindingRotatable,
    int MaximumPollingDuration,
    MaintenanceInfo? MaintenanceInfo,
    PlanMetadata Metadata,
    PlanSchemas Schemas
);

internal sealed record PlanMetadata(
    [property: JsonPropertyName("displayName")] string DisplayName,
    IReadOnlyList<string> Bullets,
    IReadOnlyList<PlanCost>? Costs
);

internal sealed record PlanCost(IReadOnlyDictionary<string, double> Amount, string Unit);

internal sealed record PlanSchemas(InstanceSchemas ServiceInstance, BindingSchemas ServiceBinding);

internal sealed record InstanceSchemas(ParameterSchema Create, ParameterSchema Update);

internal sealed record BindingSchemas(ParameterSchema Create);

/// <param name="Parameters">JSON Schema draft-04: the only draft that every Cloud Controller takes.</param>
internal sealed record ParameterSchema(JsonElement Parameters);

/// <summary>The catalog on the wire: snake_case except where the profile says otherwise, no nulls.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(CatalogResponse))]
internal sealed partial class CatalogJson : JsonSerializerContext;
