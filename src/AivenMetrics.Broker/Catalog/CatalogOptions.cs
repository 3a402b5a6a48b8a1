using System.ComponentModel.DataAnnotations;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Catalog;

/// <summary>
/// What the marketplace shows (<c>Broker:Catalog</c>). The ids must never change once a platform has registered the broker.
/// </summary>
public sealed class CatalogOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Broker:Catalog";

    /// <summary>Most Aiven services that one binding of plan <c>services</c> can name.</summary>
    public const int MaximumServices = 50;

    /// <summary>Id of the offering.</summary>
    public string OfferingId { get; set; } = "b8a4a1a6-5a8e-4c53-9f5c-6b0e3d2f7c10";

    /// <summary>Name of the offering: letters, digits, period, hyphen.</summary>
    public string OfferingName { get; set; } = "metrics";

    /// <summary>One line about the offering.</summary>
    public string OfferingDescription { get; set; } = "Prometheus-compatible metrics of your Aiven services";

    /// <summary>Name for people.</summary>
    public string DisplayName { get; set; } = "Metrics of Aiven services";

    /// <summary>A paragraph about the offering.</summary>
    public string LongDescription { get; set; } =
        "Bind to get a Prometheus-compatible URL with a user and a password. It shows the metrics of the Aiven services of your "
        + "space, and nobody else's: for debugging, for dashboards and alerts, and for planning capacity.";

    /// <summary>Who provides it; empty: not told.</summary>
    public string ProviderDisplayName { get; set; } = "";

    /// <summary>Where its documentation is; empty: not told.</summary>
    public string DocumentationUrl { get; set; } = "";

    /// <summary>Where help is; empty: not told.</summary>
    public string SupportUrl { get; set; } = "";

    /// <summary>Its picture, a URL or a <c>data:image/…</c> one; empty: none.</summary>
    public string ImageUrl { get; set; } = "";

    /// <summary>Words that platforms find it by; none given: <c>metrics</c>, <c>prometheus</c>, <c>aiven</c>.</summary>
    public IList<string> Tags { get; } = [];

    /// <summary>Id of the plan whose credentials cover the whole space.</summary>
    public string SpacePlanId { get; set; } = "2f6d3d0e-7c0d-4f0b-8e53-0a9f4b7f1c21";

    /// <summary>Its name.</summary>
    public string SpacePlanName { get; set; } = "space";

    /// <summary>Its description.</summary>
    public string SpacePlanDescription { get; set; } = "Metrics of every Aiven service of the space, present and future";

    /// <summary>Its name for people; empty: its name.</summary>
    public string SpacePlanDisplayName { get; set; } = "";

    /// <summary>What platforms list about it; none given: what it covers and what a binding gets.</summary>
    public IList<string> SpacePlanBullets { get; } = [];

    /// <summary>What it costs.</summary>
    public IList<CostOptions> SpacePlanCosts { get; } = [];

    /// <summary>Whether it is free; null: when it has no costs.</summary>
    public bool? SpacePlanFree { get; set; }

    /// <summary>Version of its <c>maintenance_info</c>, semantic version 2.0; empty: it has none.</summary>
    public string SpacePlanMaintenanceVersion { get; set; } = "";

    /// <summary>What the maintenance of that version does; empty: not told.</summary>
    public string SpacePlanMaintenanceDescription { get; set; } = "";

    /// <summary>Id of the plan whose credentials cover the services named when binding.</summary>
    public string ServicesPlanId { get; set; } = "6c1e9d54-2b1f-4b43-a5f1-3d8a7e9b0d32";

    /// <summary>Its name.</summary>
    public string ServicesPlanName { get; set; } = "services";

    /// <summary>Its description.</summary>
    public string ServicesPlanDescription { get; set; } =
        "Metrics of the Aiven services that you name when binding: {\"services\": [\"<instance GUID or Aiven service name>\"]}";

    /// <summary>Its name for people; empty: its name.</summary>
    public string ServicesPlanDisplayName { get; set; } = "";

    /// <summary>What platforms list about it; none given: what it covers and what a binding gets.</summary>
    public IList<string> ServicesPlanBullets { get; } = [];

    /// <summary>What it costs.</summary>
    public IList<CostOptions> ServicesPlanCosts { get; } = [];

    /// <summary>Whether it is free; null: when it has no costs.</summary>
    public bool? ServicesPlanFree { get; set; }

    /// <summary>Version of its <c>maintenance_info</c>, semantic version 2.0; empty: it has none.</summary>
    public string ServicesPlanMaintenanceVersion { get; set; } = "";

    /// <summary>What the maintenance of that version does; empty: not told.</summary>
    public string ServicesPlanMaintenanceDescription { get; set; } = "";

    /// <summary>How long platforms poll an asynchronous bind before they give up; whole seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan MaximumPollingDuration { get; set; } = TimeSpan.FromHours(1);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => CatalogOptionsValidator.Validate(this);

    /// <summary>The plans, each with the part of the options that is its own.</summary>
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
/// <param name="Key">What its keys begin with.</param>
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
    /// <summary>Currency in lower case, such as <c>eur</c>.</summary>
    public string Currency { get; set; } = "";

    /// <summary>The amount.</summary>
    public double Amount { get; set; }

    /// <summary>For what, such as <c>MONTHLY</c>.</summary>
    public string Unit { get; set; } = "";
}
