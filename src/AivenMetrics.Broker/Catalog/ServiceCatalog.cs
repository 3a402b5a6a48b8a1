using System.Security.Cryptography;
using System.Text.Json;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Catalog;

/// <summary>The one offering and its two plans, as configured; immutable while the process runs.</summary>
internal sealed class ServiceCatalog
{
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

    private static ServiceOffering Offering(CatalogOptions options) => new(
        options.OfferingName,
        options.OfferingId,
        options.OfferingDescription,
        ["metrics", "prometheus", "aiven"],
        Bindable: true,
        InstancesRetrievable: true,
        BindingsRetrievable: true,
        AllowContextUpdates: false,
        PlanUpdateable: false,
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
                PlanScope.Space, "All Aiven services of the space, present and future"),
            Plan(
                options, options.ServicesPlanId, options.ServicesPlanName, options.ServicesPlanDescription, options.ServicesPlanCosts,
                PlanScope.Services, $"1 to {CatalogOptions.MaximumServices} Aiven services of the space, named when binding"),
        ]);

    private static ServicePlan Plan(
        CatalogOptions options, string id, string name, string description, IList<CostOptions> costs, PlanScope scope, string bullet) =>
        new(
            id,
            name,
            description,
            Free: costs.Count == 0,
            Bindable: true,
            BindingRotatable: false,
            (int)options.MaximumPollingDuration.TotalSeconds,
            new PlanMetadata(
                name,
                [bullet, "Prometheus query API, ready for Grafana", "Credentials of their own for every binding"],
                costs.Count == 0
                    ? null
                    : [.. costs.Select(cost => new PlanCost(new Dictionary<string, double> { [cost.Currency] = cost.Amount }, cost.Unit))]),
            new PlanSchemas(
                new InstanceSchemas(new ParameterSchema(ParameterSchemas.Provision(scope)), new ParameterSchema(ParameterSchemas.Update(scope))),
                new BindingSchemas(new ParameterSchema(ParameterSchemas.Bind(scope)))));

    private static string? Given(string text) => text.Length == 0 ? null : text;
}
