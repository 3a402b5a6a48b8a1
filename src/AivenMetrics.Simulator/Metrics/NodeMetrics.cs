namespace AivenMetrics.Simulator.Metrics;

/// <summary>Renders the metrics page of a node: the metrics of the host and those of the service type.</summary>
internal sealed class NodeMetrics(int seed, TimeProvider time)
{
    public string Render(NodeDescription facts)
    {
        var page = new MetricsPage(facts, seed, time.GetUtcNow());
        HostMetrics.Write(page);
        switch (facts.ServiceType)
        {
            case "opensearch" or "elasticsearch":
                SearchMetrics.Write(page);
                break;
            case "pg":
                PostgresMetrics.Write(page);
                break;
            case "valkey" or "redis" or "dragonfly":
                ValkeyMetrics.Write(page);
                break;
            case "kafka":
                KafkaMetrics.Write(page);
                break;
            case "mysql":
                MySqlMetrics.Write(page);
                break;
            default:
                // Other types have only the metrics of the host.
                break;
        }

        return page.ToString();
    }
}
