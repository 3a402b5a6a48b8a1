using System.Security.Cryptography;
using System.Text.Json;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Catalog;

/// <summary>The service offering and its two plans, as configured. Immutable.</summary>
internal sealed class ServiceCatalog
{
    private readonly CatalogOptions _options;

    /// <param name="options">Valid options.</param>
    /// <param name="time">The clock. The catalog counts as modified when the process starts.</param>
    public ServiceCatalog(CatalogOptions options, TimeProvider time)
    {
        _options = options;
        Response = new CatalogResponse([CreateOffering(options)]);
        Body = JsonSerializer.SerializeToUtf8Bytes(Response, CatalogJson.Default.CatalogResponse);
        var now = time.GetUtcNow();
        LastModified = new DateTimeOffset(now.Ticks - (now.Ticks % TimeSpan.TicksPerSecond), TimeSpan.Zero);
        ETag = $"\"{Convert.ToHexStringLower(SHA256.HashData(Body.Span))}\"";
    }

    public string OfferingId => _options.OfferingId;

    public CatalogResponse Response { get; }

    /// <summary>The serialized response.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>Entity tag (strong validator) of <see cref="Body"/>.</summary>
    public string ETag { get; }

    /// <summary>Start time of the process in whole seconds, the precision of HTTP dates.</summary>
    public DateTimeOffset LastModified { get; }

    /// <summary>Returns the scope of a plan; null if the offering has no such plan.</summary>
    public PlanScope? ScopeOf(string planId) =>
        planId == _options.SpacePlanId ? PlanScope.Space
        : planId == _options.ServicesPlanId ? PlanScope.Services
        : null;

    /// <summary>Returns the version of the plan's maintenance_info; null if it has none.</summary>
    public string? MaintenanceVersionOf(string planId) =>
        Response.Services[0].Plans.FirstOrDefault(plan => plan.Id == planId)?.MaintenanceInfo?.Version;

    private static ServiceOffering CreateOffering(CatalogOptions options) =>
        new(
            options.OfferingName,
            options.OfferingId,
            options.OfferingDescription,
            options.Tags.Count == 0 ? ["metrics", "prometheus", "aiven"] : [.. options.Tags],
            Bindable: true,
            InstancesRetrievable: true,
            BindingsRetrievable: true,
            AllowContextUpdates: true,
            PlanUpdateable: true,
            new OfferingMetadata(
                options.DisplayName,
                options.LongDescription,
                NullIfEmpty(options.ProviderDisplayName),
                NullIfEmpty(options.DocumentationUrl),
                NullIfEmpty(options.SupportUrl),
                NullIfEmpty(options.ImageUrl),
                // A shared instance would show the metrics of one space in another.
                Shareable: false
            ),
            [.. options.Plans().Select(plan => CreatePlan(plan, options.MaximumPollingDuration))]
        );

    private static ServicePlan CreatePlan(ServicePlanConfig plan, TimeSpan maximumPollingDuration) =>
        new(
            plan.Id,
            plan.Name,
            plan.Description,
            plan.Free ?? plan.Costs.Count == 0,
            Bindable: true,
            BindingRotatable: true,
            (int)maximumPollingDuration.TotalSeconds,
            MaintenanceInfo.Create(plan.MaintenanceVersion, plan.MaintenanceDescription),
            new PlanMetadata(
                NullIfEmpty(plan.DisplayName) ?? plan.Name,
                plan.Bullets.Count == 0 ? DefaultBullets(plan.Scope) : [.. plan.Bullets],
                plan.Costs.Count == 0
                    ? null
                    :
                    [
                        .. plan.Costs.Select(cost => new PlanCost(
                            new Dictionary<string, double> { [cost.Currency] = cost.Amount },
                            cost.Unit
                        )),
                    ]
            ),
            new PlanSchemas(
                new InstanceSchemas(
                    new ParameterSchema(ParameterSchemas.Provision(plan.Scope)),
                    new ParameterSchema(ParameterSchemas.Update(plan.Scope))
                ),
                new BindingSchemas(new ParameterSchema(ParameterSchemas.Bind(plan.Scope)))
            )
        );

    private static IReadOnlyList<string> DefaultBullets(PlanScope scope) =>
        [
            scope == PlanScope.Space
                ? "All Aiven services of the space, present and future"
                : $"1 to {CatalogOptions.MaximumServices} Aiven services of the space, named when creating or binding",
            "Prometheus query API, ready for Grafana",
            "Separate credentials for every binding",
        ];

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}
