namespace AivenMetrics.Simulator;

/// <summary>An organization of the demo platform.</summary>
/// <param name="Id">Its GUID, as in the tag <c>organization_id</c>.</param>
/// <param name="Name">Its name.</param>
public sealed record DemoOrganization(string Id, string Name);

/// <summary>A space of the demo platform.</summary>
/// <param name="Id">Its GUID, as in the tag <c>space_id</c>.</param>
/// <param name="Name">Its name.</param>
/// <param name="OrganizationId">The organization it belongs to.</param>
public sealed record DemoSpace(string Id, string Name, string OrganizationId);

/// <summary>An Aiven service of the demo project.</summary>
/// <param name="Project">The Aiven project.</param>
/// <param name="Name">The Aiven service name, <c>prod-</c> and the instance GUID.</param>
/// <param name="Type">The Aiven service type.</param>
/// <param name="Plan">The Aiven plan.</param>
/// <param name="OrganizationId">GUID of the owning organization.</param>
/// <param name="SpaceId">GUID of the owning space.</param>
/// <param name="ServiceInstanceId">The platform's GUID of the instance, as in the tag <c>service_id</c>.</param>
/// <param name="ServiceInstanceName">Name of the service instance on the platform.</param>
/// <param name="Powered">False if the service is powered off.</param>
public sealed record DemoService(
    string Project,
    string Name,
    string Type,
    string Plan,
    string OrganizationId,
    string SpaceId,
    string ServiceInstanceId,
    string ServiceInstanceName,
    bool Powered = true
);

/// <summary>
/// The demo project: two organizations, three spaces, ten services. Seven services can be scraped. The others are a hobbyist plan without
/// integrations, a powered-off service, and an InfluxDB service, whose type has no metrics.
/// </summary>
public static class DemoSeed
{
    private const string Environment = "prod";
    private static readonly DemoOrganization Tides = new("0a000000-1d1a-4a6e-9c51-2b7f00000001", "tides");
    private static readonly DemoOrganization Lamps = new("0b000000-7c2b-4f0d-8e64-5a9c00000002", "lamps");
    private static readonly DemoSpace Forecast = new("a1000000-3f5e-4b7a-9d21-6c8e00000011", "forecast", Tides.Id);
    private static readonly DemoSpace Website = new("a2000000-5e7c-4d9b-8f43-7dae00000012", "website", Tides.Id);
    private static readonly DemoSpace Beacons = new("b1000000-9b1d-4e3c-a265-8fc000000021", "beacons", Lamps.Id);

    /// <summary>The two organizations.</summary>
    public static IReadOnlyList<DemoOrganization> Organizations { get; } = [Tides, Lamps];

    /// <summary>The three spaces: two of the first organization, one of the second.</summary>
    public static IReadOnlyList<DemoSpace> Spaces { get; } = [Forecast, Website, Beacons];

    /// <summary>Returns the ten services of the project.</summary>
    public static IReadOnlyList<DemoService> Services(string project) =>
        [
            Service(project, Forecast, "5ea4c400-0001-4a10-8b01-00000000a101", "opensearch", "business-4", "forecast-search"),
            Service(project, Forecast, "da7aba5e-0002-4a10-8b02-00000000a102", "pg", "business-4", "forecast-db"),
            Service(project, Forecast, "cac4e000-0003-4a10-8b03-00000000a103", "valkey", "business-4", "forecast-cache"),
            Service(project, Forecast, "da7aba5e-0004-4a10-8b04-00000000a104", "pg", "hobbyist", "forecast-scratch"),
            Service(project, Website, "0e7e4700-0005-4a10-8b05-00000000a205", "kafka", "business-4", "website-events"),
            Service(project, Website, "5a1e5db0-0006-4a10-8b06-00000000a206", "mysql", "startup-4", "website-db"),
            Service(project, Website, "1f1c0000-0007-4a10-8b07-00000000a207", "influxdb", "startup-4", "website-history"),
            Service(project, Beacons, "5ea4c400-0008-4a10-8b08-00000000b108", "opensearch", "business-4", "beacons-search"),
            Service(project, Beacons, "da7aba5e-0009-4a10-8b09-00000000b109", "pg", "startup-4", "beacons-db"),
            Service(project, Beacons, "5a1e5db0-0010-4a10-8b10-00000000b110", "mysql", "startup-4", "beacons-old-db") with
            {
                Powered = false,
            },
        ];

    /// <summary>Returns the tags that the platform's Aiven broker writes on a service.</summary>
    public static IReadOnlyDictionary<string, string> Tags(DemoService service) =>
        new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["broker_name"] = "aiven-broker",
            ["deploy_env"] = Environment,
            ["organization_id"] = service.OrganizationId,
            ["plan_id"] = "91a40000-6d1f-4c52-b7a0-" + (service.Type + service.Plan).Length.ToString("x12", null),
            ["restored_from_backup"] = "false",
            ["restored_from_service"] = "",
            ["restored_from_time"] = "0001-01-01T00:00:00Z",
            ["service_id"] = service.ServiceInstanceId,
            ["space_id"] = service.SpaceId,
        };

    private static DemoService Service(string project, DemoSpace space, string id, string type, string plan, string name) =>
        new(project, $"{Environment}-{id}", type, plan, space.OrganizationId, space.Id, id, name);
}
