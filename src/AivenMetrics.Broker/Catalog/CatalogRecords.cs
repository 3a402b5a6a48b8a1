using System.Text.Json;
using System.Text.Json.Serialization;

namespace AivenMetrics.Broker.Catalog;

/// <summary>The catalog: the service offering and its plans.</summary>
/// <param name="Services">The service offerings. This broker has one.</param>
internal sealed record CatalogResponse(IReadOnlyList<ServiceOffering> Services);

/// <summary>A service offering.</summary>
/// <param name="Name">Name for command lines.</param>
/// <param name="Id">Id of the offering. It never changes.</param>
/// <param name="Description">Short description.</param>
/// <param name="Tags">Tags for searching the marketplace.</param>
/// <param name="Bindable">True: instances can be bound.</param>
/// <param name="InstancesRetrievable">True: instances can be fetched.</param>
/// <param name="BindingsRetrievable">True: bindings can be fetched.</param>
/// <param name="AllowContextUpdates">True: an update may contain only a new context, for example after a rename.</param>
/// <param name="PlanUpdateable">True: the plan of an instance can be changed.</param>
/// <param name="Metadata">Metadata for the marketplace.</param>
/// <param name="Plans">The service plans.</param>
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

/// <summary>Metadata of the offering for the marketplace. The names are those of the OSB profile, in camel case.</summary>
/// <param name="DisplayName">Display name.</param>
/// <param name="LongDescription">Long description, one paragraph.</param>
/// <param name="ProviderDisplayName">Name of the provider.</param>
/// <param name="DocumentationUrl">URL of the documentation.</param>
/// <param name="SupportUrl">URL of the support page.</param>
/// <param name="ImageUrl">URL of the logo; may be a data URL.</param>
/// <param name="Shareable">False: an instance cannot be shared between Cloud Foundry spaces.</param>
internal sealed record OfferingMetadata(
    [property: JsonPropertyName("displayName")] string DisplayName,
    [property: JsonPropertyName("longDescription")] string LongDescription,
    [property: JsonPropertyName("providerDisplayName")] string? ProviderDisplayName,
    [property: JsonPropertyName("documentationUrl")] string? DocumentationUrl,
    [property: JsonPropertyName("supportUrl")] string? SupportUrl,
    [property: JsonPropertyName("imageUrl")] string? ImageUrl,
    bool Shareable
);

/// <summary>A service plan.</summary>
/// <param name="Id">Id of the plan. It never changes.</param>
/// <param name="Name">Name for command lines.</param>
/// <param name="Description">Short description.</param>
/// <param name="Free">True: the plan is free of charge.</param>
/// <param name="Bindable">True: instances of the plan can be bound.</param>
/// <param name="BindingRotatable">True: a new binding can replace an existing one; see predecessor_binding_id.</param>
/// <param name="MaximumPollingDuration">Maximum time in seconds for which platforms poll an asynchronous operation.</param>
/// <param name="MaintenanceInfo">Maintenance version of the plan; absent if none is configured.</param>
/// <param name="Metadata">Metadata for the marketplace.</param>
/// <param name="Schemas">JSON schemas of the parameters.</param>
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

/// <summary>Metadata of the plan for the marketplace.</summary>
/// <param name="DisplayName">Display name.</param>
/// <param name="Bullets">Features of the plan, one per line.</param>
/// <param name="Costs">Prices of the plan; absent if it has none.</param>
internal sealed record PlanMetadata(
    [property: JsonPropertyName("displayName")] string DisplayName,
    IReadOnlyList<string> Bullets,
    IReadOnlyList<PlanCost>? Costs
);

/// <summary>A price.</summary>
/// <param name="Amount">Amount by currency, for example {"eur": 10}.</param>
/// <param name="Unit">Billing unit, for example MONTHLY.</param>
internal sealed record PlanCost(IReadOnlyDictionary<string, double> Amount, string Unit);

/// <summary>JSON schemas of the parameters that users can set.</summary>
/// <param name="ServiceInstance">Schemas for instances.</param>
/// <param name="ServiceBinding">Schemas for bindings.</param>
internal sealed record PlanSchemas(InstanceSchemas ServiceInstance, BindingSchemas ServiceBinding);

/// <summary>Schemas for provisioning and updating an instance.</summary>
/// <param name="Create">Schema for provisioning.</param>
/// <param name="Update">Schema for updating.</param>
internal sealed record InstanceSchemas(ParameterSchema Create, ParameterSchema Update);

/// <summary>Schemas for binding.</summary>
/// <param name="Create">Schema for binding.</param>
internal sealed record BindingSchemas(ParameterSchema Create);

/// <summary>Parameters of one kind of request.</summary>
/// <param name="Parameters">JSON Schema draft-04, the only draft that every Cloud Controller accepts.</param>
internal sealed record ParameterSchema(JsonElement Parameters);

/// <summary>JSON serialization of the catalog: snake_case except where the OSB profile defines other names, no nulls.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(CatalogResponse))]
internal sealed partial class CatalogJson : JsonSerializerContext;
