namespace AivenMetrics.Benchmarks;

/// <summary>Thirty queries as dashboards and alerts ask them, from 20 characters to 10 KB.</summary>
internal static class DashboardQueries
{
    /// <summary>Exactly 200 characters: the size that the aim of 5 µs is about.</summary>
    public const string TwoHundredCharacters =
        "sum by (aiven_service_name, instance) (rate(http_request_duration_seconds_count{job=\"api\",code=~\"5..\"}[5m])) "
        + "/ ignoring (code) sum by (aiven_service_name) (rate(http_request_total{job=\"api\"}[5m])) > 0";

    public static IReadOnlyList<string> All { get; } =
    [
        "up{job=\"aiven\"} == 0",
        "pg_up{instance=~\"a\"}",
        "sum(rate(cpu_usage_user[5m]))",
        "avg by (host) (system_load1)",
        "100 - cpu_usage_idle{cpu=\"cpu-total\"}",
        "mem_used_percent{aiven_service_name=\"$service\"}",
        "disk_used{path=\"/\"} / disk_total{path=\"/\"} * 100",
        "irate(net_bytes_recv{interface!=\"lo\"}[1m]) * 8",
        "topk(5, sum by (aiven_service_name) (rate(net_bytes_sent[5m])))",
        "increase(kafka_server_BrokerTopicMetrics_MessagesInPerSec_Count[1h])",
        "max_over_time(redis_used_memory{aiven_service_type=\"valkey\"}[1d] offset 1w)",
        "predict_linear(disk_free{path=\"/\"}[6h], 4 * 24 * 3600) < 0",
        "histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))",
        "sum by (datname) (pg_stat_database_xact_commit) + sum by (datname) (pg_stat_database_xact_rollback)",
        "elasticsearch_cluster_health_status{color=\"red\"} == 1 or elasticsearch_cluster_health_status{color=\"yellow\"} == 1",
        "avg_over_time((sum by (instance) (rate(cpu_usage_system[5m])) > 0.5)[1h:1m])",
        "label_replace(up, \"host\", \"$1\", \"instance\", \"([^:]+):.*\") * on (host) group_left (plan) aiven_service_info",
        "absent(up{aiven_service_name=\"pg-orders\"}) or up{aiven_service_name=\"pg-orders\"} == 0",
        TwoHundredCharacters,
        "sum without (instance, cpu) (rate(cpu_usage_user{cpu!=\"cpu-total\",host=~\"pg-.*\"}[5m])) "
            + "/ count without (instance, cpu) (cpu_usage_user{cpu!=\"cpu-total\",host=~\"pg-.*\"})",
        "quantile by (aiven_cloud) (0.99, rate(kafka_network_RequestMetrics_TotalTimeMs_Mean{request=\"Produce\"}[5m])) "
            + "unless on (aiven_cloud) (maintenance{state=\"active\"} offset 5m)",
        "clamp_max(sum by (topic) (kafka_log_Log_Size_Value{topic!~\"__.*\"}) / scalar(sum(disk_total{path=\"/srv\"})), 1)",
        "(node_memory_MemTotal_bytes - node_memory_MemFree_bytes - node_memory_Cached_bytes - node_memory_Buffers_bytes) "
            + "/ node_memory_MemTotal_bytes * 100 > bool 90",
        "sum by (job, code) (rate(http_requests_total{code!~\"2..\"}[5m])) # errors\n"
            + "/ on (job) group_left () \nsum by (job) (rate(http_requests_total[5m]))",
        "count_values by (aiven_service_type) (\"version\", aiven_service_info @ end())",
        "delta(pg_database_size_bytes{datname!~\"template.*|postgres\"}[1d] offset -1h) / 1024 ^ 3",
        "day_of_week() > 0 and day_of_week() < 6 and on () vector(1) * hour() >= 8",
        Union(5),
        Union(25),
        Union(80),
    ];

    public static string TenKilobytes => All[^1];

    /// <summary>What a generated dashboard makes of many services: one expression for each, joined by or.</summary>
    private static string Union(int services) =>
        string.Join(
            "\n or ",
            Enumerable
                .Range(1, services)
                .Select(i =>
                    $"sum by (instance) (rate(pg_stat_database_tup_returned"
                    + $"{{aiven_service_name=\"pg-orders-{i:000}\",datname!~\"template.*\"}}[5m])) > {i}.5"
                )
        );
}
