using System.Text.Json;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>
/// Creates the responses for instances (docs/osb-conformance.md 66, 67, 73 and 85). Unknown values are omitted; null is never sent.
/// </summary>
/// <param name="dashboard">Template of the dashboard URL.</param>
/// <param name="gateway">URL of the gateway.</param>
internal sealed class InstanceResponseFactory(DashboardUrlTemplate dashboard, Uri gateway)
{
    // Own metadata has a unique prefix, as recommended by the OSB specification (docs/osb-conformance.md 12).
    private const string MetadataPrefix = "aiven-metrics/";

    /// <summary>Creates the response to a provision or an update.</summary>
    public OsbResponse CreateChangeResponse(int status, InstanceRecord instance) =>
        OsbResponse.Json(
            status,
            new InstanceChangeResponse(dashboard.Expand(instance), CreateMetadata(instance)),
            OsbJson.Wire.InstanceChangeResponse
        );

    /// <summary>Creates the response to a fetch.</summary>
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
