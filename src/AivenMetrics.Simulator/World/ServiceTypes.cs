using System.Text.RegularExpressions;

namespace AivenMetrics.Simulator.World;

/// <summary>A service type.</summary>
/// <param name="Name">Aiven's name of the type.</param>
/// <param name="Description">Aiven's <c>service_type_description</c>.</param>
/// <param name="Prometheus">Whether services of the type can have the <c>prometheus</c> integration.</param>
/// <param name="Standby">Whether all nodes but the first are standbys, which only have the <c>replica-</c> name.</param>
/// <param name="MoreComponents">Components in addition to the one with the name of the type.</param>
internal sealed record ServiceType(string Name, string Description, bool Prometheus, bool Standby, params string[] MoreComponents)
{
    /// <summary>Returns the number of nodes of a plan.</summary>
    public int Nodes(string plan) =>
        plan.Split('-')[0] switch
        {
            "startup" => Name is "kafka" or "cassandra" ? 3 : 1,
            "business" => Standby ? 2 : 3,
            "premium" => Standby ? 3 : 6,
            _ => 1,
        };
}

/// <summary>All service types and plans.</summary>
internal static partial class ServiceTypes
{
    /// <summary>All types, including those after their end of life.</summary>
    public static IReadOnlyDictionary<string, ServiceType> All { get; } =
        new ServiceType[]
        {
            new("cassandra", "Cassandra - Distributed NoSQL database", true, false),
            new("clickhouse", "ClickHouse - Column-oriented database", true, false),
            new("dragonfly", "Dragonfly - In-memory data store", true, true),
            new("elasticsearch", "Elasticsearch - Search and analyze", true, false, "kibana"),
            new("flink", "Flink - Stream processing", false, false),
            new("grafana", "Grafana - Metrics dashboard", false, false),
            new("influxdb", "InfluxDB - Distributed time series database", false, false),
            new("kafka", "Kafka - High-throughput distributed messaging system", true, false),
            new("kafka_connect", "Kafka Connect - Kafka connectors", true, false),
            new("kafka_mirrormaker", "Kafka MirrorMaker - Replication", true, false),
            new("m3aggregator", "M3 Aggregator", false, false),
            new("m3coordinator", "M3 Coordinator", false, false),
            new("m3db", "M3DB - Distributed time series database", false, false),
            new("mysql", "MySQL - Relational database", true, true),
            new("opensearch", "OpenSearch - Search and analyze", true, false, "opensearch_dashboards"),
            new("pg", "PostgreSQL - Object-relational database", true, true, "pgbouncer"),
            new("redis", "Redis - In-memory data structure store", true, true),
            new("thanos", "Thanos - Long-term metrics", false, false),
            new("valkey", "Valkey - In-memory data structure store", true, true),
        }.ToDictionary(type => type.Name, StringComparer.Ordinal);

    /// <summary>Sorted names of the types that can have the <c>prometheus</c> integration.</summary>
    public static IEnumerable<string> WithPrometheus => Names.Where(name => All[name].Prometheus);

    /// <summary>Sorted names of all types.</summary>
    public static IEnumerable<string> Names => All.Keys.Order(StringComparer.Ordinal);

    /// <summary>Returns whether a text is the name of a plan.</summary>
    public static bool IsPlan(string plan) => PlanName().IsMatch(plan);

    /// <summary>Returns whether a plan includes service integrations; the hobbyist, free and developer tiers do not.</summary>
    public static bool HasIntegrations(string plan) => plan.Split('-')[0] is not ("hobbyist" or "free" or "developer");

    [GeneratedRegex(@"\A(hobbyist|free|developer|startup|business|premium)(-[a-z0-9.-]{1,100})?\z")]
    private static partial Regex PlanName();
}
