namespace AivenMetrics.Simulator.Metrics;

/// <summary>Kafka by way of JMX: <c>kafka_*</c> and <c>java_lang_*</c>; consumer groups on one node only.</summary>
internal static class KafkaMetrics
{
    private static readonly string[] Topics = ["orders", "payments", "audit"];

    public static void Write(MetricsPage page)
    {
        Broker(page);
        foreach (var topic in Topics)
        {
            Topic(page, topic);
        }
        foreach (var request in new[] { "Produce", "Fetch", "Metadata" })
        {
            (string, string) label = ("request", request);
            page.Untyped("kafka_network_RequestMetrics_RequestsPerSec_Count", page.CounterValue("requests" + request, 20), label);
            page.Untyped("kafka_network_RequestMetrics_TotalTimeMs_Mean", page.GaugeValue("mean" + request, 1, 30), label);
            page.Untyped("kafka_network_RequestMetrics_TotalTimeMs_99thPercentile", page.GaugeValue("p99" + request, 40, 510), label);
        }

        if (page.Node.IsLeader)
        {
            ConsumerGroups(page);
        }
    }

    private static void Broker(MetricsPage page)
    {
        foreach (
            var (series, value) in new[]
            {
                ("kafka_server_ReplicaManager_UnderReplicatedPartitions_Value", page.Node.Nodes.Count < page.Node.PlannedNodes ? 30.0 : 0),
                ("kafka_server_ReplicaManager_PartitionCount_Value", 90),
                ("kafka_server_ReplicaManager_LeaderCount_Value", 30),
                ("kafka_server_ReplicaManager_OfflineReplicaCount_Value", 0),
                ("kafka_server_ReplicaFetcherManager_MaxLag_Value", 0),
                ("kafka_server_KafkaRequestHandlerPool_RequestHandlerAvgIdlePercent_OneMinuteRate", page.GaugeValue("idle", 0.9, 0.99)),
                ("kafka_network_SocketServer_NetworkProcessorAvgIdlePercent_Value", page.GaugeValue("net_idle", 0.92, 0.99)),
                ("kafka_controller_KafkaController_ActiveControllerCount_Value", page.Node.IsLeader ? 1 : 0),
                ("kafka_controller_KafkaController_OfflinePartitionsCount_Value", 0),
                ("kafka_controller_ControllerStats_UncleanLeaderElectionsPerSec_Count", 0),
                ("kafka_jolokia_collector_collect_time", page.GaugeValue("collect", 0.5, 1.4)),
                ("java_lang_Memory_used", page.GaugeValue("heap", 6e8, 1.1e9)),
                ("java_lang_Memory_max", 1.6e9),
                ("java_lang_Memory_committed", 1.6e9),
                ("java_lang_Threading_ThreadCount", Math.Round(page.GaugeValue("threads", 85, 100))),
                ("java_lang_GarbageCollector_G1_Young_Generation_CollectionCount", page.CounterValue("gc", 0.03)),
                ("java_lang_GarbageCollector_G1_Young_Generation_CollectionTime", page.CounterValue("gc_time", 0.6)),
                ("java_lang_GarbageCollector_G1_Old_Generation_CollectionCount", 0),
            }
        )
        {
            page.Untyped(series, value);
        }
    }

    private static void Topic(MetricsPage page, string topic)
    {
        (string, string) label = ("topic", topic);
        foreach (
            var (series, perSecond) in new[]
            {
                ("MessagesInPerSec", 40.0),
                ("BytesInPerSec", 24_000),
                ("BytesOutPerSec", 52_000),
                ("TotalFetchRequestsPerSec", 15),
                ("TotalProduceRequestsPerSec", 11),
            }
        )
        {
            page.Untyped($"kafka_server_BrokerTopicMetrics_{series}_Count", page.CounterValue(series + topic, perSecond), label);
        }
        page.Untyped("kafka_server_BrokerTopicMetrics_FailedFetchRequestsPerSec_Count", 0, label);
        page.Untyped("kafka_server_BrokerTopicMetrics_FailedProduceRequestsPerSec_Count", 0, label);
        foreach (var partition in new[] { "0", "1", "2" })
        {
            (string, string)[] labels = [label, ("partition", partition)];
            page.Untyped("kafka_log_Log_Size_Value", Math.Round(page.GaugeValue($"size{topic}{partition}", 0.9e8, 1.2e8)), labels);
            page.Untyped("kafka_log_Log_LogEndOffset_Value", page.CounterValue($"end{topic}{partition}", 12), labels);
            page.Untyped("kafka_log_Log_NumLogSegments_Value", 4, labels);
        }
    }

    private static void ConsumerGroups(MetricsPage page)
    {
        foreach (var group in new[] { "billing", "warehouse" })
        {
            foreach (var topic in Topics)
            {
                foreach (var partition in new[] { "0", "1", "2" })
                {
                    (string, string)[] labels = [("name", group), ("partition", partition), ("topic", topic)];
                    var series = group + topic + partition;
                    page.Untyped(
                        "kafka_consumer_group_rep_lag",
                        Math.Round(page.GaugeValue("lag" + series, 0, 40, ofService: true)),
                        labels
                    );
                    page.Untyped("kafka_consumer_group_offset", page.CounterValue("offset" + series, 12), labels);
                }
            }
        }
    }
}
