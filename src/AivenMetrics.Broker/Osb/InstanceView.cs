using System.Text.Json;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>What platforms are shown of an instance (osb.md 66, 67, 73, 85): nothing that is not known, never a null.</summary>
/// <param name="dashboard">Its page.</param>
/// <param name="gateway">Where tenants query.</param>
internal sealed class InstanceView(DashboardUrl dashboard, Uri gateway)
{
    // A prefix of our own, as the specification asks of broker's own words (12).
    private const string Prefix = "aiven-metrics/";

    /// <summary>The answer to a provision or an update.</summary>
    public OsbAnswer Changed(int status, InstanceRecord instance) => OsbAnswer.Json(
        status, new InstanceChangeResponse(dashboard.Of(instance), Metadata(instance)), OsbJson.Wire.InstanceChangeResponse);

    /// <summary>The answer to a fetch.</summary>
    public OsbAnswer Fetched(InstanceRecord instance)
    {
        using var parameters = JsonDocument.Parse(instance.Parameters);
        return OsbAnswer.Json(
            200,
            new InstanceResponse(
                instance.ServiceId,
                instance.PlanId,
                dashboard.Of(instance),
                parameters.RootElement,
                instance.MaintenanceVersion is { } version ? new AppliedMaintenance(version) : null,
                Metadata(instance)),
            OsbJson.Wire.InstanceResponse);
    }

    private InstanceMetadata Metadata(InstanceRecord instance)
    {
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal) { [Prefix + "scope"] = instance.PlanScope.Word() };
        Add("organization-name", instance.OrganizationName);
        Add("space-name", instance.SpaceName);
        Add("instance-name", instance.InstanceName);
        return new InstanceMetadata(
            labels, new SortedDictionary<string, string>(StringComparer.Ordinal) { [Prefix + "gateway-url"] = gateway.AbsoluteUri.TrimEnd('/') });

        void Add(string name, string? value)
        {
            if (value is not null)
                labels[Prefix + name] = value;
        }
    }
}
