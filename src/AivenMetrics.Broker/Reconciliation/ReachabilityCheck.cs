using System.Net;
using System.Text.Json;
using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>
/// Detects network restrictions that keep Prometheus from reaching a service: a VPC without public access, no host on the route, or an
/// <c>ip_filter</c>. Only restrictions that Aiven reports are detected. The listener drops packets instead of rejecting them, so scrapes
/// time out.
/// </summary>
internal static class ReachabilityCheck
{
    /// <summary>Returns the obstacle and how to resolve it, as a sentence; null if none is known.</summary>
    public static string? FindProblem(AivenService service, IReadOnlyList<ScrapeHostRecord> hosts, AivenOptions options)
    {
        if (options.Route == "public" && service.ProjectVpcId is { Length: > 0 } && !IsPublic(service))
        {
            return "it is in a VPC without public access to its metrics. Set public_access.prometheus of the service, or "
                + "contact the operator.";
        }
        if (hosts.Count == 0)
        {
            return $"Aiven lists no host of it on the network route that Prometheus uses ({options.Route}). Contact the operator.";
        }
        if (FilterNetworks(service) is not { } filter)
        {
            return null;
        }
        if (filter.Count == 0)
        {
            return "its ip_filter is empty. Add the networks that may connect.";
        }
        var shutOut = options
            .PrometheusAddresses.Where(address => !filter.Any(network => network.Contains(IPAddress.Parse(address))))
            .ToList();
        return shutOut.Count == 0 ? null : $"its ip_filter excludes Prometheus. Add {string.Join(" and ", shutOut)} to it.";
    }

    private static bool IsPublic(AivenService service) =>
        (
            service.UserConfig?.PublicAccess is { ValueKind: JsonValueKind.Object } access
            && access.TryGetProperty(AivenClient.PrometheusType, out var open)
            && open.ValueKind == JsonValueKind.True
        ) || (service.Components ?? []).Any(component => component.Component == AivenClient.PrometheusType && component.Route == "public");

    /// <summary>Returns the networks of the filter; null if there is no filter or it has an unknown format.</summary>
    private static List<IPNetwork>? FilterNetworks(AivenService service)
    {
        if (service.UserConfig?.IpFilter is not { ValueKind: JsonValueKind.Array } filter)
        {
            return null;
        }
        var networks = new List<IPNetwork>();
        foreach (var entry in filter.EnumerateArray())
        {
            if (ParseNetwork(NetworkText(entry)) is not { } network)
            {
                return null;
            }
            networks.Add(network);
        }

        return networks;
    }

    // Entries are strings, or objects with a description.
    private static string? NetworkText(JsonElement entry) =>
        entry.ValueKind switch
        {
            JsonValueKind.String => entry.GetString(),
            JsonValueKind.Object when entry.TryGetProperty("network", out var network) && network.ValueKind == JsonValueKind.String =>
                network.GetString(),
            _ => null,
        };

    private static IPNetwork? ParseNetwork(string? text) =>
        IPNetwork.TryParse(text, out var network) ? network
        : IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
        : null;
}
