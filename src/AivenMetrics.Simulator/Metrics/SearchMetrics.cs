namespace AivenMetrics.Simulator.Metrics;

/// <summary>OpenSearch and Elasticsearch, both as <c>elasticsearch_*</c>. Cluster metrics are equal on all nodes.</summary>
internal static class SearchMetrics
{
    private const double Gibibyte = 1L << 30;

    public static void Write(MetricsPage page)
    {
        Health(page);
        Cluster(page);
        Node(page);
    }

    private static void Health(MetricsPage page)
    {
        (string, string) name = ("name", page.Node.Service);
        var nodes = page.Node.Nodes.Count;
        var green = nodes >= page.Node.PlannedNodes;
        foreach (
            var (series, value) in new[]
            {
                ("status_code", green ? 1.0 : 2),
                ("number_of_nodes", nodes),
                ("number_of_data_nodes", nodes),
                ("active_shards", green ? 20 : 14),
                ("active_primary_shards", 10),
                ("active_shards_percent_as_number", green ? 100 : 70),
                ("unassigned_shards", green ? 0 : 6),
                ("relocating_shards", 0),
                ("initializing_shards", 0),
                ("delayed_unassigned_shards", 0),
                ("number_of_in_flight_fetch", 0),
                ("number_of_pending_tasks", Math.Max(Math.Round(page.GaugeValue("tasks", -3, 2, ofService: true)), 0)),
                ("task_max_waiting_in_queue_millis", 0),
            }
        )
        {
            page.Untyped("elasticsearch_cluster_health_" + series, value, name, ("status", green ? "green" : "yellow"));
        }
    }

    private static void Cluster(MetricsPage page)
    {
        (string, string)[] labels = [("cluster_name", page.Node.Service), ("node_name", page.Node.Host), ("status", "green")];
        var nodes = page.Node.Nodes.Count;
        foreach (
            var (series, value) in new[]
            {
                ("count", 12),
                ("docs_count", Math.Round(page.GaugeValue("docs", 1.15e6, 1.3e6, ofService: true))),
                ("docs_deleted", 812),
                ("store_size_in_bytes", page.GaugeValue("store", 4.0e9, 4.3e9, ofService: true)),
                ("shards_total", 20),
                ("query_cache_miss_count", 5121),
                ("fielddata_memory_size_in_bytes", 1.2e6),
            }
        )
        {
            page.Untyped("elasticsearch_clusterstats_indices_" + series, value, labels);
        }
        var files = Math.Round(page.GaugeValue("files", 580, 660, ofService: true));
        foreach (
            var (series, value) in new[]
            {
                ("count_total", nodes),
                ("count_data", nodes),
                ("count_master", nodes),
                ("jvm_mem_heap_used_in_bytes", nodes * Gibibyte * page.GaugeValue("heap", 0.3, 0.8, ofService: true)),
                ("jvm_mem_heap_max_in_bytes", nodes * 2 * Gibibyte),
                ("jvm_threads", nodes * 74),
                ("fs_total_in_bytes", nodes * 175 * Gibibyte),
                ("fs_free_in_bytes", nodes * 120 * Gibibyte),
                ("fs_available_in_bytes", nodes * Gibibyte * page.GaugeValue("fs", 116, 120, ofService: true)),
                ("process_cpu_percent", Math.Round(page.GaugeValue("cpu", 1, 12, ofService: true))),
                ("os_mem_used_percent", 58),
                ("os_mem_free_percent", 42),
                ("process_open_file_descriptors_avg", files),
                ("process_open_file_descriptors_min", files - 20),
                ("process_open_file_descriptors_max", files + 25),
            }
        )
        {
            page.Untyped("elasticsearch_clusterstats_nodes_" + series, value, labels);
        }
    }

