using AivenMetrics.Simulator;

namespace AivenMetrics.Acceptance.Support;

/// <summary>The services of the simulator's demo seed, by the names that its tenants use.</summary>
internal static class SeededServices
{
    /// <summary>OpenSearch, PostgreSQL and Valkey that can be scraped, and a PostgreSQL on a plan without integrations.</summary>
    public static DemoSpace Forecast { get; } = Space("forecast");

    /// <summary>Of the same organization: Kafka and MySQL that can be scraped, and an InfluxDB that cannot.</summary>
    public static DemoSpace Website { get; } = Space("website");

    /// <summary>Of another organization: OpenSearch and PostgreSQL, and a MySQL that is powered off.</summary>
    public static DemoSpace Beacons { get; } = Space("beacons");

    public static DemoService Service(string name) => DemoSeed.Services("demo").Single(service => service.ServiceInstanceName == name);

    /// <summary>The services of a space whose metrics can be scraped.</summary>
    public static DemoService[] Scraped(DemoSpace space) =>
        [
            .. DemoSeed
                .Services("demo")
                .Where(service =>
                    service.SpaceId == space.Id && service.Powered && service.Type != "influxdb" && service.Plan != "hobbyist"
                ),
        ];

    private static DemoSpace Space(string name) => DemoSeed.Spaces.Single(space => space.Name == name);
}
