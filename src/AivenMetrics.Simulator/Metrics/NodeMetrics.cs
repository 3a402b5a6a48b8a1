namespace AivenMetrics.Simulator.Metrics;

/// <summary>Writes a node's metrics page: the host families of all types and those of its service type.</summary>
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
                // Other types show their host only.
                break;
        }

        return page.ToString();
    }
}
