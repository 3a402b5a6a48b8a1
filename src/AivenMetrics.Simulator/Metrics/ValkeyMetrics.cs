namespace AivenMetrics.Simulator.Metrics;

/// <summary>Valkey, Redis and Dragonfly, all as <c>redis_*</c>.</summary>
internal static class ValkeyMetrics
{
    public static void Write(MetricsPage page)
    {
        var role = page.Node.Standby ? "slave" : "master";
        (string, string)[] labels = [("port", "6379"), ("replication_role", role), ("server", "localhost")];
        var used = page.GaugeValue("used", 2.9e7, 4.4e7);
        var (hits, misses) = (page.CounterValue("hits", 60), page.CounterValue("misses", 0.4));
        foreach (
            var (series, value) in new[]
            {
                ("clients", Math.Round(page.GaugeValue("clients", 8, 30))),
                ("blocked_clients", 0),
                ("maxclients", 10000),
                ("used_memory", Math.Round(used)),
                ("used_memory_rss", Math.Round(used * 1.2)),
                ("used_memory_peak", 5e7),
                ("used_memory_lua", 31744),
                ("maxmemory", 7e8),
                ("mem_fragmentation_ratio", 1.2),
                ("connected_slaves", page.Node.Standby ? 0 : page.Node.Nodes.Count - 1),
                ("keyspace_hits", hits),
                ("keyspace_misses", misses),
                ("keyspace_hitrate", hits + misses > 0 ? hits / (hits + misses) : 0),
                ("evicted_keys", 0),
                ("expired_keys", page.CounterValue("expired", 0.3)),
                ("rejected_connections", 0),
                ("instantaneous_ops_per_sec", Math.Round(page.GaugeValue("ops", 40, 190))),
                ("instantaneous_input_kbps", page.GaugeValue("input", 4, 20)),
                ("instantaneous_output_kbps", page.GaugeValue("output", 9, 70)),
                ("total_commands_processed", page.CounterValue("commands", 110)),
                ("total_connections_received", page.CounterValue("connections", 0.4)),
                ("total_net_input_bytes", page.CounterValue("net_in", 9_000)),
                ("total_net_output_bytes", page.CounterValue("net_out", 40_000)),
                ("uptime", Math.Floor(page.UptimeSeconds)),
                ("used_cpu_sys", page.CounterValue("cpu_sys", 0.02)),
                ("used_cpu_user", page.CounterValue("cpu_user", 0.04)),
                ("rdb_changes_since_last_save", Math.Round(page.GaugeValue("changes", 0, 700))),
                ("loading", 0),
                ("pubsub_channels", 2),
                ("slowlog_len", 0),
            }
        )
        {
            page.Untyped("redis_" + series, value, labels);
        }
        foreach (var database in new[] { "db0", "db1" })
        {
            foreach (var (series, low, high) in new[] { ("keys", 3900.0, 4600.0), ("expires", 900, 1400), ("avg_ttl", 3e5, 5e5) })
            {
                var value = Math.Round(page.GaugeValue(series + database, low, high, ofService: true));
                page.Untyped("redis_keyspace_" + series, value, [.. labels, ("database", database)]);
            }
        }
    }
}
