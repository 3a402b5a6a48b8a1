using System.Security.Cryptography;
using System.Text.Json;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Catalog;

/// <summary>The one offering and its two plans, as configured; immutable while the process runs.</summary>
internal sealed class ServiceCatalog
{
    private static readonly JsonElement NoParameters = Schema(
        """{"$schema":"http://json-schema.org/draft-04/schema#","type":"object","additionalProperties":false}""");

    private static readonly JsonElement ServicesParameters = Schema(
        $$"""
        {
          "$schema": "http://json-schema.org/draft-04/schema#",
          "type": "object",
          "additionalProperties": false,
          "required": ["services"],
          "properties": {
            "services": {
              "description": "The Aiven services to show: instance GUIDs (cf service <name> --guid) or Aiven service names.",
              "type": "array",
              "minItems": 1,
              "maxItems": {{CatalogOptions.MaximumServices}},
              "uniqueItems": true,
              "items": { "type": "string", "minLength": 1, "maxLength": 255 }
            }
          }
        }
        """);

    private readonly CatalogOptions options;

    public ServiceCatalog(CatalogOptions options)
    {
        this.options = options;
        Response = new CatalogResponse([Offering(options)]);
        Body = JsonSerializer.SerializeToUtf8Bytes(Response, CatalogJson.Default.CatalogResponse);
        ETag = $"\"{Convert.ToHexStringLower(SHA256.HashData(Body.Span))}\"";
    }

    public string OfferingId => options.OfferingId;

    public CatalogResponse Response { get; }

    /// <summary>The response's bytes, always the same.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>Strong validator of <see cref="Body"/>.</summary>
    public string ETag { get; }

    /// <summary>What the plan covers; null: the offering has no such plan.</summary>
    public PlanScope? ScopeOf(string planId) =>
        planId == options.SpacePlanId ? PlanScope.Space
        : planId == options.ServicesPlanId ? PlanScope.Services
        : null;

    /// <summary>Version of the plan's maintenance_info; null: it has none.</summary>
    public string? MaintenanceVersionOf(string planId) =>
        Response.Services[0].Plans.FirstOrDefault(plan => plan.Id == planId)?.MaintenanceInfo?.Version;

    private static ServiceOffering Offering(CatalogOptions options) => new(
        options.OfferingName,
        options.OfferingId,
        options.OfferingDescription,
        ["metrics", "prometheus", "aiven"],
        Bindable: true,
        InstancesRetrievable: true,
        BindingsRetrievable: true,
        AllowContextUpdates: true,
        PlanUpdateable: true,
        new OfferingMetadata(
            options.DisplayName,
            options.LongDescription,
            Given(options.ProviderDisplayName),
            Given(options.DocumentationUrl),
            Given(options.SupportUrl),
            Given(options.ImageUrl),
            // A shared instance would show the metrics of one space in another.
            Shareable: false),
        [
            Plan(
                options, options.SpacePlanId, options.SpacePlanName, options.SpacePlanDescription, options.SpacePlanCosts,
                MaintenanceInfo.Of(options.SpacePlanMaintenanceVersion, options.SpacePlanMaintenanceDescription),
                NoParameters, "All Aiven services of the space, present and future"),
            Plan(
                options, options.ServicesPlanId, options.ServicesPlanName, options.ServicesPlanDescription, options.ServicesPlanCosts,
                MaintenanceInfo.Of(options.ServicesPlanMaintenanceVersion, options.ServicesPlanMaintenanceDescription),
                ServicesParameters, $"1 to {CatalogOptions.MaximumServices} Aiven services of the space, named when binding"),
        ]);

    private static ServicePlan Plan(
        CatalogOptions options, string id, string name, string description, IList<CostOptions> costs, MaintenanceInfo? maintenance,
        JsonElement bindParameters, string scope) =>
        new(
            id,
            name,
            description,
            Free: costs.Count == 0,
            Bindable: true,
            BindingRotatable: true,
            (int)options.MaximumPollingDuration.TotalSeconds,
            maintenance,
            new PlanMetadata(
                name,
                [scope, "Prometheus query API, ready for Grafana", "Credentials of their own for every binding"],
                costs.Count == 0
                    ? null
                    : [.. costs.Select(cost => new PlanCost(new Dictionary<string, double> { [cost.Currency] = cost.Amount }, cost.Unit))]),
            new PlanSchemas(new InstanceSchemas(new ParameterSchema(NoParameters)), new BindingSchemas(new ParameterSchema(bindParameters))));

    private static string? Given(string text) => text.Length == 0 ? null : text;

    private static JsonElement Schema(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}
