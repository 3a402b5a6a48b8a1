namespace AivenMetrics.Broker.Catalog;

/// <summary>
/// What the marketplace shows (<c>Broker:Catalog</c>). The ids must never change once a platform has registered the broker.
/// </summary>
public sealed class CatalogOptions
{
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

    /// <summary>Its picture; empty: none.</summary>
    public string ImageUrl { get; set; } = "";

    /// <summary>Id of the plan whose credentials cover the whole space.</summary>
    public string SpacePlanId { get; set; } = "2f6d3d0e-7c0d-4f0b-8e53-0a9f4b7f1c21";

    /// <summary>Its name.</summary>
    public string SpacePlanName { get; set; } = "space";

    /// <summary>Its description.</summary>
    public string SpacePlanDescription { get; set; } = "Metrics of every Aiven service of the space, present and future";

    /// <summary>What it costs; empty: free.</summary>
    public IList<CostOptions> SpacePlanCosts { get; } = [];

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

    /// <summary>What it costs; empty: free.</summary>
    public IList<CostOptions> ServicesPlanCosts { get; } = [];

    /// <summary>Version of its <c>maintenance_info</c>, semantic version 2.0; empty: it has none.</summary>
    public string ServicesPlanMaintenanceVersion { get; set; } = "";

    /// <summary>What the maintenance of that version does; empty: not told.</summary>
    public string ServicesPlanMaintenanceDescription { get; set; } = "";

    /// <summary>How long platforms poll an asynchronous bind before they give up; whole seconds.</summary>
    public TimeSpan MaximumPollingDuration { get; set; } = TimeSpan.FromHours(1);

    /// <summary>All faults, as sentences that name the key.</summary>
    public IEnumerable<string> Faults()
    {
        string[] required =
        [
            nameof(OfferingId), nameof(OfferingName), nameof(OfferingDescription), nameof(SpacePlanId), nameof(SpacePlanName),
            nameof(SpacePlanDescription), nameof(ServicesPlanId), nameof(ServicesPlanName), nameof(ServicesPlanDescription),
        ];
        string[] values =
        [
            OfferingId, OfferingName, OfferingDescription, SpacePlanId, SpacePlanName, SpacePlanDescription, ServicesPlanId,
            ServicesPlanName, ServicesPlanDescription,
        ];
        foreach (var (key, value) in required.Zip(values))
        {
            if (string.IsNullOrWhiteSpace(value))
                yield return $"Broker:Catalog:{key} is empty: remove it to use the default, or give it a text.";
            else if (value.Length > 255)
                yield return $"Broker:Catalog:{key} is longer than 255 characters: shorten it.";
        }

        if (OfferingName.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-')))
            yield return "Broker:Catalog:OfferingName may hold letters, digits, periods and hyphens only.";
        if (SpacePlanId == ServicesPlanId)
            yield return "Broker:Catalog:SpacePlanId and Broker:Catalog:ServicesPlanId are equal: each plan needs an id of its own.";
        if (SpacePlanName == ServicesPlanName)
            yield return "Broker:Catalog:SpacePlanName and Broker:Catalog:ServicesPlanName are equal: each plan needs a name of its own.";
        if (MaximumPollingDuration < TimeSpan.FromSeconds(1))
            yield return "Broker:Catalog:MaximumPollingDuration must be at least one second, such as 01:00:00.";
        foreach (var fault in MaintenanceInfo.Faults("SpacePlan", SpacePlanMaintenanceVersion, SpacePlanMaintenanceDescription)
            .Concat(MaintenanceInfo.Faults("ServicesPlan", ServicesPlanMaintenanceVersion, ServicesPlanMaintenanceDescription)))
            yield return fault;
        foreach (var cost in SpacePlanCosts.Concat(ServicesPlanCosts))
        {
            if (string.IsNullOrWhiteSpace(cost.Currency) || string.IsNullOrWhiteSpace(cost.Unit) || cost.Amount < 0)
                yield return "Each entry of Broker:Catalog:SpacePlanCosts and ServicesPlanCosts needs Currency, Amount (0 or more) and Unit.";
        }
    }
}

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