    private static void Node(MetricsPage page)
    {
        (string, string)[] labels =
        [
            ("cluster_name", page.Node.Service),
            ("node_host", page.Node.Host),
            ("node_id", "id-" + page.Node.Host),
            ("node_name", page.Node.Host),
        ];
        var heap = page.GaugeValue("node_heap", 25, 75);
        foreach (
            var (series, value) in new[]
            {
                ("indices_docs_count", Math.Round(page.GaugeValue("node_docs", 390_000, 430_000))),
                ("indices_docs_deleted", 270),
                ("indices_store_size_in_bytes", page.GaugeValue("node_store", 1.3e9, 1.45e9)),
                ("indices_segments_count", Math.Round(page.GaugeValue("segments", 60, 95))),
                ("jvm_mem_heap_used_percent", heap),
                ("jvm_mem_heap_used_in_bytes", 2 * Gibibyte * heap / 100),
                ("jvm_mem_heap_max_in_bytes", 2 * Gibibyte),
                ("jvm_uptime_in_millis", Math.Floor(page.UptimeSeconds * 1000)),
                ("jvm_threads_count", 74),
                ("os_cpu_percent", page.GaugeValue("node_cpu", 2, 30)),
                ("os_cpu_load_average_1m", page.GaugeValue("load", 0.1, 1.6)),
                ("os_cpu_load_average_5m", page.GaugeValue("load5", 0.2, 1.1)),
                ("os_cpu_load_average_15m", page.GaugeValue("load15", 0.3, 0.9)),
                ("os_mem_free_percent", 42),
                ("os_mem_used_percent", 58),
                ("os_swap_total_in_bytes", Gibibyte),
                ("os_swap_used_in_bytes", 0),
                ("process_open_file_descriptors", Math.Round(page.GaugeValue("node_files", 560, 690))),
                ("process_max_file_descriptors", 65536),
                ("process_cpu_percent", Math.Round(page.GaugeValue("node_cpu", 1, 25))),
                ("fs_total_available_in_bytes", Gibibyte * page.GaugeValue("node_fs", 116, 120)),
                ("fs_total_total_in_bytes", 175 * Gibibyte),
                ("breakers_parent_tripped", 0),
                ("breakers_parent_estimated_size_in_bytes", 2 * Gibibyte * heap / 110),
            }
        )
        {
            page.Untyped("elasticsearch_" + series, value, labels);
        }
        foreach (
            var (series, perSecond) in new[]
            {
                ("indices_search_query_total", 9.0),
                ("indices_search_query_time_in_millis", 60),
                ("indices_search_fetch_total", 7),
                ("indices_indexing_index_total", 14),
                ("indices_indexing_index_time_in_millis", 40),
                ("indices_get_total", 2),
                ("indices_merges_total", 0.05),
                ("indices_refresh_total", 0.9),
                ("indices_flush_total", 0.01),
                ("indices_request_cache_hit_count", 3),
                ("indices_request_cache_miss_count", 0.4),
                ("indices_query_cache_hit_count", 2),
                ("jvm_gc_collectors_young_collection_count", 0.02),
                ("jvm_gc_collectors_young_collection_time_in_millis", 0.5),
                ("jvm_gc_collectors_old_collection_count", 0.00001),
                ("jvm_gc_collectors_old_collection_time_in_millis", 0.0004),
                ("http_total_opened", 0.6),
                ("transport_rx_count", 20),
                ("transport_tx_count", 20),
                ("transport_rx_size_in_bytes", 30_000),
                ("transport_tx_size_in_bytes", 30_000),
            }
        )
        {
            page.Untyped("elasticsearch_" + series, page.CounterValue(series, perSecond), labels);
        }
        foreach (var pool in new[] { "search", "write", "get", "management" })
        {
            page.Untyped($"elasticsearch_thread_pool_{pool}_active", Math.Max(Math.Round(page.GaugeValue(pool, -2, 3)), 0), labels);
            page.Untyped($"elasticsearch_thread_pool_{pool}_completed", page.CounterValue(pool, 8), labels);
            page.Untyped($"elasticsearch_thread_pool_{pool}_queue", 0, labels);
            page.Untyped($"elasticsearch_thread_pool_{pool}_rejected", 0, labels);
        }
    }
}
