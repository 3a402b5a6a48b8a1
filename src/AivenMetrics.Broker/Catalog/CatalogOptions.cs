using System.ComponentModel.DataAnnotations;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Catalog;

/// <summary>Options of the catalog (<c>Broker:Catalog</c>). The ids must not change after a platform has registered the broker.</summary>
public sealed class CatalogOptions : IValidatableObject
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Broker:Catalog";

    /// <summary>Maximum number of Aiven services per binding of plan <c>services</c>.</summary>
    public const int MaximumServices = 50;

    /// <summary>Id of the offering.</summary>
    public string OfferingId { get; set; } = "b8a4a1a6-5a8e-4c53-9f5c-6b0e3d2f7c10";

    /// <summary>Name of the offering: letters, digits, periods and hyphens.</summary>
    public string OfferingName { get; set; } = "metrics";

    /// <summary>Short description of the offering.</summary>
    public string OfferingDescription { get; set; } = "Prometheus-compatible metrics of your Aiven services";

    /// <summary>Display name of the offering.</summary>
    public string DisplayName { get; set; } = "Metrics of Aiven services";

    /// <summary>Long description of the offering, one paragraph.</summary>
    public string LongDescription { get; set; } =
        "Bind to get a Prometheus-compatible URL with a user and a password. It shows the metrics of the Aiven services of your "
        + "space, and nobody else's: for debugging, for dashboards and alerts, and for planning capacity.";

    /// <summary>Name of the provider; empty: omitted.</summary>
    public string ProviderDisplayName { get; set; } = "";

    /// <summary>URL of the documentation; empty: omitted.</summary>
    public string DocumentationUrl { get; set; } = "";

    /// <summary>URL of the support page; empty: omitted.</summary>
    public string SupportUrl { get; set; } = "";

    /// <summary>Logo: a URL or a <c>data:image/…</c> URL; empty: omitted.</summary>
    public string ImageUrl { get; set; } = "";

    /// <summary>Tags for searching the marketplace. Default: <c>metrics</c>, <c>prometheus</c>, <c>aiven</c>.</summary>
    public IList<string> Tags { get; } = [];

    /// <summary>Id of the plan whose credentials cover the whole space.</summary>
    public string SpacePlanId { get; set; } = "2f6d3d0e-7c0d-4f0b-8e53-0a9f4b7f1c21";

    /// <summary>Name of the plan.</summary>
    public string SpacePlanName { get; set; } = "space";

    /// <summary>Description of the plan.</summary>
    public string SpacePlanDescription { get; set; } = "Metrics of every Aiven service of the space, present and future";

    /// <summary>Display name of the plan. Default: the name of the plan.</summary>
    public string SpacePlanDisplayName { get; set; } = "";

    /// <summary>Features of the plan, one per line. Default: the scope and the content of a binding.</summary>
    public IList<string> SpacePlanBullets { get; } = [];

    /// <summary>Prices of the plan.</summary>
    public IList<CostOptions> SpacePlanCosts { get; } = [];

    /// <summary>True if the plan is free of charge. Default: true if the plan has no prices.</summary>
    public bool? SpacePlanFree { get; set; }

    /// <summary>Version of the plan's <c>maintenance_info</c>, a semantic version 2.0; empty: the plan has none.</summary>
    public string SpacePlanMaintenanceVersion { get; set; } = "";

    /// <summary>Description of the maintenance of that version; empty: omitted.</summary>
    public string SpacePlanMaintenanceDescription { get; set; } = "";

    /// <summary>Id of the plan whose credentials cover the services named in the bind request.</summary>
    public string ServicesPlanId { get; set; } = "6c1e9d54-2b1f-4b43-a5f1-3d8a7e9b0d32";

    /// <summary>Name of the plan.</summary>
    public string ServicesPlanName { get; set; } = "services";

    /// <summary>Description of the plan.</summary>
    public string ServicesPlanDescription { get; set; } =
        "Metrics of the Aiven services that you name when binding: {\"services\": [\"<instance GUID or Aiven service name>\"]}";

    /// <summary>Display name of the plan. Default: the name of the plan.</summary>
    public string ServicesPlanDisplayName { get; set; } = "";

    /// <summary>Features of the plan, one per line. Default: the scope and the content of a binding.</summary>
    public IList<string> ServicesPlanBullets { get; } = [];

    /// <summary>Prices of the plan.</summary>
    public IList<CostOptions> ServicesPlanCosts { get; } = [];

    /// <summary>True if the plan is free of charge. Default: true if the plan has no prices.</summary>
    public bool? ServicesPlanFree { get; set; }

    /// <summary>Version of the plan's <c>maintenance_info</c>, a semantic version 2.0; empty: the plan has none.</summary>
    public string ServicesPlanMaintenanceVersion { get; set; } = "";

    /// <summary>Description of the maintenance of that version; empty: omitted.</summary>
    public string ServicesPlanMaintenanceDescription { get; set; } = "";

    /// <summary>Maximum time for which platforms poll an asynchronous bind, in whole seconds. Default: 1 hour.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan MaximumPollingDuration { get; set; } = TimeSpan.FromHours(1);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => CatalogOptionsValidator.Validate(this);

    /// <summary>Returns the options of each plan.</summary>
    internal IReadOnlyList<ServicePlanConfig> Plans() =>
        [
            new(
                "SpacePlan",
                PlanScope.Space,
                SpacePlanId,
                SpacePlanName,
                SpacePlanDescription,
                SpacePlanDisplayName,
                SpacePlanBullets,
                SpacePlanCosts,
                SpacePlanFree,
                SpacePlanMaintenanceVersion,
                SpacePlanMaintenanceDescription
            ),
            new(
                "ServicesPlan",
                PlanScope.Services,
                ServicesPlanId,
                ServicesPlanName,
                ServicesPlanDescription,
                ServicesPlanDisplayName,
                ServicesPlanBullets,
                ServicesPlanCosts,
                ServicesPlanFree,
                ServicesPlanMaintenanceVersion,
                ServicesPlanMaintenanceDescription
            ),
        ];
}

/// <summary>The options of one plan.</summary>
/// <param name="Key">Prefix of the configuration keys of the plan.</param>
internal sealed record ServicePlanConfig(
    string Key,
    PlanScope Scope,
    string Id,
    string Name,
    string Description,
    string DisplayName,
    IList<string> Bullets,
    IList<CostOptions> Costs,
    bool? Free,
    string MaintenanceVersion,
    string MaintenanceDescription
);

/// <summary>A price of a plan.</summary>
public sealed class CostOptions
{
    /// <summary>Currency in lower case, for example <c>eur</c>.</summary>
    public string Currency { get; set; } = "";

    /// <summary>The amount.</summary>
    public double Amount { get; set; }

    /// <summary>Billing unit, for example <c>MONTHLY</c>.</summary>
    public string Unit { get; set; } = "";
}
