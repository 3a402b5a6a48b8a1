namespace AivenMetrics.Simulator.Metrics;

/// <summary>MySQL: <c>mysql_*</c>.</summary>
internal static class MySqlMetrics
{
    public static void Write(MetricsPage page)
    {
        var server = ("server", "localhost:3306");
        foreach (
            var (series, value) in new[]
            {
                ("threads_connected", Math.Round(page.GaugeValue("connected", 4, 24))),
                ("threads_running", Math.Round(page.GaugeValue("running", 1, 5))),
                ("threads_cached", 6),
                ("max_used_connections", 31),
                ("open_tables", Math.Round(page.GaugeValue("tables", 180, 240))),
                ("open_files", 24),
                ("uptime", Math.Floor(page.UptimeSeconds)),
                ("innodb_row_lock_waits", 0),
                ("innodb_row_lock_current_waits", 0),
                ("innodb_buffer_pool_pages_total", 131072),
                ("innodb_buffer_pool_pages_free", Math.Round(page.GaugeValue("pages", 20_000, 34_000))),
                ("innodb_buffer_pool_bytes_data", Math.Round(page.GaugeValue("pool", 1.4e9, 1.6e9))),
            }
        )
        {
            page.Untyped("mysql_" + series, value, server);
        }
        foreach (
            var (series, perSecond) in new[]
            {
                ("questions", 55.0),
                ("queries", 60),
                ("slow_queries", 0.001),
                ("connections", 0.3),
                ("aborted_connects", 0.0002),
                ("aborted_clients", 0.0003),
                ("threads_created", 0.002),
                ("bytes_received", 12_000),
                ("bytes_sent", 90_000),
                ("com_select", 40),
                ("com_insert", 6),
                ("com_update", 4),
                ("com_delete", 0.5),
                ("handler_read_first", 0.02),
                ("handler_read_key", 300),
                ("handler_read_next", 500),
                ("handler_read_rnd_next", 120),
                ("handler_write", 20),
                ("innodb_buffer_pool_read_requests", 2400),
                ("innodb_buffer_pool_reads", 0.4),
                ("innodb_data_reads", 1),
                ("innodb_data_writes", 9),
                ("innodb_rows_read", 800),
                ("innodb_rows_inserted", 6),
                ("innodb_rows_updated", 4),
                ("innodb_rows_deleted", 0.5),
                ("sort_rows", 60),
                ("table_locks_immediate", 2),
                ("created_tmp_tables", 0.7),
                ("created_tmp_disk_tables", 0.01),
            }
        )
        {
            page.Untyped("mysql_" + series, page.CounterValue(series, perSecond), server);
        }
        foreach (var table in new[] { "pages", "visits" })
        {
            foreach (var operation in new[] { "fetch", "insert", "update", "delete" })
            {
                (string, string)[] labels = [("name", table), ("schema", "app"), server];
                var waits = page.CounterValue(operation + table, 6);
                page.Untyped($"mysql_perf_schema_table_io_waits_total_{operation}", waits, labels);
                page.Untyped($"mysql_perf_schema_table_io_waits_seconds_total_{operation}", waits * 0.0001, labels);
            }
        }
    }
}
