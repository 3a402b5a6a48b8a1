namespace AivenMetrics.Simulator.Metrics;

/// <summary>PostgreSQL with PgBouncer: <c>postgresql_&lt;view&gt;_&lt;column&gt;</c> and <c>pgbouncer_*</c>.</summary>
internal static class PostgresMetrics
{
    public static void Write(MetricsPage page)
    {
        foreach (var database in new[] { "defaultdb", "postgres" })
        {
            Database(page, database);
        }
        foreach (var table in new[] { "orders", "customers", "events" })
        {
            Table(page, table);
        }
        foreach (
            var (column, perSecond) in new[]
            {
                ("buffers_alloc", 25.0),
                ("buffers_checkpoint", 8),
                ("buffers_clean", 1),
                ("checkpoints_timed", 0.003),
                ("checkpoints_req", 0.0005),
                ("maxwritten_clean", 0.001),
            }
        )
        {
            page.Untyped("postgresql_pg_stat_bgwriter_" + column, page.CounterValue(column, perSecond));
        }
        if (!page.Node.Standby && page.Node.Nodes.Count > 1)
        {
            Replication(page);
        }
        Pooler(page);
    }

    private static void Database(MetricsPage page, string database)
    {
        (string, string) label = ("datname", database);
        var share = database == "defaultdb" ? 1 : 0.05;
        var backends = Math.Round(page.GaugeValue("backends" + database, 3 * share, 22 * share));
        page.Untyped("postgresql_pg_stat_database_numbackends", backends, label);
        page.Untyped("postgresql_pg_stat_database_deadlocks", 0, label);
        foreach (
            var (column, perSecond) in new[]
            {
                ("xact_commit", 45.0),
                ("xact_rollback", 0.2),
                ("blks_hit", 2100),
                ("blks_read", 14),
                ("tup_returned", 900),
                ("tup_fetched", 420),
                ("tup_inserted", 12),
                ("tup_updated", 9),
                ("tup_deleted", 1),
                ("temp_bytes", 5_000),
                ("temp_files", 0.001),
                ("conflicts", 0.0001),
            }
        )
        {
            page.Untyped("postgresql_pg_stat_database_" + column, page.CounterValue(column + database, perSecond * share), label);
        }
    }

    private static void Table(MetricsPage page, string table)
    {
        (string, string) label = ("table_name", table);
        foreach (
            var (column, perSecond) in new[]
            {
                ("idx_scan", 30.0),
                ("idx_tup_fetch", 80),
                ("seq_scan", 0.02),
                ("seq_tup_read", 40),
                ("n_tup_ins", 5),
                ("n_tup_upd", 3),
                ("n_tup_del", 0.4),
            }
        )
        {
            page.Untyped("postgresql_pg_stat_user_tables_" + column, page.CounterValue(column + table, perSecond), label);
        }
        foreach (
            var (series, low, high) in new[]
            {
                ("pg_stat_user_tables_n_live_tup", 98_000.0, 120_000.0),
                ("pg_stat_user_tables_n_dead_tup", 10, 900),
                ("pg_class_pg_total_relation_size", 6.0e7, 6.4e7),
                ("pg_class_pg_table_size", 5.0e7, 5.3e7),
            }
        )
        {
            page.Untyped("postgresql_" + series, Math.Round(page.GaugeValue(series + table, low, high, ofService: true)), label);
        }
    }

    private static void Replication(MetricsPage page)
    {
        foreach (var standby in page.Node.Nodes.Where(node => node != page.Node.Host))
        {
            (string, string) label = ("application_name", standby);
            page.Untyped("postgresql_pg_stat_replication_bytes_diff", Math.Round(page.GaugeValue("lag" + standby, 0, 40_000)), label);
            page.Untyped("postgresql_pg_stat_replication_write_lag", page.GaugeValue("wlag" + standby, 0, 0.02), label);
        }
    }

    private static void Pooler(MetricsPage page)
    {
        (string, string)[] labels = [("db", "pool1"), ("instance", "pgbouncer_1")];
        page.Untyped("pgbouncer_avg_query_time", Math.Round(page.GaugeValue("avg_query", 180, 900)), labels);
        page.Untyped("pgbouncer_avg_wait_time", Math.Round(page.GaugeValue("avg_wait", 0, 40)), labels);
        page.Untyped("pgbouncer_avg_query_count", Math.Round(page.GaugeValue("avg_count", 5, 60)), labels);
        foreach (
            var (series, perSecond) in new[]
            {
                ("total_query_count", 30.0),
                ("total_query_time", 12_000),
                ("total_wait_time", 400),
                ("total_received", 9_000),
                ("total_sent", 41_000),
                ("total_xact_count", 18),
            }
        )
        {
            page.Untyped("pgbouncer_" + series, page.CounterValue(series, perSecond), labels);
        }
    }
}
