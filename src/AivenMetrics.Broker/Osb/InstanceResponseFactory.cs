using System.Text.Json;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>What platforms are shown of an instance (osb.md 66, 67, 73, 85): nothing that is not known, never a null.</summary>
/// <param name="dashboard">Its page.</param>
/// <param name="gateway">Where tenants query.</param>
internal sealed class InstanceResponseFactory(DashboardUrlTemplate dashboard, Uri gateway)
{
    // A prefix of our own, as the specification asks of broker's own words (12).
    private const string MetadataPrefix = "aiven-metrics/";

    /// <summary>The answer to a provision or an update.</summary>
    public OsbResponse CreateChangeResponse(int status, InstanceRecord instance) =>
        OsbResponse.Json(
            status,
            new InstanceChangeResponse(dashboard.Expand(instance), CreateMetadata(instance)),
            OsbJson.Wire.InstanceChangeResponse
        );

    /// <summary>The answer to a fetch.</summary>
    public OsbResponse CreateFetchResponse(InstanceRecord instance)
    {
        using var parameters = JsonDocument.Parse(instance.Parameters);
        return OsbResponse.Json(
            200,
            new InstanceResponse(
                instance.ServiceId,
                instance.PlanId,
                dashboard.Expand(instance),
                parameters.RootElement,
                instance.MaintenanceVersion is { } version ? new AppliedMaintenance(version) : null,
                CreateMetadata(instance)
            ),
            OsbJson.Wire.InstanceResponse
        );
    }

    private InstanceMetadata CreateMetadata(InstanceRecord instance)
    {
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            [MetadataPrefix + "scope"] = instance.PlanScope.ToText(),
        };
        Add("organization-name", instance.OrganizationName);
        Add("space-name", instance.SpaceName);
        Add("instance-name", instance.InstanceName);
        return new InstanceMetadata(
            labels,
            new SortedDictionary<string, string>(StringComparer.Ordinal)
            {
                [MetadataPrefix + "gateway-url"] = gateway.AbsoluteUri.TrimEnd('/'),
            }
        );

        void Add(string name, string? value)
        {
            if (value is not null)
            {
                labels[MetadataPrefix + name] = value;
            }
        }
    }
}
